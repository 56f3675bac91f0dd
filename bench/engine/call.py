"""A voice call in virtual time: a caller who sends 20 ms packets, a bot made of fixed services."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from antiphon import Pipeline, Processor, Session, on
from antiphon.frames import Frame, Outcome, ResponseEndedFrame, VADUserStartedSpeakingFrame
from antiphon.services.turns import Turns
from antiphon.transports.memory import MemoryTransport
from engine.fakes import FixedEars, FixedMind, FixedVoice, LoudnessVAD

PACKET_SECONDS = 0.02
LOUD = b"\x00\x20" * 320
QUIET = bytes(640)


class Caller:
    """Sends sound without a break, as a telephone does: speech or silence, 16 kHz mono."""

    def __init__(self, transport: MemoryTransport) -> None:
        self.transport = transport

    def packet(self, *, loud: bool) -> None:
        """Send one packet."""
        self.transport.source.receive_audio(LOUD if loud else QUIET, 16000)

    async def say(self, seconds: float) -> None:
        """Speak."""
        await self._send(seconds, loud=True)

    async def wait(self, seconds: float) -> None:
        """Be silent."""
        await self._send(seconds, loud=False)

    async def _send(self, seconds: float, *, loud: bool) -> None:
        for _ in range(round(seconds / PACKET_SECONDS)):
            self.packet(loud=loud)
            await asyncio.sleep(PACKET_SECONDS)


class Witness(Processor):
    """Notes when speech is detected, how long the reaction keeps the event loop, and how answers end.

    It stands right behind the detector. Frames are delivered by direct calls: when `push` returns, all that
    the frame causes at once has happened.
    """

    def __init__(self) -> None:
        super().__init__()
        self.detected: list[float] = []
        self.reactions: list[float] = []
        self._outcomes: dict[int, Outcome] = {}

    @property
    def outcomes(self) -> list[Outcome]:
        """How the answers ended, in their order."""
        return list(self._outcomes.values())

    @on(VADUserStartedSpeakingFrame)
    def speech(self, frame: VADUserStartedSpeakingFrame) -> None:
        self.detected.append(self.session.now())
        began = time.perf_counter()
        self.push(frame)
        self.reactions.append(time.perf_counter() - began)

    @on(ResponseEndedFrame)
    def ended(self, frame: ResponseEndedFrame) -> Frame:
        self._outcomes[frame.id] = frame.outcome
        return frame


class Call:
    """A session with its two ends: the caller, and what is noted on the way."""

    def __init__(self) -> None:
        self.transport = MemoryTransport()
        self.caller = Caller(self.transport)
        self.witness = Witness()
        self.session = Session(transport=self.transport)
        self.pipeline = Pipeline(
            [
                self.transport.input(),
                LoudnessVAD(),
                self.witness,
                FixedEars(),
                Turns("Answer in three sentences."),
                FixedMind(),
                FixedVoice(),
                self.transport.output(),
            ]
        )


@asynccontextmanager
async def serve(call: Call) -> AsyncGenerator[Call]:
    """The call's session runs inside; it is ended on the way out."""
    task = asyncio.create_task(call.session.run(call.pipeline))
    await call.caller.wait(PACKET_SECONDS)
    try:
        yield call
    finally:
        call.session.end()
        result = await task
        if result.errors:
            raise RuntimeError(f"the call went wrong: {result.errors[0].error}")
