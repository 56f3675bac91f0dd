"""Hosts a voice activity detector: marks where speech begins, pauses and ends, and how loud it is."""

from __future__ import annotations

from antiphon.audio.live import Resampler, live_resampler
from antiphon.audio.rechunk import Rechunker
from antiphon.audio.speech_level import SpeechLevel
from antiphon.dispatch import on
from antiphon.frames import (
    Frame,
    InputAudioRawFrame,
    UserMuteStartedFrame,
    UserMuteStoppedFrame,
    VADUserLevelFrame,
    VADUserPausedFrame,
    VADUserResumedFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from antiphon.processor import Processor
from antiphon.services.base import VAD, Warmable
from antiphon.services.fulfils import fulfils
from antiphon.turns.detector import DetectorParams, Edge, SpeechDetector


class VADHost(Processor):
    """Runs the detector over the user's sound, on the event loop, window by window."""

    needs = (InputAudioRawFrame,)
    gives = (VADUserStartedSpeakingFrame, VADUserPausedFrame, VADUserStoppedSpeakingFrame, VADUserLevelFrame)
    hint = "Put transport.input() before it."

    def __init__(self, vad: VAD, params: DetectorParams | None = None, name: str | None = None) -> None:
        super().__init__(name or type(vad).__name__)
        self.vad = vad
        self.detector = SpeechDetector(params)
        self._level = SpeechLevel()
        self._windows = Rechunker(vad.window)
        self._muted = False
        self._window_seconds = vad.window / vad.rate
        self._resampler: Resampler | None = None

    def _exclusive(self) -> list[object]:
        return [self, self.vad]

    async def setup(self) -> None:
        if fulfils(self.vad, Warmable):
            await self.vad.warm()
        self.vad.reset()

    @on(InputAudioRawFrame)
    def listen(self, frame: InputAudioRawFrame) -> InputAudioRawFrame:
        if self._muted:
            return frame
        pcm = frame.audio
        if frame.sample_rate != self.vad.rate:
            if self._resampler is None:
                self._resampler = live_resampler(frame.sample_rate, self.vad.rate)
            pcm = self._resampler.process(pcm)
        for window in self._windows.feed(pcm):
            event = self._hear(window)
            if event is not None:
                self.push(event)
        return frame

    @on(UserMuteStartedFrame)
    def muted(self, frame: UserMuteStartedFrame) -> UserMuteStartedFrame:
        self._muted = True
        self._windows.clear()
        self.detector.reset()
        self.vad.reset()
        return frame

    @on(UserMuteStoppedFrame)
    def unmuted(self, frame: UserMuteStoppedFrame) -> UserMuteStoppedFrame:
        self._muted = False
        return frame

    def _hear(self, window: bytes) -> Frame | None:
        """What one window tells. Only those that hold speech are measured."""
        probability = self.vad.probability(window)
        speech = probability >= self.detector.params.enter
        if speech:
            if not self.detector.loud:
                self._level.reset()
            self._level.add(window, self._window_seconds)
        edge = self.detector.step(probability, self._window_seconds)
        if edge is not None:
            return self._event(edge)
        level = self._level.news() if speech and self.detector.speaking else None
        return None if level is None else VADUserLevelFrame(level)

    def _event(self, edge: Edge) -> Frame:
        match edge:
            case Edge.STARTED:
                return VADUserStartedSpeakingFrame(self.detector.loud, self._level.dbfs)
            case Edge.PAUSED:
                return VADUserPausedFrame(self.detector.quiet, self._level.dbfs)
            case Edge.RESUMED:
                return VADUserResumedFrame()
            case Edge.STOPPED:
                return VADUserStoppedSpeakingFrame(self.detector.quiet, self._level.dbfs)
