"""Gauges: how both sides of a comparison measure. Standard library and psutil only.

The child that runs Antiphon and the child that runs the peer import this file, so that they measure alike.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any

import psutil

SIZES = (10, 60)
"""Numbers of processors whose difference gives the cost of one."""

BURST = 100
"""Frames sent at once. A burst spreads the cost of a turn of the event loop over many frames."""

FRAMES_SENT = 900
"""Frames sent in all, in bursts or one at a time. The median burst counts."""

IMPORTS = 7
"""Interpreters started, of which the median counts."""


def rss_mb() -> float:
    """The memory of this process that is in RAM, in megabytes (10^6 bytes)."""
    gc.collect()
    return psutil.Process().memory_info().rss / 1e6


async def burst_seconds(burst: Callable[[int], Awaitable[None]], frames: int) -> float:
    """The median time of a burst of so many frames, after one to warm up."""
    await burst(frames)
    taken: list[float] = []
    for _ in range(FRAMES_SENT // frames):
        began = time.perf_counter()
        await burst(frames)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def hop_us(seconds: dict[int, float], frames: int) -> float:
    """Microseconds per frame and processor, from the times of a burst through pipelines of each size."""
    few, many = SIZES
    return 1e6 * (seconds[many] - seconds[few]) / (many - few) / frames


def import_ms(statement: str) -> float:
    """Milliseconds that `statement` adds to the start and end of an interpreter."""
    _interpreter_ms(statement)
    added = [_interpreter_ms(statement) - _interpreter_ms("pass") for _ in range(IMPORTS)]
    return statistics.median(added)


def _interpreter_ms(statement: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True, capture_output=True)
    return 1000 * (time.perf_counter() - began)


class Switches:
    """Counts how often the event loop switches to a task, by the name of the task's coroutine."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def install(self, loop: asyncio.AbstractEventLoop) -> None:
        """Count from now on, for the tasks made from now on."""
        loop.set_task_factory(self._make)

    def total(self, *, without: str) -> int:
        """All switches but those to coroutines of this name."""
        return self.counts.total() - self.counts[without]

    def _make(self, loop: asyncio.AbstractEventLoop, work: Any, **options: Any) -> asyncio.Task[Any]:
        return asyncio.Task(_Counted(work, self.counts), loop=loop, **options)


class _Counted(Coroutine[Any, Any, Any]):
    """A coroutine that counts how often it is resumed."""

    def __init__(self, work: Coroutine[Any, Any, Any], counts: Counter[str]) -> None:
        self._work = work
        self._counts = counts
        self._name = getattr(work, "__name__", type(work).__name__)

    def send(self, value: Any) -> Any:
        self._counts[self._name] += 1
        return self._work.send(value)

    def throw(self, *error: Any) -> Any:
        self._counts[self._name] += 1
        return self._work.throw(*error)

    def close(self) -> None:
        self._work.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        raise TypeError("a task is made of this; nobody awaits it")
