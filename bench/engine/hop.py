"""What it costs a frame to pass one processor: the difference between pipelines of 10 and of 60."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from gauges import BURST, SIZES, burst_seconds, hop_us

from antiphon import Pipeline, Processor, Session, on
from antiphon.frames import Frame, InputAudioRawFrame, StartFrame, TextFrame


class Passing(Processor):
    """Handles text in the sender's stack and lets it go on."""

    @on(TextFrame)
    def look(self, frame: TextFrame) -> TextFrame:
        return frame


class Awaiting(Processor):
    """Handles text in a coroutine, which runs as a task, and lets it go on."""

    @on(TextFrame)
    async def look(self, frame: TextFrame) -> TextFrame:
        return frame


class Counting(Processor):
    """The last processor: tells when the session has started and when a burst has arrived."""

    def __init__(self) -> None:
        super().__init__()
        self.started = asyncio.Event()
        self.arrived = asyncio.Event()
        self.expected = 0

    @on(StartFrame)
    def start(self, frame: StartFrame) -> None:
        self.started.set()

    @on(TextFrame, InputAudioRawFrame)
    def count(self, frame: Frame) -> None:
        self.expected -= 1
        if not self.expected:
            self.arrived.set()


@asynccontextmanager
async def running(processors: list[Processor]) -> AsyncGenerator[tuple[Session, Counting]]:
    """A session of these processors and a counting one, started; ended on the way out."""
    session, last = Session(), Counting()
    task = asyncio.create_task(session.run(Pipeline([*processors, last])))
    await last.started.wait()
    try:
        yield session, last
    finally:
        session.end()
        await task


async def _crossing(make: Callable[[], Processor], size: int, frame: Frame, frames: int) -> float:
    async with running([make() for _ in range(size)]) as (session, last):

        async def burst(count: int) -> None:
            last.expected = count
            last.arrived.clear()
            for _ in range(count):
                session.receive(frame)
            await last.arrived.wait()

        return await burst_seconds(burst, frames)


def _hop(make: Callable[[], Processor], frame: Frame, frames: int = BURST) -> float:
    async def measure() -> dict[int, float]:
        return {size: await _crossing(make, size, frame, frames) for size in SIZES}

    return hop_us(asyncio.run(measure()), frames)


def hop() -> dict[str, float]:
    """Microseconds per processor, by what the processor does with the frame."""
    text, audio = TextFrame("hello"), InputAudioRawFrame(bytes(640), 16000)
    return {
        "text, no handler": _hop(Processor, text),
        "text, no handler, one at a time": _hop(Processor, text, 1),
        "audio, no handler": _hop(Processor, audio),
        "audio, no handler, one at a time": _hop(Processor, audio, 1),
        "text, plain handler": _hop(Passing, text),
        "text, async handler": _hop(Awaiting, text),
    }
