"""Compared with the decision and output values that G.711's tables list, searched value by value."""

from __future__ import annotations

from bisect import bisect_right
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.audio.g711 import alaw_decode, alaw_encode, ulaw_decode, ulaw_encode
from antiphon.audio.pcm import samples, to_pcm

EVERY_SAMPLE = to_pcm(np.arange(-32768, 32768))
EVERY_CODE = bytes(range(256))


@cache
def ulaw_decisions() -> list[int]:
    """Table 2a, column 4: 128 lower ends of the intervals, 14-bit scale."""
    ends = [0]
    for chord in range(8):
        step = 2 << chord
        for _ in range(16):
            ends.append(ends[-1] + (1 if len(ends) == 1 else step))
    return ends[:128]


@cache
def alaw_decisions() -> list[int]:
    """Table 1a, column 4: 128 lower ends of the intervals, 13-bit scale with unit steps of 2 halved."""
    ends = [0]
    for step in [1] * 32 + [2] * 16 + [4] * 16 + [8] * 16 + [16] * 16 + [32] * 16 + [64] * 16:
        ends.append(ends[-1] + step)
    return ends[:128]


def reference_ulaw(sample: int) -> int:
    magnitude = (~sample if sample < 0 else sample) >> 2
    number = bisect_right(ulaw_decisions(), magnitude) - 1
    return (0x7F if sample < 0 else 0xFF) - number


def reference_alaw(sample: int) -> int:
    magnitude = (~sample if sample < 0 else sample) >> 4
    number = bisect_right(alaw_decisions(), magnitude) - 1
    return ((0x00 if sample < 0 else 0x80) + number) ^ 0x55


def test_the_reference_matches_the_published_corners() -> None:
    assert ulaw_decisions()[:4] == [0, 1, 3, 5]
    assert [ulaw_decisions()[16 * n] for n in range(1, 8)] == [31, 95, 223, 479, 991, 2015, 4063]
    assert [alaw_decisions()[16 * n] for n in range(1, 8)] == [16, 32, 64, 128, 256, 512, 1024]


def test_every_sample_encodes_as_the_tables_say() -> None:
    ulaw, alaw = ulaw_encode(EVERY_SAMPLE), alaw_encode(EVERY_SAMPLE)
    assert ulaw == bytes(map(reference_ulaw, range(-32768, 32768)))
    assert alaw == bytes(map(reference_alaw, range(-32768, 32768)))


def test_outputs_are_the_midpoints_of_their_intervals() -> None:
    """Tables 1a and 2a, column 8; mu-law's first output is 0."""
    ulaw, alaw = [*ulaw_decisions(), 8159], [*alaw_decisions(), 2048]
    for number in range(128):
        low, high = ulaw[number], ulaw[number + 1]
        expected = 0 if number == 0 else (low + high) // 2 * 4
        assert samples(ulaw_decode(bytes([0xFF - number, 0x7F - number]))).tolist() == [expected, -expected]
        low, high = alaw[number], alaw[number + 1]
        expected = (low + high) * 8
        codes = bytes([(0x80 + number) ^ 0x55, number ^ 0x55])
        assert samples(alaw_decode(codes)).tolist() == [expected, -expected]


def test_known_codes() -> None:
    assert ulaw_encode(b"\0\0") == b"\xff"
    assert alaw_encode(b"\0\0") == b"\xd5"
    assert samples(ulaw_decode(b"\x00\x80")).tolist() == [-32124, 32124]
    assert samples(alaw_decode(b"\x2a\xaa")).tolist() == [-32256, 32256]


def test_a_code_survives_decoding_and_encoding() -> None:
    assert alaw_encode(alaw_decode(EVERY_CODE)) == EVERY_CODE
    assert ulaw_encode(ulaw_decode(EVERY_CODE)) == EVERY_CODE.replace(b"\x7f", b"\xff")


@given(st.binary(max_size=100))
def test_one_byte_per_sample(data: bytes) -> None:
    assert len(ulaw_decode(data)) == len(alaw_decode(data)) == 2 * len(data)
    assert len(ulaw_encode(ulaw_decode(data))) == len(data)


def test_encoding_is_monotone() -> None:
    for decoded in (ulaw_decode(ulaw_encode(EVERY_SAMPLE)), alaw_decode(alaw_encode(EVERY_SAMPLE))):
        assert (np.diff(samples(decoded).astype(int)) >= 0).all()


def test_half_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="even"):
        ulaw_encode(b"abc")
