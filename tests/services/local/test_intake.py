from __future__ import annotations

import numpy as np
import pytest
from ears_kit import RATE

from antiphon.services.base import Audio, ServiceError
from antiphon.services.local.intake import mono, resampled


def test_channels_are_averaged() -> None:
    stereo = np.array([[100, 300], [-200, 0]], np.int16)
    assert mono(Audio(stereo.tobytes(), RATE, 2)).tolist() == [200, -100]


@pytest.mark.parametrize(
    "piece", [Audio(b"abc", RATE), Audio(b"ab", RATE, 2), Audio(b"ab", 0), Audio(b"", RATE, 0)]
)
def test_what_is_not_whole_samples_is_refused_kindly(piece: Audio) -> None:
    with pytest.raises(ServiceError, match="whole s16le samples"):
        mono(piece)


@pytest.mark.parametrize("source", [8_000, 24_000, 44_100, 48_000])
def test_a_tone_keeps_its_length_and_pitch(source: int) -> None:
    tone = (np.sin(2 * np.pi * 440 * np.arange(source) / source) * 9000).astype(np.int16)
    heard = resampled(tone, source, RATE)
    assert abs(len(heard) - RATE) <= 1
    assert np.argmax(np.abs(np.fft.rfft(heard[:RATE]))) == 440


def test_the_same_rate_is_left_alone_and_nothing_stays_nothing() -> None:
    clip = np.arange(10, dtype=np.int16)
    assert resampled(clip, RATE, RATE) is clip
    assert len(resampled(clip[:0], 8000, RATE)) == 0
