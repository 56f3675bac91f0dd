"""The one typed seam around onnxruntime: how models are opened, shared, run and aborted.

Every model of the local services is opened once per process, with one policy: CPU, one thread (two were
slower for models of this size, and calls in parallel use the cores better). An open model holds no state
between runs and may be run from several threads at once; state of a stream belongs to whoever owns the
stream. Without onnxruntime installed everything here raises one `ServiceError` that says what to install.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol, cast

from antiphon.services.base import ServiceError
from antiphon.services.local.abort import Abort, Aborted
from antiphon.services.local.arrays import Array


class _RunOptions(Protocol):
    terminate: bool


class _Node(Protocol):
    name: str
    shape: list[int | str | None]


class _Session(Protocol):
    def run(
        self, outputs: Sequence[str] | None, feeds: Mapping[str, Array], options: _RunOptions | None
    ) -> list[Array]: ...
    def get_inputs(self) -> list[_Node]: ...
    def get_outputs(self) -> list[_Node]: ...


class Model:
    """An open ONNX (or ORT) model. `inputs` maps each input's name to its shape."""

    def __init__(self, session: _Session, name: str) -> None:
        self._session = session
        self.name = name
        self.inputs = {node.name: node.shape for node in session.get_inputs()}
        self.outputs = [node.name for node in session.get_outputs()]

    def run(
        self, feeds: Mapping[str, Array], outputs: Sequence[str] | None = None, abort: Abort | None = None
    ) -> list[Array]:
        """Run once and give the named outputs, or all of them in the order of `outputs`.

        Raises `Aborted` when `abort` was requested before or meanwhile, and `ServiceError` when onnxruntime
        refuses the input. onnxruntime heeds an abort between two operators, so within milliseconds.
        """
        options = cast(_RunOptions, _runtime().RunOptions())
        if abort is not None:
            abort.check()
            abort.watch(lambda: setattr(options, "terminate", True))
        try:
            return self._session.run(outputs, feeds, options)
        except Exception as error:  # onnxruntime's exceptions share no base class
            if abort is not None and abort.requested:
                raise Aborted from None
            raise ServiceError(f"The model {self.name} failed: {error}") from error


def open_model(path: Path) -> Model:
    """The model in this file, loaded at most once per process. Safe from any thread.

    Raises `ServiceError` if onnxruntime is not installed or the file is missing or damaged.
    """
    with _opening:
        return _open(path.resolve())


_opening = threading.Lock()


@cache
def _open(path: Path) -> Model:
    runtime = _runtime()
    if not path.is_file():
        raise ServiceError(f"There is no model file at {path}; give the folder that holds it.", fatal=True)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ServiceError(f"The model file {path} cannot be opened: {error}", fatal=True) from error
    return Model(cast(_Session, session), path.name)


def _runtime() -> Any:
    try:
        return importlib.import_module("onnxruntime")
    except ImportError as error:
        raise ServiceError(
            "The local models need onnxruntime: pip install 'antiphon[local]'", fatal=True
        ) from error
