"""Whether the machine stood still while something was measured in real time, and another try if it did.

Most tests count packets and need none of this. It is for what is only true of a machine that runs: a
latency, the length of a silence. `Heartbeat` says for how long the machine stood still, so that a bound may
be wider by that; `steadily` makes a failed try again if it did.

A thread beats: code that blocks the event loop lets other threads run, and is not forgiven what the test is
there to find; a machine that stands still stops them all. Where a loop runs, it beats too: among busy
processes a thread that sleeps most of the time gets its turns, and one that works does not. What it has
worked between two beats (in CPU time) is its own fault, the rest is not.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest

from antiphon.clock import cpu_seconds, perf_seconds

BEAT = 0.01
LATE = 0.02
"""Seconds by which a beat may be late on a machine that runs."""

T = TypeVar("T")


class _Beats:
    """Notes by how much the beats of one thread are late."""

    def __init__(self, worked: Callable[[], float]) -> None:
        self.stands: list[float] = []
        self._worked = worked
        self._last, self._before = perf_seconds(), worked()
        self._lock = threading.Lock()

    def note(self) -> None:
        with self._lock:
            now, work = perf_seconds(), self._worked()
            late = now - self._last - BEAT - (work - self._before)
            self._last, self._before = now, work
            if late > LATE:
                self.stands.append(late)


class Heartbeat:
    """Beats while it is entered. Its figures hold at any time, also just after the machine has gone on."""

    def __init__(self) -> None:
        self._all = [_Beats(_nothing)]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Heartbeat:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            pass
        else:
            self._all.append(_Beats(cpu_seconds))
            self._beat_in(loop)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._note()
        self._over.set()
        self._thread.join()
        if self._timer is not None:
            self._timer.cancel()

    @property
    def still(self) -> float:
        """For how many seconds in all."""
        self._note()
        return max(sum(beats.stands) for beats in self._all)

    @property
    def longest(self) -> float:
        """For how many seconds at a time, at most."""
        self._note()
        return max((stand for beats in self._all for stand in beats.stands), default=0.0)

    def _beat(self) -> None:
        while not self._over.wait(BEAT):
            self._all[0].note()

    def _beat_in(self, loop: asyncio.AbstractEventLoop) -> None:
        self._all[1].note()
        self._timer = loop.call_later(BEAT, self._beat_in, loop)

    def _note(self) -> None:
        if not self._over.is_set():
            for beats in self._all:
                beats.note()


def _nothing() -> float:
    return 0.0


def steadily(attempt: Callable[[], Coroutine[Any, Any, T]], *, most: float = 0.05, tries: int = 8) -> T:
    """What an attempt returns, run in a loop of its own.

    One that fails is made again if the machine stood still for more than `most` seconds. Skips the test if it
    did in each of the tries: then nothing has been found out.
    """
    for number in range(1, tries + 1):
        heart = Heartbeat()
        try:
            return asyncio.run(_watched(attempt, heart))
        except Exception as error:
            if heart.still <= most:
                raise
            print(f"try {number} does not count, the machine stood still for {heart.still:.2f} s: {error}")
    pytest.skip(f"the machine stood still in each of {tries} tries")


async def _watched(attempt: Callable[[], Coroutine[Any, Any, T]], heart: Heartbeat) -> T:
    with heart:
        return await attempt()
