"""Small arithmetic on PCM s16le bytes: levels, silence, fades, mixing, gain.

Every function returns new bytes of the same length as what it was given (`mix`: as the longer one) and
saturates at the ends of the 16-bit range instead of wrapping. Bytes that are not whole samples raise
ValueError. For anything longer than a few seconds use numpy on `samples(pcm)` directly.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

FLOOR_DBFS = -100.0
"""What digital silence measures: below the smallest 16-bit value (-90.3 dBFS)."""

_S16: np.dtype[np.int16] = np.dtype("<i2")


def samples(pcm: bytes | bytearray | memoryview) -> NDArray[np.int16]:
    """The samples of `pcm` as a read-only view of shape [samples]. ValueError on half a sample."""
    if len(pcm) % 2:
        raise ValueError(f"PCM s16le needs an even number of bytes, not {len(pcm)}.")
    return np.frombuffer(pcm, dtype=_S16)


def to_pcm(values: NDArray[Any]) -> bytes:
    """Numbers in 16-bit scale (any dtype and shape), rounded and saturated, as s16le bytes."""
    if values.dtype == np.int16:
        return values.astype(_S16, copy=False).tobytes()
    return np.clip(np.rint(values), -32768, 32767).astype(_S16).tobytes()


def silence(count: int) -> bytes:
    """`count` samples of silence (per channel times channels)."""
    return bytes(2 * count)


def rms_dbfs(pcm: bytes) -> float:
    """Root mean square in dB relative to full scale (a full-scale sine is -3.01), at least FLOOR_DBFS."""
    values = samples(pcm).astype(np.float32)
    if not values.size:
        return FLOOR_DBFS
    return _dbfs(math.sqrt(float(np.dot(values, values)) / values.size))


def peak_dbfs(pcm: bytes) -> float:
    """Level of the largest sample in dB relative to full scale, at least FLOOR_DBFS."""
    values = samples(pcm)
    if not values.size:
        return FLOOR_DBFS
    return _dbfs(float(max(int(values.max()), -int(values.min()))))


def gain(pcm: bytes, decibels: float) -> bytes:
    """Louder or quieter by `decibels`; `-math.inf` gives silence."""
    return to_pcm(samples(pcm).astype(np.float32) * _factor(decibels))


def mix(first: bytes, second: bytes) -> bytes:
    """The sum of both from their first sample on, as long as the longer one."""
    total = np.zeros(max(len(first), len(second)) // 2, dtype=np.int32)
    for pcm in (first, second):
        values = samples(pcm)
        total[: values.size] += values
    return to_pcm(total)


def fade_in(pcm: bytes, rate: int, ms: float, channels: int = 1) -> bytes:
    """Rise linearly from silence over the first `ms` milliseconds (over all, if there is less)."""
    return _fade(pcm, rate, ms, channels, out=False)


def fade_out(pcm: bytes, rate: int, ms: float, channels: int = 1) -> bytes:
    """Fall linearly to silence over the last `ms` milliseconds (over all, if there is less)."""
    return _fade(pcm, rate, ms, channels, out=True)


def _fade(pcm: bytes, rate: int, ms: float, channels: int, *, out: bool) -> bytes:
    values = samples(pcm)
    if values.size % channels:
        raise ValueError(f"{values.size} samples are not whole frames of {channels} channels.")
    frames = values.reshape(-1, channels).astype(np.float32)
    length = min(len(frames), max(0, round(rate * ms / 1000)))
    if not length:
        return pcm
    ramp = (np.arange(length, dtype=np.float32) / length)[:, np.newaxis]
    if out:
        frames[-length:] *= ramp[::-1]
    else:
        frames[:length] *= ramp
    return to_pcm(frames)


def _dbfs(amplitude: float) -> float:
    if amplitude <= 0:
        return FLOOR_DBFS
    return max(FLOOR_DBFS, 20 * math.log10(amplitude / 32768))


def _factor(decibels: float) -> float:
    """The amplitude ratio; 200 dB already saturates or silences every 16-bit sample."""
    return 0.0 if decibels < -200 else 10 ** (min(decibels, 200.0) / 20)
