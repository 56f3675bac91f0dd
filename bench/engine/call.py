"""A voice call in virtual time: a microphone that sends packets of 20 ms, a bot made of fixed services."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from antiphon import Pipeline, Processor, Session, on
from antiphon.clock import Clock
from antiphon.frames import Frame, Outcome, ResponseEndedFrame, VADUserStartedSpeakingFrame
from antiphon.services.turns import Turns
from antiphon.testing import Microphone
from antiphon.transports.memory import MemoryTransport
from engine.fakes import FixedEars, FixedMind, FixedVoice, LoudnessVAD

RATE = 16000
LOUD = b"\x00\x20"


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
    """A session, what is noted on the way, and a caller who says nothing in particular.

    `thinking` is how long the bot's mind takes to begin.
    """

    def __init__(self, thinking: float = 0.28) -> None:
        self.transport = MemoryTransport()
        self.witness = Witness()
        self.session = Session(transport=self.transport)
        self.pipeline = Pipeline(
            [
                self.transport.input(),
                LoudnessVAD(),
                self.witness,
                FixedEars(),
                Turns("Answer in three sentences."),
                FixedMind(thinking),
                FixedVoice(),
                self.transport.output(),
            ]
        )

    async def say(self, seconds: float) -> None:
        """The caller speaks."""
        await self.microphone.say(LOUD * round(RATE * seconds))

    @asynccontextmanager
    async def served(self) -> AsyncGenerator[None]:
        """The session runs inside, with the microphone on; it is ended on the way out."""
        self.microphone = Microphone(self._hear, Clock(asyncio.get_running_loop()), RATE)
        task = asyncio.create_task(self.session.run(self.pipeline))
        self.microphone.start()
        await asyncio.sleep(0)
        try:
            yield
        finally:
            self.microphone.stop()
            self.session.end()
            result = await task
            if result.errors:
                raise RuntimeError(f"the call went wrong: {result.errors[0].error}")

    def _hear(self, pcm: bytes) -> None:
        self.transport.source.receive_audio(pcm, RATE)


@asynccontextmanager
async def serve(call: Call) -> AsyncGenerator[Call]:
    """`call`, while it is served."""
    async with call.served():
        yield call
