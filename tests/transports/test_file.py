"""The file transport, in virtual time, with a bot that answers with a tone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from antiphon import Pipeline, Processor, Session, on
from antiphon.audio.wav import Sound, WavError, read_wav, write_wav
from antiphon.clock import run_virtual
from antiphon.frames import InputAudioRawFrame, TTSAudioRawFrame
from antiphon.session import Ended, SessionResult
from antiphon.transports.file import FileTransport, load_question

RATE_IN = 16000


class Answerer(Processor):
    """Answers with one second of tone when speech has been followed by 100 ms of silence."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[float] = []
        self._quiet = -1

    @on(InputAudioRawFrame)
    def hear(self, frame: InputAudioRawFrame) -> None:
        loud = bool(np.abs(np.frombuffer(frame.audio, np.int16)).max(initial=0) > 100)
        if loud:
            self.heard.append(self.session.now())
            self._quiet = 0
        elif self._quiet >= 0:
            self._quiet += 1
            if self._quiet == 5:
                self._quiet = -1
                self.answer()

    def answer(self) -> None:
        with self.respond():
            response = max(self.session.responses.live)
            tone = np.full(24000, 5000, np.int16).tobytes()
            self.push(TTSAudioRawFrame(tone, 24000, response=response))


def question(seconds: float, rate: int = 44100, channels: int = 2) -> Sound:
    wave = np.sin(np.arange(int(seconds * rate)) * 0.05).astype(np.float32) * 0.5
    return Sound(np.repeat(wave[:, None], channels, axis=1), rate)


def hold(questions: list[Sound], out: Path) -> tuple[SessionResult, Answerer, FileTransport]:
    transport = FileTransport(questions, out)
    bot = Answerer()

    async def main() -> SessionResult:
        pipeline = Pipeline([transport.input(), bot, transport.output()])
        return await Session(transport=transport).run(pipeline)

    return run_virtual(main()), bot, transport


def test_two_questions_two_answers_one_recording(tmp_path: Path) -> None:
    result, bot, transport = hold([question(1.0), question(0.5, 8000, 1)], tmp_path / "call.wav")
    assert result.ended is Ended.ENDED
    assert len(transport.source.speech_ends) == 2
    assert len(bot.heard) == pytest.approx(75, abs=2)
    sound = read_wav((tmp_path / "call.wav").read_bytes())
    assert (sound.rate, sound.channels) == (24000, 2)
    said = np.flatnonzero(np.abs(sound.samples[:, 1]) > 0.05)
    assert len(said) == 2 * 24000, "each answer is recorded whole"


def test_the_recording_is_aligned_with_what_was_heard(tmp_path: Path) -> None:
    _, bot, transport = hold([question(1.0)], tmp_path / "call.wav")
    sound = read_wav((tmp_path / "call.wav").read_bytes())
    user = np.flatnonzero(np.abs(sound.samples[:, 0]) > 0.05) / 24000 + transport.source.began
    assert user[0] == pytest.approx(bot.heard[0], abs=0.021)
    assert user[-1] == pytest.approx(transport.source.speech_ends[0], abs=0.021)
    said = np.flatnonzero(np.abs(sound.samples[:, 1]) > 0.05) / 24000 + transport.source.began
    assert said[0] == pytest.approx(bot.heard[-1] + 5 * 0.02, abs=0.021)


def test_silence_ends_by_itself(tmp_path: Path) -> None:
    quiet = Sound(np.zeros((16000, 1), np.float32), 16000)
    result, bot, _ = hold([quiet], tmp_path / "call.wav")
    assert result.ended is Ended.ENDED
    assert not bot.heard


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"", "empty"), (b"hello, world, this is not sound", "not a WAV"), (None, "There is no file")],
)
def test_a_bad_file_is_told_in_one_line(tmp_path: Path, data: bytes | None, said: str) -> None:
    path = tmp_path / "question.wav"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(WavError, match=said) as caught:
        load_question(path)
    assert "question.wav" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_truncated_file_is_played_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "question.wav"
    path.write_bytes(write_wav(question(1.0))[:-40000])
    assert 0.5 < load_question(path).seconds < 1.0
