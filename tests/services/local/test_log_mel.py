from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from antiphon.services.local.log_mel import BINS, RATE, last_seconds, log_mel, mel_filters, normalised
from antiphon.services.local.smart_turn import features


def tone(hertz: float, seconds: float = 1.0) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE).astype(np.float32)


def test_shape_and_range() -> None:
    mel = log_mel(tone(440))
    assert mel.shape == (BINS, 100)
    assert mel.dtype == np.float32
    assert mel.max() - mel.min() <= 2.0 + 1e-6


def test_filters_have_constant_energy_and_no_gaps() -> None:
    filters = mel_filters()
    assert filters.shape == (BINS, 201)
    assert (filters >= 0).all()
    assert (filters.sum(axis=0)[2:-1] > 0).all()
    wide = filters[40:].sum(axis=1) * RATE / 400
    assert wide == pytest.approx(np.ones(len(wide)), rel=0.1)


@pytest.mark.parametrize(("low", "high"), [(200, 400), (400, 1200), (1200, 5000)])
def test_a_higher_tone_lies_in_a_higher_bin(low: float, high: float) -> None:
    lower, higher = (int(log_mel(tone(hertz)).mean(axis=1).argmax()) for hertz in (low, high))
    assert lower < higher


def test_one_kilohertz_lies_at_mel_fifteen() -> None:
    mels_at_top = 15 + np.log(8) * 27 / np.log(6.4)
    expected = 15 / mels_at_top * (BINS + 1) - 1
    assert int(log_mel(tone(1000)).mean(axis=1).argmax()) == pytest.approx(expected, abs=1)


@given(arrays(np.float32, st.integers(400, 2000), elements=st.floats(-1, 1, width=32)))
def test_any_sound_gives_finite_features(samples: np.ndarray[tuple[int], np.dtype[np.float32]]) -> None:
    assert np.isfinite(log_mel(normalised(samples))).all()


@given(st.integers(0, 300_000))
def test_the_last_seconds_are_at_the_end(length: int) -> None:
    samples = np.arange(1, length + 1, dtype=np.float32)
    kept = last_seconds(samples, 8)
    assert len(kept) == 8 * RATE
    heard = min(length, 8 * RATE)
    assert (kept[len(kept) - heard :] == samples[length - heard :]).all()
    assert not kept[: len(kept) - heard].any()


def test_smart_turn_sees_eight_seconds_of_anything() -> None:
    for seconds in (0.0, 0.5, 12.0):
        assert features(tone(300, seconds)).shape == (80, 800)
