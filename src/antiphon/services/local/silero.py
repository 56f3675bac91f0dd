"""Voice activity with Silero VAD v6 (MIT licence): is this window speech?

One `SileroVAD` per audio stream holds that stream's memory; the model itself is loaded once per process. A
window costs about a tenth of a millisecond, so it runs on the event loop. Many streams can be judged in one
run by stacking their memories as rows, see `step`.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import NamedTuple

import numpy as np

from antiphon.models import locate
from antiphon.services.base import ServiceError
from antiphon.services.local.arrays import Floats, as_floats
from antiphon.services.local.onnx import Model, open_model
from antiphon.services.local.workers import urgent_lane

RATE = 16_000
WINDOW = 512
_CONTEXT = 64
_RATE_INPUT = np.array(RATE, np.int64)


class Memory(NamedTuple):
    """What the model remembers of n streams: `state` [2, n, 128]; `context` [n, 64], their last samples."""

    state: Floats
    context: Floats

    @classmethod
    def fresh(cls, streams: int = 1) -> Memory:
        return cls(np.zeros((2, streams, 128), np.float32), np.zeros((streams, _CONTEXT), np.float32))


def step(model: Model, windows: Floats, memory: Memory) -> tuple[Floats, Memory]:
    """Judge the next window of each stream: `windows` is [n, 512] in -1..1; gives [n] probabilities."""
    rows = np.concatenate([memory.context, windows], axis=1)
    feeds = {"input": rows, "state": memory.state, "sr": _RATE_INPUT}
    probabilities, state = model.run(feeds, ("output", "stateN"))
    return probabilities[:, 0], Memory(state, rows[:, -_CONTEXT:])


class SileroVAD:
    """The voice activity detector of one audio stream (`antiphon.services.base.VAD`).

    `path` is a Silero VAD v6 ONNX file; without it the model comes from `antiphon.models`,
    which raises `antiphon.models.ModelError` when it is not on this machine.
    """

    rate = RATE
    window = WINDOW

    def __init__(self, path: Path | str | None = None) -> None:
        self._path = Path(path) if path is not None else locate("silero-vad") / "silero_vad_op18_ifless.onnx"
        self._model: Model | None = None
        self._memory = Memory.fresh()

    def probability(self, pcm: bytes) -> float:
        """How likely the next window, 512 samples of mono s16le at 16 kHz, holds speech (0 to 1).

        Raises `ServiceError` for a window of another size and when the model cannot be opened.
        """
        if len(pcm) != 2 * WINDOW:
            raise ServiceError(
                f"Silero VAD wants windows of {WINDOW} samples ({2 * WINDOW} bytes), not {len(pcm)} bytes."
            )
        samples = as_floats(np.frombuffer(pcm, np.int16))[None]
        probabilities, self._memory = step(self._load(), samples, self._memory)
        return float(probabilities[0])

    def reset(self) -> None:
        """Forget the stream so far."""
        self._memory = Memory.fresh()

    async def warm(self) -> None:
        """Load the model off the event loop and run it once."""
        await asyncio.get_running_loop().run_in_executor(urgent_lane(), self._warm)

    def _warm(self) -> None:
        step(self._load(), np.zeros((1, WINDOW), np.float32), Memory.fresh())

    def _load(self) -> Model:
        if self._model is None:
            self._model = open_model(self._path)
        return self._model
