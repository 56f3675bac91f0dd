"""An end-of-turn model that reads tags, or follows a script."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from antiphon.services.base import Audio, TurnPrediction
from antiphon.testing.delays import Delay, seconds
from antiphon.testing.scripted import Scripted, unused_delays
from antiphon.testing.tagged import decode, text_of

FINISHED = 0.95
UNFINISHED = 0.05


def by_punctuation(said: str) -> float:
    """Finished if the last word ends with a full stop, a question mark or an exclamation mark."""
    return FINISHED if said.endswith((".", "?", "!")) else UNFINISHED


class FakeTurnModel(Scripted):
    """A TurnModel service: each prediction takes `delay` seconds.

    With a `script`, it gives those probabilities one after the other; otherwise it applies `rule` to the
    words that are in the sound it was given. `turns` keeps those words.
    """

    def __init__(
        self,
        script: Sequence[float] | None = None,
        *,
        rule: Callable[[str], float] = by_punctuation,
        delay: Delay = 0.05,
    ) -> None:
        self.turns: list[str] = []
        self._script = None if script is None else list(script)
        self._rule = rule
        self._delay = delay

    async def predict(self, turn: Audio) -> TurnPrediction:
        """Judge the sound. Raises AssertionError when the script is at its end."""
        said = text_of(decode(turn.pcm, turn.rate))
        self.turns.append(said)
        await asyncio.sleep(seconds(self._delay))
        if self._script is None:
            return TurnPrediction(self._rule(said))
        if not self._script:
            raise AssertionError(f"no prediction was scripted for {said!r}")
        return TurnPrediction(self._script.pop(0))

    def unused(self) -> list[str]:
        left = [f"{len(self._script)} predictions were not used"] if self._script else []
        return left + unused_delays(self._delay)
