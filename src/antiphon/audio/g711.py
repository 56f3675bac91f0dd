"""G.711: the mu-law and A-law bytes of telephone lines, to and from PCM s16le.

The tables follow ITU-T G.711 (11/88), tables 1a to 2b; how 16 bits map onto its 14-bit (mu-law) and 13-bit
(A-law) scale follows the ITU-T Software Tool Library (G.191): low bits are dropped from the magnitude, which
for negative numbers is the one's complement. Both directions are one table look-up per sample.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from antiphon.audio.pcm import samples

_U16: np.dtype[np.uint16] = np.dtype("<u2")
_MU_BIAS = 33
_MU_CLIP = 0x1FFF


def ulaw_encode(pcm: bytes) -> bytes:
    """Mu-law, one byte per sample of `pcm`. ValueError if `pcm` holds half a sample."""
    return ulaw_encoding()[samples(pcm).view(_U16)].tobytes()


def ulaw_decode(data: bytes) -> bytes:
    """PCM s16le, one sample per byte of `data`."""
    return ulaw_decoding()[np.frombuffer(data, dtype=np.uint8)].tobytes()


def alaw_encode(pcm: bytes) -> bytes:
    """A-law, one byte per sample of `pcm`. ValueError if `pcm` holds half a sample."""
    return alaw_encoding()[samples(pcm).view(_U16)].tobytes()


def alaw_decode(data: bytes) -> bytes:
    """PCM s16le, one sample per byte of `data`."""
    return alaw_decoding()[np.frombuffer(data, dtype=np.uint8)].tobytes()


@cache
def ulaw_encoding() -> NDArray[np.uint8]:
    """The code of every 16-bit value, indexed by its unsigned bits: shape [65536]."""
    value, magnitude = _all_samples()
    biased = np.minimum((magnitude >> 2) + _MU_BIAS, _MU_CLIP)
    segment = _bit_length(biased) - 6
    code = (segment << 4) | ((biased >> (segment + 1)) & 0x0F)
    sign = np.where(value < 0, 0x80, 0)
    return (~(code | sign) & 0xFF).astype(np.uint8)


@cache
def alaw_encoding() -> NDArray[np.uint8]:
    """The code of every 16-bit value, indexed by its unsigned bits: shape [65536]."""
    value, magnitude = _all_samples()
    level = magnitude >> 4
    segment = np.maximum(_bit_length(level) - 4, 0)
    code = (segment << 4) | ((level >> np.maximum(segment - 1, 0)) & 0x0F)
    sign = np.where(value < 0, 0, 0x80)
    return ((code | sign) ^ 0x55).astype(np.uint8)


@cache
def ulaw_decoding() -> NDArray[np.int16]:
    """The 16-bit value of every code: shape [256]."""
    bits = ~np.arange(256) & 0xFF
    magnitude = (((((bits & 0x0F) << 1) + _MU_BIAS) << ((bits >> 4) & 7)) - _MU_BIAS) * 4
    return np.where(bits & 0x80, -magnitude, magnitude).astype("<i2")


@cache
def alaw_decoding() -> NDArray[np.int16]:
    """The 16-bit value of every code: shape [256]."""
    bits = np.arange(256) ^ 0x55
    segment = (bits >> 4) & 7
    step = np.where(segment > 0, 16, 0) + (bits & 0x0F)
    magnitude = ((step << 4) + 8) << np.maximum(segment - 1, 0)
    return np.where(bits & 0x80, magnitude, -magnitude).astype("<i2")


def _all_samples() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    value = np.arange(65536, dtype=np.int64)
    value[32768:] -= 65536
    return value, np.where(value < 0, ~value, value)


def _bit_length(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Bits needed for each number from 0 to 2**52 (as int.bit_length)."""
    return np.frexp(values.astype(np.float64))[1].astype(np.int64)
