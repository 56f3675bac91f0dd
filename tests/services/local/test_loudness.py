from __future__ import annotations

import numpy as np
from ears_kit import RATE, word
from hypothesis import given
from hypothesis import strategies as st

from antiphon.services.local.intake import mono
from antiphon.services.local.loudness import loud_samples, quietest

SPOKEN = mono(word(0))
SILENT = np.zeros(RATE, np.int16)


def test_speech_counts_and_silence_does_not() -> None:
    assert loud_samples(SPOKEN, RATE) == len(SPOKEN)
    assert loud_samples(SILENT, RATE) == 0
    assert loud_samples(SILENT[:0], RATE) == 0


def test_a_faint_hum_is_silence_and_a_whisper_is_not() -> None:
    hum = np.full(RATE, 60, np.int16)
    assert loud_samples(hum, RATE) == 0
    assert loud_samples(hum * 3, RATE) == RATE


@given(st.integers(0, 3000), st.sampled_from([8000, 16000, 48000]))
def test_no_more_is_loud_than_there_is(length: int, rate: int) -> None:
    noise = np.random.default_rng(length).integers(-300, 300, length, dtype=np.int16)
    assert 0 <= loud_samples(noise, rate) <= length


@given(st.integers(0, 900), st.integers(100, 300))
def test_the_quietest_place_is_in_the_gap(start: int, gap: int) -> None:
    pcm = np.full(1200, 5000, np.int16)
    pcm[start : start + gap] = 0
    assert start + 50 <= quietest(pcm, 100) <= start + gap - 50


def test_of_several_quiet_places_the_latest_and_of_too_little_sound_the_middle() -> None:
    assert quietest(np.zeros(1000, np.int16), 100) == 950
    assert quietest(np.zeros(60, np.int16), 100) == 30
