"""How loud speech is: windows in, levels out; and what the detector's host tells of it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.audio.pcm import FLOOR_DBFS, gain, rms_dbfs, to_pcm
from antiphon.audio.speech_level import FIRST_SECONDS, STEP, SpeechLevel
from antiphon.frames import (
    Frame,
    VADUserLevelFrame,
    VADUserPausedFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from antiphon.testing import FakeLLM, Say, after, run_call, voice_bot
from antiphon.testing.tagged import MUFFLED_DB, Utterance, decode, text_of
from antiphon.testing.voice import RATE, muffle

WINDOW = 0.032


def tone(decibels: float) -> bytes:
    """A window of a sine with this level."""
    wave = np.sin(np.arange(512) * 2 * np.pi / 16)
    return gain(to_pcm(wave * 23170.0), decibels)


@given(st.lists(st.floats(-50, 0), min_size=1, max_size=8))
def test_the_level_is_the_power_on_average(levels: list[float]) -> None:
    windows, meter = [tone(each) for each in levels], SpeechLevel()
    for window in windows:
        meter.add(window, WINDOW)
    assert meter.dbfs == pytest.approx(rms_dbfs(b"".join(windows)), abs=0.05)


def test_silence_and_nothing() -> None:
    meter = SpeechLevel()
    assert meter.dbfs is None
    assert meter.news() is None
    meter.add(bytes(1024), WINDOW)
    assert meter.dbfs == FLOOR_DBFS


def test_it_is_told_once_and_again_when_it_has_risen() -> None:
    meter = SpeechLevel()
    told: list[float | None] = []
    for decibels in [-30.0] * 8 + [-5.0] * 8:
        meter.add(tone(decibels), WINDOW)
        told.append(meter.news())
    first = round(FIRST_SECONDS / WINDOW)
    assert [n for n, level in enumerate(told) if level is not None][:2] == [first - 1, 8]
    kept = [level for level in told if level is not None]
    assert all(later >= earlier + STEP for earlier, later in pairwise(kept))
    meter.reset()
    assert meter.dbfs is None


def levels(*steps: Say) -> list[list[float]]:
    """The levels that the detector's host told, for each stretch of speech."""
    found: list[list[float]] = []
    kinds = (VADUserStartedSpeakingFrame, VADUserLevelFrame, VADUserPausedFrame, VADUserStoppedSpeakingFrame)
    call = run_call(voice_bot(FakeLLM(otherwise="Yes.")), list(steps))
    frames: list[Frame] = [frame for _, frame in call.frames]
    for frame in frames:
        if isinstance(frame, VADUserStartedSpeakingFrame):
            found.append([])
        if isinstance(frame, kinds) and frame.level is not None:
            found[-1].append(frame.level)
    return found


def test_the_host_tells_how_loud_tagged_speech_is() -> None:
    near, far = levels(Say("Tell me about it."), Say("Tell me about it.", after(4.0), muffled=True))
    assert len(near) >= 3
    assert min(near) - max(far) > 12.0
    assert max(far) - min(far) < 1.0, "what is silent does not count"


@pytest.mark.parametrize("rate", [8000, 16000, 24000])
def test_muffled_words_can_be_read_back(rate: int) -> None:
    words = "Put it on the straße, please."
    sound = Utterance(words, rate=rate, muffled=True).pcm
    assert text_of(decode(sound, rate)) == words
    assert rms_dbfs(sound) < rms_dbfs(Utterance(words, rate=rate).pcm) + MUFFLED_DB


def test_muffled_real_sound_is_quieter_and_duller() -> None:
    low = to_pcm(10000 * np.sin(np.arange(RATE) * 2 * np.pi * 200 / RATE))
    high = to_pcm(10000 * np.sin(np.arange(RATE) * 2 * np.pi * 4000 / RATE))
    assert rms_dbfs(muffle(low, RATE)) - rms_dbfs(low) == pytest.approx(MUFFLED_DB, abs=0.5)
    assert rms_dbfs(muffle(high, RATE)) - rms_dbfs(high) < MUFFLED_DB - 11.0
