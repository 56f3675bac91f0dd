"""A streaming recogniser made of one that reads whole clips (the thin shell around `Segmenter`).

One reading runs at a time per session, off the event loop. A final reading never waits for an interim one:
that is aborted the moment the `Flush` arrives. Use a recogniser with a stream of its own (a cloud service)
directly instead; this is for models such as Moonshine and Whisper.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
from typing import Protocol

from antiphon.services.base import Audio, EndTurn, Flush, Transcript
from antiphon.services.local.abort import Abort, Aborted
from antiphon.services.local.arrays import Pcm
from antiphon.services.local.intake import resampled
from antiphon.services.local.segmenter import Order, Segmenter
from antiphon.services.local.workers import idle_lane, urgent_lane

RATE = 16_000
"""Samples per second that a `Recogniser` is given."""

_BACKLOG = 8
"""Final orders that may wait before no more audio is taken in."""


class Recogniser(Protocol):
    """Reads a whole clip. Called in worker threads, from several at once."""

    def read(self, pcm: Pcm, abort: Abort) -> str:
        """The words in `pcm`, mono int16 at 16 kHz. Raises `Aborted` soon after `abort` is requested."""
        ...


async def transcribe(
    recogniser: Recogniser, core: Segmenter, audio: AsyncIterable[Audio | Flush | EndTurn]
) -> AsyncGenerator[Transcript, None]:
    """Read a stream of speech, segment by segment, as `core` decides.

    Closing the generator aborts the reading that runs and ends the task that takes in `audio`. An error in
    `audio` is raised after every `Flush` before it is answered; an error in `recogniser` at once.
    """
    session = _Session(recogniser, core)
    taking_in = asyncio.create_task(session.take_in(audio))
    try:
        while (order := await session.next_order()) is not None:
            text = await session.read(order)
            if text is not None and (transcript := core.answer(order, text)) is not None:
                yield transcript
        await taking_in
    finally:
        taking_in.cancel()
        await asyncio.gather(taking_in, return_exceptions=True)


class _Session:
    """What the task that takes audio in and the one that reads share: the core and two signals."""

    def __init__(self, recogniser: Recogniser, core: Segmenter) -> None:
        self._recogniser = recogniser
        self._core = core
        self._fed = asyncio.Event()
        self._room = asyncio.Event()
        self._ended = False
        self._running: _Running | None = None

    async def take_in(self, audio: AsyncIterable[Audio | Flush | EndTurn]) -> None:
        try:
            async for item in audio:
                self._core.feed(item)
                if self._running is not None and self._core.overtaken(self._running.order):
                    self._running.stop()
                self._fed.set()
                await self._wait_for_room()
            self._core.finish()
        finally:
            self._ended = True
            self._fed.set()

    async def next_order(self) -> Order | None:
        """The next piece of work, or None when the audio has ended and all of it is read."""
        while True:
            if (order := self._core.take()) is not None:
                self._room.set()
                return order
            if self._ended:
                return None
            self._fed.clear()
            await self._fed.wait()

    async def read(self, order: Order) -> str | None:
        """The text of an order; None if it was overtaken meanwhile."""
        if order.known is not None:
            return order.known
        self._running = running = _Running(self._recogniser, order)
        try:
            return await running.text()
        finally:
            self._running = None
            running.stop()

    async def _wait_for_room(self) -> None:
        while self._core.backlog >= _BACKLOG:
            self._room.clear()
            await self._room.wait()


class _Running:
    """One reading in a worker thread."""

    def __init__(self, recogniser: Recogniser, order: Order) -> None:
        self.order = order
        self._abort = Abort()
        lane = urgent_lane() if order.final else idle_lane()
        loop = asyncio.get_running_loop()
        self._future = loop.run_in_executor(lane, _read, recogniser, order, self._abort)

    def stop(self) -> None:
        """Never start it, or make it end within one token; its text is no longer wanted."""
        self._abort.request()
        self._future.cancel()

    async def text(self) -> str | None:
        # `wait`, unlike awaiting the future, tells the reading's cancellation from that of the caller.
        await asyncio.wait({self._future})
        if self._future.cancelled():
            return None
        try:
            return self._future.result()
        except Aborted:
            return None


def _read(recogniser: Recogniser, order: Order, abort: Abort) -> str:
    abort.check()
    return recogniser.read(resampled(order.pcm, order.rate, RATE), abort)
