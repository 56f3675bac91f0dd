"""Speech clips are cut and raised without losing or clipping a sample of the sound."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.audio.levels import (
    CEILING,
    SILENCE,
    Samples,
    amplify,
    limit,
    rms_dbfs,
    silence_around,
    to_pcm16,
    trim,
)

RATE = 1000

clips = st.lists(st.floats(-1, 1, width=32), max_size=400).map(lambda values: np.array(values, np.float32))


def clip(*pieces: tuple[float, float]) -> Samples:
    """Pieces of constant value, each (seconds, value), at 1000 samples per second."""
    return np.concatenate([np.full(round(seconds * RATE), value, np.float32) for seconds, value in pieces])


def test_trim_leaves_a_little_silence_on_both_sides() -> None:
    speech = clip((0.3, 0.001), (0.2, 0.5), (0.5, 0.0))
    trimmed = trim(speech, RATE, head=0.03, tail=0.12)
    assert len(trimmed) == 30 + 200 + 120
    assert silence_around(trimmed) == (30, 120)


def test_trim_adds_nothing_to_a_tight_clip() -> None:
    speech = clip((0.01, 0.0), (0.2, 0.5))
    assert len(trim(speech, RATE)) == 210


def test_a_silent_clip_becomes_empty() -> None:
    assert trim(clip((0.5, 0.001)), RATE).size == 0
    assert trim(np.zeros(0, np.float32), RATE).size == 0


@given(clips, st.floats(0, 0.2), st.floats(0, 0.2))
def test_trim_keeps_every_sample_of_the_sound(samples: Samples, head: float, tail: float) -> None:
    trimmed = trim(samples, RATE, head=head, tail=tail)
    loud = np.abs(samples) >= SILENCE
    assert np.array_equal(samples[loud], trimmed[np.abs(trimmed) >= SILENCE])
    before, after = silence_around(trimmed)
    assert before <= round(head * RATE)
    assert after <= round(tail * RATE)


@given(clips, st.floats(-20, 40))
def test_amplified_speech_never_reaches_the_ceiling_and_keeps_its_sign(samples: Samples, gain: float) -> None:
    louder = amplify(samples, gain)
    assert louder.dtype == np.float32
    assert np.all(np.abs(louder) <= np.float32(CEILING))
    assert np.all(louder * samples >= 0)


@given(clips)
def test_the_limiter_never_raises_and_keeps_the_order_of_sizes(samples: Samples) -> None:
    ordered = np.sort(samples)
    limited = limit(ordered)
    assert np.all(np.abs(limited) <= np.abs(ordered) + 1e-6)
    assert np.all(np.diff(limited) >= 0)


def test_quiet_speech_is_raised_by_the_whole_gain() -> None:
    quiet = clip((1.0, 0.05))
    assert rms_dbfs(amplify(quiet, 7.0)) - rms_dbfs(quiet) == pytest.approx(7.0, abs=0.01)


def test_level_of_known_clips() -> None:
    assert rms_dbfs(clip((1.0, 1.0))) == pytest.approx(0.0)
    assert rms_dbfs(clip((1.0, 0.1))) == pytest.approx(-20.0, abs=1e-4)
    assert rms_dbfs(clip((1.0, 0.0))) == -math.inf
    assert rms_dbfs(np.zeros(0, np.float32)) == -math.inf


def test_pcm_clips_instead_of_wrapping() -> None:
    assert np.frombuffer(to_pcm16(np.array([0.0, 1.5, -1.5], np.float32)), "<i2").tolist() == [
        0,
        32767,
        -32767,
    ]
