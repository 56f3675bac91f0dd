"""The end of the pipeline under test: notes what was decided and said, and tells the caller his cues."""

from __future__ import annotations

import asyncio

from antiphon.dispatch import on
from antiphon.frames import (
    BotHeardFrame,
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    Frame,
    FunctionCallResultFrame,
    InterimTranscriptionFrame,
    InterruptionFrame,
    MetricsFrame,
    OutputDTMFFrame,
    ResponseEndedFrame,
    ResponseStartedFrame,
    StartFrame,
    TranscriptionFrame,
    TurnDecisionFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
    VADUserLevelFrame,
    VADUserPausedFrame,
    VADUserResumedFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from antiphon.processor import Processor
from antiphon.testing.call import Timed
from antiphon.testing.steps import Cue


class Probe(Processor):
    """At the end of a pipeline: keeps what shows decisions and speech, and knows when the bot speaks."""

    gives = ()

    def __init__(self) -> None:
        super().__init__("probe")
        self.frames: list[Timed] = []
        self.responses: set[int] = set()
        self.turn_open = False
        self.started = asyncio.Event()
        self._waiting: list[tuple[Cue, asyncio.Future[None]]] = []

    @on(StartFrame)
    def begin(self, frame: StartFrame) -> None:
        self.started.set()

    @on(
        BotHeardFrame,
        BotStartedSpeakingFrame,
        BotStoppedSpeakingFrame,
        FunctionCallResultFrame,
        InterimTranscriptionFrame,
        InterruptionFrame,
        MetricsFrame,
        OutputDTMFFrame,
        ResponseEndedFrame,
        ResponseStartedFrame,
        TranscriptionFrame,
        TurnDecisionFrame,
        UserStartedSpeakingFrame,
        UserStoppedSpeakingFrame,
        VADUserLevelFrame,
        VADUserPausedFrame,
        VADUserResumedFrame,
        VADUserStartedSpeakingFrame,
        VADUserStoppedSpeakingFrame,
    )
    def note(self, frame: Frame) -> Frame:
        self.frames.append(Timed(self.session.now(), frame))
        match frame:
            case BotStartedSpeakingFrame():
                self._happened(Cue.BOT_STARTED)
            case BotStoppedSpeakingFrame():
                self._happened(Cue.BOT_STOPPED)
            case ResponseStartedFrame(number):
                self.responses.add(number)
            case ResponseEndedFrame(number):
                self.responses.discard(number)
            case UserStartedSpeakingFrame() | UserStoppedSpeakingFrame():
                self.turn_open = isinstance(frame, UserStartedSpeakingFrame)
            case _:
                pass
        return frame

    @property
    def busy(self) -> bool:
        """Whether somebody's turn is under way."""
        return self.turn_open or bool(self.responses)

    def next(self, cue: Cue) -> asyncio.Future[None]:
        """Done when the cue next comes."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((cue, future))
        return future

    def _happened(self, cue: Cue) -> None:
        for waiting, future in self._waiting:
            if waiting is cue and not future.done():
                future.set_result(None)
        self._waiting = [(waiting, future) for waiting, future in self._waiting if not future.done()]
