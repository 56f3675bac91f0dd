"""Measurements of recorded sound: mono samples in 16-bit scale."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def levels(sound: NDArray[np.int16], rate: int, seconds: float = 0.01) -> NDArray[np.float64]:
    """Root mean square of every stretch of so many seconds."""
    size = round(rate * seconds)
    whole = sound[: len(sound) - len(sound) % size].astype(np.float64).reshape(-1, size)
    return np.sqrt(np.mean(whole**2, axis=1))


def pitch(sound: NDArray[np.int16], rate: int) -> float:
    """The strongest frequency, in Hz."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return float(np.argmax(spectrum) * rate / len(sound))


def impurity(sound: NDArray[np.int16], rate: int, frequency: float) -> float:
    """The energy of what is no sine of this frequency, in dB below the sine (more negative: purer)."""
    return float(_impurities(sound[np.newaxis], rate, frequency)[0])


def worst_click(sound: NDArray[np.int16], rate: int, frequency: float) -> float:
    """The largest `impurity` of any 20 ms: a click is short and would be lost in the whole."""
    size = round(rate * 0.02)
    stretches = np.lib.stride_tricks.sliding_window_view(sound, size)[: len(sound) - size : size // 4]
    return float(np.max(_impurities(stretches, rate, frequency)))


def _impurities(stretches: NDArray[np.int16], rate: int, frequency: float) -> NDArray[np.float64]:
    """The impurity of each row; the frequency may be half a hertz off."""
    values = stretches.astype(np.float64)
    places = np.arange(len(values[0]), dtype=np.float64) * (2 * math.pi / rate)
    best = np.full(len(values), math.inf)
    for shift in np.linspace(-0.5, 0.5, 41):
        turns = places * (frequency + shift)
        basis: NDArray[np.float64] = np.linalg.qr(np.stack((np.sin(turns), np.cos(turns)), axis=1)).Q
        sines: NDArray[np.float64] = values @ basis @ basis.T
        best = np.minimum(best, np.sum((values - sines) ** 2, axis=1) / np.sum(sines**2, axis=1))
    return 10 * np.log10(best)


def is_loud(sound: NDArray[np.int16], threshold: int = 1000) -> bool:
    """Whether any sample is larger than that."""
    return bool(np.any(np.abs(sound.astype(np.int32)) > threshold))
