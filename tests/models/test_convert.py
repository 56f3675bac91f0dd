"""The conversion of Moonshine, with the real model: what comes out runs and agrees with what went in."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from antiphon.models import locate, manifest
from antiphon.models.convert import CONVERTED_FILES, convert_moonshine

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("converted")
    handlers = list(logging.getLogger().handlers)
    convert_moonshine(locate("moonshine-base-en"), folder)
    assert logging.getLogger().handlers == handlers
    return folder


def test_only_the_results_are_left(converted: Path) -> None:
    assert {path.name for path in converted.iterdir()} == set(CONVERTED_FILES)


def test_hidden_states_stay_close_to_those_of_the_published_model(converted: Path) -> None:
    import numpy as np

    sound = np.random.default_rng(1).normal(0, 0.05, (1, 32_000)).astype(np.float32)
    mask = np.ones((1, 32_000), np.int64)
    before = run(locate("moonshine-base-en") / "encoder_model.ort", input_values=sound, attention_mask=mask)[
        0
    ]
    after = run(converted / "encoder.onnx", input_values=sound)[0]
    assert after.shape == before.shape
    similarity = (before * after).sum() / (np.linalg.norm(before) * np.linalg.norm(after))
    assert similarity > 0.98


def test_a_file_that_was_made_is_written_down(converted: Path, tmp_path: Path) -> None:
    from antiphon.models import REGISTRY

    made = manifest.record(converted, CONVERTED_FILES, REGISTRY["moonshine-base-en"].files)
    assert manifest.read(converted) == made
    assert {file.name for file in made.files} == set(CONVERTED_FILES)


def run(path: Path, **inputs: Any) -> Any:
    """Run a model on those of `inputs` that it has."""
    from importlib import import_module

    onnxruntime: Any = import_module("onnxruntime")
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    wanted = {each.name for each in session.get_inputs()}
    return session.run(None, {name: value for name, value in inputs.items() if name in wanted})
