"""Which of several services is asked first, and which rest after a failure. Pure: the time is given."""

from __future__ import annotations

import math


class Reserves:
    """Services by number, in the order of preference. Times are seconds of the event loop.

    One that has failed rests for `rest` seconds, or for ever where trying again is pointless. After its rest
    it takes its old place, so the next request is the probe, with the others behind it.
    """

    def __init__(self, count: int, rest: float) -> None:
        self._rest = rest
        self._until = [-math.inf] * count

    def order(self, now: float) -> list[int]:
        """Whom to ask, one after the other. Those that rest come last: they are better than nobody."""
        rested = [until if until > now else -math.inf for until in self._until]
        return sorted(range(len(rested)), key=lambda number: (rested[number], number))

    def rests(self, number: int, now: float) -> bool:
        return self._until[number] > now

    @property
    def hopeless(self) -> bool:
        """Whether all rest for ever."""
        return all(until == math.inf for until in self._until)

    def failed(self, number: int, now: float, *, fatal: bool = False) -> None:
        """It rests from now on."""
        self._until[number] = math.inf if fatal else now + self._rest

    def worked(self, number: int) -> None:
        """It need not rest."""
        self._until[number] = -math.inf
