"""Packing: what comes out is what went in; how much shorter it is; what is damaged is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.audio.shorten import BLOCK, pack, unpack

SAMPLES = st.one_of(
    st.lists(st.integers(-32768, 32767), max_size=3 * BLOCK),
    st.lists(st.integers(-3, 3), min_size=BLOCK, max_size=3 * BLOCK),
    st.lists(st.sampled_from([-32768, 0, 32767]), max_size=3 * BLOCK),
)


def pcm(samples: object) -> bytes:
    return np.asarray(samples, dtype="<i2").tobytes()


@given(SAMPLES, st.integers(0, 2 * BLOCK), st.binary(max_size=1))
def test_what_is_packed_is_unpacked(samples: list[int], silence: int, odd: bytes) -> None:
    sound = pcm([*samples, *[0] * silence]) + odd
    assert unpack(pack(sound)) == sound
    assert len(pack(sound)) <= len(sound) + 1


@given(st.binary(max_size=200))
def test_what_is_no_packed_sound_is_refused_and_nothing_worse(noise: bytes) -> None:
    for data in (noise, pack(pcm(range(-400, 400)))[:-1] + noise, b"\x02" + noise):
        try:
            unpack(data)
        except ValueError as error:
            assert "packed sound" in str(error)  # noqa: PT017 - most noise is refused, some is sound


def test_a_damaged_length_takes_no_memory() -> None:
    with pytest.raises(ValueError, match="cut off"):
        unpack(b"\x01" + b"\xff" * 8 + b"x" * 100)


def noise(seconds: float, rms: float, rate: int = 16000) -> np.ndarray:
    return np.random.default_rng(1).normal(0, rms, round(seconds * rate))


def voiced(seconds: float, rate: int = 16000) -> np.ndarray:
    """Something like a vowel: harmonics of 120 Hz, weaker towards the top."""
    at = np.arange(round(seconds * rate)) / rate
    harmonics = [4000 / n**1.5 * np.sin(2 * np.pi * 120 * n * at) for n in range(1, 25)]
    return np.sum(harmonics, axis=0)


@pytest.mark.parametrize(
    ("sound", "part"),
    [
        (np.zeros(16000), 0.02),
        (noise(1, 10), 0.4),
        (noise(1, 60), 0.6),
        (voiced(1) + noise(1, 10), 0.65),
        (np.concatenate([voiced(0.4), noise(0.6, 10)]), 0.5),
    ],
)
def test_packets_of_20_ms_become_shorter(sound: np.ndarray, part: float) -> None:
    data = pcm(sound)
    packed = sum(len(pack(data[start : start + 640])) for start in range(0, len(data), 640))
    assert packed / len(data) < part


def test_noise_at_full_scale_stays_as_it_is() -> None:
    sound = np.random.default_rng(1).bytes(640)
    assert pack(sound) == b"\0" + sound
