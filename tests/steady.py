"""Whether the machine stood still while something was measured in real time, and another try if it did.

Most tests count packets and need none of this. It is for what is only true of a machine that runs: a
latency, the length of a silence. `Heartbeat` says for how long the machine stood still, so that a bound may
be wider by that; `steadily` makes a failed try again if it did.

The beats are those of a thread, not of a task: code that blocks the event loop stops its tasks and would be
forgiven what the test is there to find. Such code lets other threads run; a machine that stands still does
not.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import pytest

from antiphon.clock import perf_seconds

BEAT = 0.01
LATE = 0.02
"""Seconds by which a beat may be late on a machine that runs."""

T = TypeVar("T")


class Heartbeat:
    """Beats while it is entered. Its figures hold at any time, also just after the machine has gone on."""

    def __init__(self) -> None:
        self._stands: list[float] = []
        self._last = perf_seconds()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._last = perf_seconds()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._note()

    @property
    def still(self) -> float:
        """For how many seconds in all."""
        self._note()
        return sum(self._stands)

    @property
    def longest(self) -> float:
        """For how many seconds at a time, at most."""
        self._note()
        return max(self._stands, default=0.0)

    def _beat(self) -> None:
        while not self._over.wait(BEAT):
            self._note()

    def _note(self) -> None:
        with self._lock:
            now = perf_seconds()
            late, self._last = now - self._last - BEAT, now
            if late > LATE:
                self._stands.append(late)


def steadily(attempt: Callable[[], T], *, most: float = 0.05, tries: int = 8) -> T:
    """What an attempt returns. One that fails is made again if the machine stood still for more than `most`.

    Skips the test if it did in each of the tries: then nothing has been found out.
    """
    for number in range(1, tries + 1):
        with Heartbeat() as heart:
            try:
                return attempt()
            except Exception as error:
                if heart.longest <= most:
                    raise
                print(
                    f"try {number} does not count, the machine stood still for {heart.longest:.2f} s: {error}"
                )
    pytest.skip(f"the machine stood still in each of {tries} tries")
