"""Hosts a speech recogniser: one stream per session, fed with the user's sound, gated by speech if it wants.

A gated recogniser (one that turns silence into invented words) gets only speech, with a little of what came
before it. Every pause asks for what was heard so far, so that recognition overlaps with the wait for the end
of the turn.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import cast

from antiphon.dispatch import Direction, on
from antiphon.frames import (
    EndOfTurnFrame,
    Frame,
    InputAudioRawFrame,
    InterimTranscriptionFrame,
    Metric,
    MetricsFrame,
    StartFrame,
    STTFlushFrame,
    STTUpdateSettingsFrame,
    TranscriptionFrame,
    UserMuteStartedFrame,
    UserMuteStoppedFrame,
    UserStoppedSpeakingFrame,
    UserUtteranceDismissedFrame,
    VADUserPausedFrame,
    VADUserResumedFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from antiphon.processor import Processor
from antiphon.services.base import (
    STT,
    Audio,
    EndOfTurn,
    EndTurn,
    Flush,
    Notice,
    ServiceError,
    Transcript,
    Warmable,
)
from antiphon.services.boundaries import Boundaries, Marks
from antiphon.services.feed import Feed
from antiphon.services.fulfils import fulfils
from antiphon.services.preroll import Preroll
from antiphon.services.settings import apply_settings
from antiphon.services.unbroken import Recognised, Unbroken, is_gated

PREROLL_SECONDS = 0.3
"""How much sound from before the detected start a gated recogniser gets."""

GATED_HINT = "Put a voice activity detector, such as SileroVAD(), before it: it is given nothing but speech."

FEED_CAPACITY = 3000
"""Pieces of sound that may wait for the recogniser (a minute of 20 ms); the oldest are dropped beyond it."""


class STTHost(Processor):
    """Feeds the recogniser and passes on what it hears.

    One that breaks off is started anew, and hears again what it had not answered (`Unbroken`). If that does
    not help, or if it fails in another way, the session ends.
    """

    needs = (InputAudioRawFrame,)
    gives = (TranscriptionFrame, InterimTranscriptionFrame, EndOfTurnFrame)
    hint = "Put transport.input() before it."

    def __init__(self, stt: STT, *, gated: bool | None = None, name: str | None = None) -> None:
        super().__init__(name or type(stt).__name__)
        self.gated = is_gated(stt) if gated is None else gated
        if self.gated:
            self.needs, self.hint = (VADUserStartedSpeakingFrame,), GATED_HINT
        self.stt: STT = Unbroken(stt, gated=self.gated)
        self._given = stt
        self.feed: Feed[Audio | Flush | EndTurn] = Feed(FEED_CAPACITY, lambda item: isinstance(item, Audio))
        self._preroll = Preroll(PREROLL_SECONDS)
        self._open = not self.gated
        self._muted = False
        self._boundaries = Boundaries()
        self._pending: deque[float] = deque()

    def _exclusive(self) -> list[object]:
        return [self, self._given]

    async def setup(self) -> None:
        if fulfils(self.stt, Warmable):
            await self.stt.warm()

    async def cleanup(self) -> None:
        self.feed.close()

    @on(STTUpdateSettingsFrame, direction=Direction.DOWNSTREAM)
    def settings(self, frame: STTUpdateSettingsFrame) -> STTUpdateSettingsFrame:
        apply_settings(self.stt, frame.settings)
        return frame

    @on(StartFrame)
    def start(self, frame: StartFrame) -> None:
        self.spawn_background(self._recognise(), name="recognise")

    @on(InputAudioRawFrame)
    def hear(self, frame: InputAudioRawFrame) -> InputAudioRawFrame:
        if self._muted:
            return frame
        audio = Audio(frame.audio, frame.sample_rate, frame.num_channels)
        if self._open:
            self.feed.put(audio)
        else:
            self._preroll.add(audio)
        return frame

    @on(VADUserStartedSpeakingFrame)
    def speech(self, frame: VADUserStartedSpeakingFrame) -> VADUserStartedSpeakingFrame:
        if not self._open:
            self._open = True
            for audio in self._preroll.take():
                self.feed.put(audio)
        self._boundaries.speaks()
        return frame

    @on(VADUserResumedFrame)
    def resumed(self, frame: VADUserResumedFrame) -> VADUserResumedFrame:
        self._boundaries.speaks()
        return frame

    @on(VADUserPausedFrame)
    def paused(self, frame: VADUserPausedFrame) -> VADUserPausedFrame:
        self._mark(self._boundaries.pauses())
        return frame

    @on(VADUserStoppedSpeakingFrame)
    def stopped(self, frame: VADUserStoppedSpeakingFrame) -> VADUserStoppedSpeakingFrame:
        self._mark(self._boundaries.stops())
        self._open = not self.gated
        return frame

    @on(UserStoppedSpeakingFrame, UserUtteranceDismissedFrame)
    def turn_over(self, frame: Frame) -> Frame:
        """Its words do not belong to what comes next."""
        self._mark(self._boundaries.turn_over())
        return frame

    @on(STTFlushFrame)
    def flush_now(self, frame: STTFlushFrame) -> STTFlushFrame:
        self._mark(self._boundaries.asked())
        return frame

    @on(UserMuteStartedFrame)
    def muted(self, frame: UserMuteStartedFrame) -> UserMuteStartedFrame:
        self._muted, self._open = True, not self.gated
        self._mark(self._boundaries.deaf())
        self._preroll.take()
        return frame

    @on(UserMuteStoppedFrame)
    def unmuted(self, frame: UserMuteStoppedFrame) -> UserMuteStoppedFrame:
        self._muted = False
        return frame

    def _mark(self, marks: Marks) -> None:
        for mark in marks:
            if isinstance(mark, Flush):
                self._pending.append(self.session.now())
            self.feed.put(mark)

    async def _recognise(self) -> None:
        """All that the recogniser gives, which never ends by itself."""
        try:
            items = cast(AsyncGenerator[Recognised, None], self.stt.transcribe(self.feed))
            async with aclosing(items):
                async for heard in items:
                    self._tell(heard)
        except ServiceError as error:
            raise ServiceError(str(error), fatal=True) from error
        except Exception as error:
            raise ServiceError(f"{self.name} stopped listening: {error}", fatal=True) from error
        raise ServiceError(f"{self.name} stopped listening: its stream ended", fatal=True)

    def _tell(self, heard: Recognised) -> None:
        match heard:
            case Transcript():
                self._transcribed(heard)
            case EndOfTurn():
                self.push(EndOfTurnFrame(heard.probability))
            case Notice():
                self.fail(heard.text)

    def _transcribed(self, heard: Transcript) -> None:
        if not heard.final:
            self.push(
                InterimTranscriptionFrame(
                    heard.text, language=heard.language, segment=heard.segment, stable=heard.stable
                )
            )
            return
        if self._pending:
            took = self.session.now() - self._pending.popleft()
            self.push(MetricsFrame((Metric("ttfb", self.name, took),)))
        self.push(
            TranscriptionFrame(
                heard.text,
                timestamp=self.session.clock.timestamp(),
                language=heard.language,
                segment=heard.segment,
                finalized=not self._pending,
            )
        )
