"""End of turn from sound with smart-turn v3.2 (BSD-2-Clause, Daily): has the speaker finished?

The model hears the last eight seconds of the user's turn, mostly prosody. Ask it once, with about 200 ms of
silence at the end: on longer silence it leans towards "finished". It takes some 50 ms of one core, off the
event loop.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from antiphon.models import locate
from antiphon.services.base import Audio, TurnPrediction
from antiphon.services.local.arrays import Floats, as_floats
from antiphon.services.local.intake import mono, resampled
from antiphon.services.local.log_mel import RATE, last_seconds, log_mel, normalised
from antiphon.services.local.onnx import Model, open_model
from antiphon.services.local.workers import urgent_lane

SECONDS = 8


def features(samples: Floats) -> Floats:
    """The model's input for n samples at 16 kHz in -1..1: log-mel [80, 800] of the last eight seconds.

    A shorter turn has zeros before it; mean and variance are taken over all eight seconds.
    """
    return log_mel(normalised(last_seconds(samples, SECONDS)))


class SmartTurn:
    """The end-of-turn model (`antiphon.services.base.TurnModel`); one may serve any number of sessions.

    `path` is a smart-turn v3 ONNX file; without it the model comes from `antiphon.models`,
    which raises `antiphon.models.ModelError` when it is not on this machine.
    """

    def __init__(self, path: Path | str | None = None) -> None:
        self._path = (
            Path(path) if path is not None else locate("smart-turn-v3.2") / "smart-turn-v3.2-cpu.onnx"
        )
        self._model: Model | None = None

    async def predict(self, turn: Audio) -> TurnPrediction:
        """Judge the user's turn so far, any rate and channels, with about 200 ms of silence at its end.

        Raises `ServiceError` for bytes that are not whole samples and when the model cannot be opened.
        """
        loop = asyncio.get_running_loop()
        return TurnPrediction(await loop.run_in_executor(urgent_lane(), self._judge, turn))

    async def warm(self) -> None:
        """Load the model off the event loop and run it once."""
        await self.predict(Audio(bytes(2 * RATE), RATE))

    def _judge(self, turn: Audio) -> float:
        samples = as_floats(resampled(mono(_tail(turn)), turn.rate, RATE))
        [probability] = self._load().run({"input_features": features(samples)[None]})
        return float(probability.item())

    def _load(self) -> Model:
        if self._model is None:
            self._model = open_model(self._path)
        return self._model


def _tail(turn: Audio) -> Audio:
    """The last eight seconds, so that no more than those are resampled."""
    size = SECONDS * turn.rate * turn.channels * 2
    return turn if len(turn.pcm) <= size else Audio(turn.pcm[-size:], turn.rate, turn.channels)
