"""A transport from files: spoken questions in, a recording of the conversation out.

The questions are played into the session as a microphone would give them, 20 ms at a time on the session's
clock, with quiet between them; the clock may be real or virtual. The recording is one stereo WAV.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from antiphon.audio import pcm
from antiphon.audio.resample import convert
from antiphon.audio.sound import Sound
from antiphon.audio.wav import WavError, read_wav
from antiphon.dispatch import on
from antiphon.frames import (
    BotStartedSpeakingFrame,
    Frame,
    ResponseEndedFrame,
    ResponseStartedFrame,
    StartFrame,
    TurnDecisionFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
    UserUtteranceDismissedFrame,
)
from antiphon.transports.dialogue import Cue, Dialogue
from antiphon.transports.input import InputTransport
from antiphon.transports.output import OutputTransport
from antiphon.transports.recorder import StereoRecorder

CHUNK_SECONDS = 0.02
QUIET_DBFS = -45.0
"""Sound below this at the end of a question is not speech."""


def load_question(path: Path) -> Sound:
    """Read a WAV file. Raises WavError with one sentence naming the file."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise WavError(f"There is no file {path}.") from None
    except OSError as error:
        raise WavError(f"Cannot read {path}: {error.strerror or error}.") from None
    try:
        return read_wav(data)
    except WavError as error:
        raise WavError(f"{path}: {error}") from None


class _Track:
    """A question at both rates, and where its speech ends."""

    def __init__(self, sound: Sound, rate_in: int, rate_out: int) -> None:
        self.chunks_in = _chunks(convert(sound, rate_in), rate_in)
        self.chunks_out = _chunks(convert(sound, rate_out), rate_out)
        self.speech_ends = _speech_ends(convert(sound, rate_in), rate_in)


class FileInput(InputTransport):
    """Plays the questions, each when its time has come, and ends the session after the last answer."""

    def __init__(self, questions: Sequence[Sound], recorder: StereoRecorder, barge_in: float | None) -> None:
        super().__init__()
        self.questions = list(questions)
        self.recorder = recorder
        self.dialogue = Dialogue(len(questions), barge_in)
        self.began = 0.0
        self.speech_ends: list[float] = []

    @on(StartFrame)
    def start(self, frame: StartFrame) -> None:
        super().start(frame)
        self.spawn_background(self._play(), name="play")

    @on(BotStartedSpeakingFrame)
    def bot_started(self, frame: BotStartedSpeakingFrame) -> BotStartedSpeakingFrame:
        self.dialogue.bot_started(self._elapsed())
        return frame

    @on(ResponseStartedFrame)
    def response_started(self, frame: ResponseStartedFrame) -> ResponseStartedFrame:
        self.dialogue.response_started(frame.id)
        return frame

    @on(ResponseEndedFrame)
    def response_ended(self, frame: ResponseEndedFrame) -> ResponseEndedFrame:
        self.dialogue.response_ended(frame.id, self._elapsed())
        return frame

    @on(UserStartedSpeakingFrame, UserStoppedSpeakingFrame)
    def turn(self, frame: Frame) -> Frame:
        self.dialogue.turn(is_open=isinstance(frame, UserStartedSpeakingFrame))
        return frame

    @on(UserUtteranceDismissedFrame)
    def dismissed(self, frame: UserUtteranceDismissedFrame) -> UserUtteranceDismissedFrame:
        self.dialogue.dismissed()
        return frame

    @on(TurnDecisionFrame)
    def decided(self, frame: TurnDecisionFrame) -> TurnDecisionFrame:
        if frame.decision == "Drop":
            self.dialogue.dropped(self._elapsed())
        return frame

    def _elapsed(self) -> float:
        return self.session.now() - self.began

    async def _play(self) -> None:
        tracks = [_Track(sound, self.rate, self.recorder.rate) for sound in self.questions]
        quiet = pcm.silence(_samples(self.rate)), pcm.silence(_samples(self.recorder.rate))
        self.began = self.session.now()
        playing: Iterator[tuple[bytes, bytes]] = iter(())
        for sent in itertools.count():
            chunk = next(playing, None)
            if chunk is None:
                match self._cue():
                    case Cue.FINISH:
                        break
                    case Cue.SPEAK:
                        track = tracks[self.dialogue.asked - 1]
                        self.speech_ends.append(self._due(sent) + track.speech_ends)
                        playing = zip(track.chunks_in, track.chunks_out, strict=False)
                    case Cue.WAIT:
                        pass
            self._send(*(chunk or next(playing, quiet)))
            await asyncio.sleep(max(0.0, self._due(sent + 1) - self.session.now()))
        self.session.end("the conversation is over")

    def _cue(self) -> Cue:
        """The track is at its end, or none is playing: what next?"""
        self.dialogue.question_over(self._elapsed())
        return self.dialogue.cue(self._elapsed())

    def _due(self, chunk: int) -> float:
        return self.began + chunk * CHUNK_SECONDS

    def _send(self, chunk_in: bytes, chunk_out: bytes) -> None:
        self.recorder.user(chunk_out)
        self.receive_audio(chunk_in, self.rate)


class FileOutput(OutputTransport):
    """Records what the bot says, where it says it."""

    def __init__(self, source: FileInput, recorder: StereoRecorder) -> None:
        super().__init__()
        self.source = source
        self.recorder = recorder

    def write_audio(self, pcm: bytes) -> None:
        self.recorder.bot(pcm, self.session.now() - self.source.began)

    async def cleanup(self) -> None:
        await super().cleanup()
        self.recorder.close()


class FileTransport:
    """Spoken questions in, a stereo recording at `rate` out.

    `barge_in` speaks each further question so many seconds into the answer to the one before. Raises
    RecorderError when the recording cannot be written.
    """

    def __init__(
        self, questions: Sequence[Sound], out: Path, *, barge_in: float | None = None, rate: int = 24000
    ) -> None:
        self.recorder = StereoRecorder(out, rate)
        self.source = FileInput(questions, self.recorder, barge_in)
        self.sink = FileOutput(self.source, self.recorder)

    def input(self) -> FileInput:
        return self.source

    def output(self) -> FileOutput:
        return self.sink


def _samples(rate: int) -> int:
    return round(rate * CHUNK_SECONDS)


def _chunks(data: bytes, rate: int) -> list[bytes]:
    size = 2 * _samples(rate)
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    if chunks:
        chunks[-1] += bytes(size - len(chunks[-1]))
    return chunks


def _speech_ends(data: bytes, rate: int) -> float:
    """Seconds to the end of the last 10 ms that are louder than QUIET_DBFS; the whole length if none is."""
    samples = pcm.samples(data).astype(np.float32) / 32768
    size = rate // 100
    usable = samples[: samples.size // size * size].reshape(-1, size)
    levels = np.sqrt(np.mean(usable**2, axis=1)) if usable.size else np.zeros(0, np.float32)
    loud = np.flatnonzero(levels > 10 ** (QUIET_DBFS / 20))
    return (int(loud[-1]) + 1) * size / rate if loud.size else samples.size / rate
