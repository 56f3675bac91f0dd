"""Speech that a fake recogniser can read: a word is a quarter of a second at one level.

Word k is a square wave of amplitude 1000 + 20 k, so a reading tells exactly which sound reached it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from antiphon.services.base import Audio, EndTurn, Flush
from antiphon.services.local.abort import Abort
from antiphon.services.local.arrays import Pcm

RATE = 16_000
WORD = RATE // 4

Item = Audio | Flush | EndTurn


def word(number: int, rate: int = RATE) -> Audio:
    signs = np.where(np.arange(rate // 4) % 8 < 4, 1, -1)
    return Audio((signs * (1000 + 20 * number)).astype(np.int16).tobytes(), rate)


def words(*numbers: int) -> list[Item]:
    return [word(number) for number in numbers]


def silence(seconds: float, rate: int = RATE) -> Audio:
    return Audio(bytes(2 * round(seconds * rate)), rate)


def read_words(pcm: Pcm) -> list[int]:
    """The words in a clip, silence left out; a word that was cut in two is there twice."""
    levels = np.abs(pcm.astype(np.int32))
    edges = np.flatnonzero(np.diff(levels)) + 1
    runs = [int(run[0]) for run in np.split(levels, edges) if len(run) > 2]
    return [(level - 1000) // 20 for level in runs if level >= 1000]


def spelled(numbers: list[int]) -> str:
    return " ".join(f"w{number}" for number in numbers)


class Reader:
    """Reads at once, and remembers what it was given."""

    def __init__(self) -> None:
        self.clips: list[Pcm] = []

    def read(self, pcm: Pcm, abort: Abort) -> str:
        abort.check()
        self.clips.append(pcm)
        return spelled(read_words(pcm))


@dataclass(eq=False)
class HeldReading:
    """A reading that is under way until it is released or aborted."""

    text: str
    _go: threading.Event
    abort: Abort

    def release(self) -> None:
        self._go.set()


class HeldReader:
    """Starts readings and holds each until told: `await started.get()` gives the next one."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.started: asyncio.Queue[HeldReading] = asyncio.Queue()
        self.ended: asyncio.Queue[bool] = asyncio.Queue()
        """For each reading that has ended, whether it was to be aborted."""

    def read(self, pcm: Pcm, abort: Abort) -> str:
        go = threading.Event()
        abort.watch(go.set)
        reading = HeldReading(spelled(read_words(pcm)), go, abort)
        self._loop.call_soon_threadsafe(self.started.put_nowait, reading)
        assert go.wait(60), "nobody released the reading"
        self._loop.call_soon_threadsafe(self.ended.put_nowait, abort.requested)
        abort.check()
        return reading.text


class Line:
    """An open line: what is said now arrives now. `hang_up` ends it."""

    def __init__(self) -> None:
        self._items: asyncio.Queue[Item | None] = asyncio.Queue()
        self.taken = 0

    def say(self, *items: Item) -> None:
        for item in items:
            self._items.put_nowait(item)

    def hang_up(self) -> None:
        self._items.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[Item]:
        while (item := await self._items.get()) is not None:
            self.taken += 1
            yield item


async def recording(*items: Item) -> AsyncIterator[Item]:
    """All items, as fast as they are taken."""
    for item in items:
        yield item


def scripts(longest: int) -> st.SearchStrategy[list[str]]:
    """What may happen on a line, in words; `played` makes items of it."""
    return st.lists(st.sampled_from(["word", "word", "word", "pause", "flush", "end"]), max_size=longest)


def played(script: list[str]) -> list[Item]:
    """The items; each word is another one."""
    made: dict[str, Item] = {"pause": silence(0.2), "flush": Flush(), "end": EndTurn()}
    return [word(number) if each == "word" else made[each] for number, each in enumerate(script)]
