from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.audio.pcm import (
    FLOOR_DBFS,
    fade_in,
    fade_out,
    gain,
    mix,
    peak_dbfs,
    rms_dbfs,
    samples,
    silence,
    to_pcm,
)

PCM = st.binary(max_size=400).map(lambda data: data[: len(data) // 2 * 2])


def sine(level: float, rate: int = 16000) -> bytes:
    return to_pcm(np.sin(2 * np.pi * 440 * np.arange(rate) / rate) * level)


def test_levels() -> None:
    assert rms_dbfs(sine(32767)) == pytest.approx(-3.01, abs=0.01)
    assert peak_dbfs(sine(32767)) == pytest.approx(0, abs=0.01)
    assert peak_dbfs(b"\x00\x80") == 0
    assert rms_dbfs(b"") == peak_dbfs(b"") == rms_dbfs(silence(10)) == peak_dbfs(silence(10)) == FLOOR_DBFS
    assert peak_dbfs(b"\x01\x00") > FLOOR_DBFS


def test_gain_is_in_decibels() -> None:
    assert rms_dbfs(gain(sine(1000), 6)) - rms_dbfs(sine(1000)) == pytest.approx(6, abs=0.01)
    assert gain(sine(1000), -math.inf) == silence(16000)
    assert samples(gain(b"\xff\x7f\x00\x80", math.inf)).tolist() == [32767, -32768]


def test_mix_adds_and_saturates() -> None:
    assert mix(b"\x01\x00\x02\x00", b"\x01\x00") == b"\x02\x00\x02\x00"
    assert samples(mix(to_pcm(np.array([30000, -30000])), to_pcm(np.array([9000, -9000])))).tolist() == [
        32767,
        -32768,
    ]


def test_fades_change_only_their_end_and_reach_silence() -> None:
    flat = to_pcm(np.full(1000, 1000))
    out = samples(fade_out(flat, 1000, 100))
    assert set(out[:900].tolist()) == {1000}
    assert (np.diff(out[900:]) <= 0).all()
    assert out[-1] == 0
    assert samples(fade_in(flat, 1000, 100))[::-1].tolist() == out.tolist()
    stereo = samples(fade_out(flat, 1000, 100, channels=2)).reshape(-1, 2)
    assert (stereo[:, 0] == stereo[:, 1]).all()


def test_half_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="even number of bytes"):
        rms_dbfs(b"abc")
    with pytest.raises(ValueError, match="even number of bytes"):
        mix(b"ab", b"c")
    with pytest.raises(ValueError, match="whole frames"):
        fade_out(b"ab", 1, 1, channels=2)


@given(PCM, PCM, st.floats(allow_nan=False), st.floats(0, 1e6))
def test_length_is_kept(first: bytes, second: bytes, decibels: float, ms: float) -> None:
    assert len(gain(first, decibels)) == len(first)
    assert len(fade_in(first, 16000, ms)) == len(fade_out(first, 16000, ms)) == len(first)
    assert len(mix(first, second)) == max(len(first), len(second))
    assert FLOOR_DBFS <= rms_dbfs(first) <= peak_dbfs(first) + 1e-6
