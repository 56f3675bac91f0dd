"""Log-mel features as Whisper's encoder expects them, in plain numpy.

Pure: samples in, features out. Definition: "Robust Speech Recognition via Large-Scale Weak Supervision"
(Radford et al., 2022), section 2.2, 80 bins on the Slaney mel scale: linear below 1 kHz, logarithmic above,
each triangle scaled to constant energy.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from antiphon.services.local.arrays import Floats

RATE = 16_000
HOP = 160
BINS = 80
_FRAME = 400
_FLOOR = 1e-10
_RANGE = 8.0  # decades kept below the loudest bin


def log_mel(samples: Floats) -> Floats:
    """Features [80, n // 160] of n samples at 16 kHz, roughly in -1..1.5. n is at least 400.

    Frames of 25 ms every 10 ms, centred, the signal mirrored at both ends.
    """
    mel = np.log10(np.maximum(_filtered(_power_spectrum(samples)), _FLOOR))
    return ((np.maximum(mel, mel.max() - _RANGE) + 4) / 4).astype(np.float32)


def last_seconds(samples: Floats, seconds: float) -> Floats:
    """Exactly the last `seconds` at 16 kHz, with zeros before them if there is less."""
    length = round(seconds * RATE)
    missing = length - len(samples)
    return np.pad(samples, (missing, 0)) if missing > 0 else samples[-length:]


def normalised(samples: Floats) -> Floats:
    """The same signal with zero mean and unit variance; silence stays silence."""
    return ((samples - samples.mean()) / np.sqrt(samples.var() + 1e-7)).astype(np.float32)


def _power_spectrum(samples: Floats) -> Floats:
    mirrored = np.pad(samples, _FRAME // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(mirrored, _FRAME)[::HOP][: len(samples) // HOP]
    return (np.abs(np.fft.rfft(frames * _window(), axis=1)) ** 2).astype(np.float32)


def _filtered(power: Floats) -> Floats:
    """The filter bank applied, [80, frames]: a dozen weighted rows, which is quicker than a matrix product.

    A matrix product of this size also wakes numpy's own threads, which fight with those of the workers.
    """
    bins, weights = _sparse_filters()
    rows = np.ascontiguousarray(power.T)
    mel = np.zeros((BINS, len(power)), np.float32)
    for column, weight in zip(bins.T, weights.T, strict=True):
        mel += rows[column] * weight[:, None]
    return mel


@cache
def _sparse_filters() -> tuple[NDArray[np.intp], Floats]:
    """The bins that each filter spans, [80, n], and their weights: n is the span of the widest."""
    filters = mel_filters()
    widest = int((filters > 0).sum(axis=1).max())
    first = np.minimum((filters > 0).argmax(axis=1), filters.shape[1] - widest)
    bins = first[:, None] + np.arange(widest)
    return bins, np.take_along_axis(filters, bins, axis=1)


@cache
def _window() -> Floats:
    return np.hanning(_FRAME + 1)[:-1].astype(np.float32)


@cache
def mel_filters() -> Floats:
    """The filter bank, [80, 201]: triangles in mel over the bins of a 400-point spectrum at 16 kHz."""
    bins = np.linspace(0, RATE / 2, _FRAME // 2 + 1)
    corners = _hertz(np.linspace(0, _mel(RATE / 2), BINS + 2))
    low, centre, high = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    rising = (bins - low) / (centre - low)
    falling = (high - bins) / (high - centre)
    triangles = np.maximum(0, np.minimum(rising, falling))
    return (triangles * 2 / (high - low)).astype(np.float32)


_BREAK_HERTZ = 1000.0
_BREAK_MEL = 15.0
_MEL_PER_NEPER = 27 / np.log(6.4)


def _mel(hertz: float) -> float:
    """Slaney's scale, above its break at 1 kHz."""
    return float(_BREAK_MEL + np.log(hertz / _BREAK_HERTZ) * _MEL_PER_NEPER)


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    linear = mel * _BREAK_HERTZ / _BREAK_MEL
    logarithmic = _BREAK_HERTZ * np.exp((mel - _BREAK_MEL) / _MEL_PER_NEPER)
    return np.where(mel < _BREAK_MEL, linear, logarithmic)
