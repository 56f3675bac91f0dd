"""Services for a run that goes another way than the recorded one: what was recorded, when it is asked for.

A recorded call is found by its request (the user's words for a language model, the text for a voice), or by
its time where requests have no words (an end-of-turn model). It is played with its own delays. A voice that
never said a text gives silence of its estimated length; a model that was never asked gives the answer that it
gave next. Such guesses are counted. A call that was cut short when it was recorded ends where it was cut.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from antiphon.record.listener import PRIME, WARM
from antiphon.record.records import AnyRecord, Called, Finished, Gave, fields_of
from antiphon.services.base import Audio
from antiphon.text.timing import estimate

TYPICAL_DELAY = 0.2
"""Seconds until a guessed voice gives its first sound."""


class RecordedCall(msgspec.Struct):
    """One call of a service and all that it gave."""

    called: Called
    results: list[Gave | Finished]
    used: bool = False

    @property
    def whole(self) -> bool:
        """Whether it came to its end."""
        return bool(self.results) and isinstance(self.results[-1], Finished)


class Library:
    """The recorded calls, by processor."""

    def __init__(self, records: Sequence[AnyRecord]) -> None:
        calls: dict[int, RecordedCall] = {}
        for record in records:
            if isinstance(record, Called) and record.request not in (WARM, PRIME):
                calls[record.call] = RecordedCall(record, [])
            elif isinstance(record, Gave | Finished) and record.call in calls:
                calls[record.call].results.append(record)
        self._parts: dict[int, list[RecordedCall]] = {}
        for call in calls.values():
            self._parts.setdefault(call.called.part, []).append(call)

    def find(self, part: int, request: str, now: float) -> RecordedCall | None:
        """The call with this request: rather a whole one, rather an unused one, rather one near in time."""
        fitting = [call for call in self._parts.get(part, ()) if call.called.request == request]
        if not fitting:
            return None
        return min(fitting, key=lambda call: (not call.whole, call.used, abs(call.called.at - now)))

    def any(self, part: int) -> RecordedCall | None:
        """A call for a request that was never made: the first unused one, else the last."""
        calls = self._parts.get(part, [])
        return next((call for call in calls if not call.used), calls[-1] if calls else None)


class _Playing(NamedTuple):
    """A call under way: when it began, and what is still to come, by the time since then."""

    began: float
    left: list[tuple[float, Gave | Finished]]


class Guesser:
    """The player of one processor's service. `voice` is the rate of its sound if it is a voice."""

    def __init__(self, library: Library, part: int, voice: int | None) -> None:
        self.guessed = 0
        self._library = library
        self._part = part
        self._voice = voice

    def begin(self, request: str) -> _Playing | None:
        if request in (WARM, PRIME):
            return None
        now = asyncio.get_running_loop().time()
        call = self._library.find(self._part, request, now)
        if call is None:
            self.guessed += 1
            if self._voice is not None:
                return _Playing(now, _silence(request, self._voice))
            call = self._library.any(self._part)
        if call is None:
            return _Playing(now, [])
        call.used = True
        return _Playing(now, [(result.at - call.called.at, result) for result in call.results])

    async def leave(self, call: _Playing | None) -> None:
        """Nothing is to be waited for."""

    def progressing(self, call: _Playing | None, tell: Callable[[str], object]) -> None:
        """What a tool tells on its way is not repeated."""

    async def next(self, call: _Playing) -> Gave | Finished:
        loop = asyncio.get_running_loop()
        if not call.left:
            return Finished(loop.time(), 0)
        delay, result = call.left.pop(0)
        if (wait := call.began + delay - loop.time()) > 0:
            await asyncio.sleep(wait)
        return result

    def probability(self) -> float:
        """A detector's probabilities are known by their time, not guessed."""
        return 0.0

    def refusal(self) -> str:
        """A service that is not asked takes all settings."""
        return ""


def _silence(text: str, rate: int) -> list[tuple[float, Gave | Finished]]:
    spans = estimate(text.split(), None)
    samples = round(rate * (spans[-1][1] if spans else 0.0))
    sound = fields_of(Audio(bytes(2 * samples), rate))
    return [(TYPICAL_DELAY, Gave(0.0, 0, "Audio", sound))]
