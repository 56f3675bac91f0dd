"""The seam around onnxruntime, with a model of one operator."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from antiphon.services.base import ServiceError
from antiphon.services.local.abort import Abort, Aborted
from antiphon.services.local.onnx import open_model


@pytest.fixture
def doubling(tmp_path: Path) -> Path:
    """A model file that adds its input to itself."""
    onnx: Any = import_module("onnx")
    make: Callable[..., Any] = onnx.helper.make_tensor_value_info
    node = onnx.helper.make_node("Add", ["x", "x"], ["twice"])
    sound = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        [node], "doubling", [make("x", sound, [None, 3])], [make("twice", sound, [None, 3])]
    )
    opset = onnx.helper.make_opsetid("", 17)
    path = tmp_path / "doubling.onnx"
    onnx.save(onnx.helper.make_model(graph, opset_imports=[opset], ir_version=8), path)
    return path


ONES = np.ones((1, 3), np.float32)


def test_a_model_says_what_it_takes_and_gives(doubling: Path) -> None:
    model = open_model(doubling)
    assert list(model.inputs) == ["x"]
    assert model.inputs["x"][1] == 3
    assert model.outputs == ["twice"]
    assert model.run({"x": ONES}, ["twice"])[0].tolist() == [[2, 2, 2]]
    assert model.run({"x": ONES}, abort=Abort())[0].tolist() == [[2, 2, 2]]


def test_a_file_is_opened_once_by_any_of_its_names(doubling: Path) -> None:
    assert open_model(doubling) is open_model(doubling.parent / "." / doubling.name)


def test_after_a_request_to_stop_nothing_is_run(doubling: Path) -> None:
    abort = Abort()
    abort.request()
    with pytest.raises(Aborted):
        open_model(doubling).run({"x": ONES}, abort=abort)


def test_input_of_a_wrong_shape_names_the_model(doubling: Path) -> None:
    with pytest.raises(ServiceError, match=r"doubling\.onnx failed"):
        open_model(doubling).run({"x": np.ones((1, 4), np.float32)})


def test_a_missing_or_damaged_file_is_told_kindly(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="no model file"):
        open_model(tmp_path / "none.onnx")
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(b"not a model")
    with pytest.raises(ServiceError, match="cannot be opened"):
        open_model(damaged)


def test_without_onnxruntime_the_error_says_what_to_install(
    doubling: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ServiceError, match=r"pip install 'antiphon\[local\]'"):
        open_model(doubling)
