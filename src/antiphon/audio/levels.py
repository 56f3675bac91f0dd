"""Levels: cut the silence around a clip of speech and raise its volume without clipping.

Pure functions over whole clips of mono float32 in -1 to 1, such as one clause from a speech synthesiser. They
look at the clip as a whole, so they are not for a live stream of a microphone.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

SILENCE = 0.003
"""Magnitude under which a synthesiser's noise floor counts as silence: -50 dBFS, below soft onsets."""

KNEE = 0.7
CEILING = 0.97


def silence_around(samples: Samples, threshold: float = SILENCE) -> tuple[int, int]:
    """How many samples at the head and at the tail stay below `threshold`.

    Of a clip that is silent throughout, all is head.
    """
    loud = np.flatnonzero(np.abs(samples) >= threshold)
    if loud.size == 0:
        return len(samples), 0
    return int(loud[0]), int(len(samples) - 1 - loud[-1])


def trim(
    samples: Samples, rate: int, *, head: float = 0.03, tail: float = 0.12, threshold: float = SILENCE
) -> Samples:
    """Leave at most `head` and `tail` seconds of silence around the sound; `rate` in samples per second.

    Never cuts a sample that reaches `threshold`. A clip that is silent throughout becomes empty.
    """
    before, after = silence_around(samples, threshold)
    if before == len(samples):
        return samples[:0]
    start = max(0, before - round(head * rate))
    end = len(samples) - max(0, after - round(tail * rate))
    return samples[start:end]


def limit(samples: Samples, *, knee: float = KNEE, ceiling: float = CEILING) -> Samples:
    """Bend what is louder than `knee` so that nothing passes `ceiling`; what is quieter stays as it is.

    The curve is ``knee + room * tanh((|x| - knee) / room)`` with ``room = ceiling - knee``: its slope is 1
    at the knee, so there is no corner to be heard.
    """
    size = np.abs(samples)
    room = ceiling - knee
    bent = knee + room * np.tanh((size - knee) / room)
    return np.where(size > knee, np.copysign(bent, samples), samples).astype(np.float32)


def amplify(samples: Samples, decibels: float) -> Samples:
    """Raise the level by `decibels` and limit the peaks."""
    return limit(samples * np.float32(10 ** (decibels / 20)))


def rms_dbfs(samples: Samples) -> float:
    """Root mean square in decibels relative to full scale; minus infinity for silence or an empty clip."""
    power = float(np.mean(np.square(samples, dtype=np.float64))) if samples.size else 0.0
    return 10 * math.log10(power) if power else -math.inf


def to_pcm16(samples: Samples) -> bytes:
    """As s16le; what lies outside -1 to 1 is clipped."""
    return (np.clip(samples, -1.0, 1.0) * 32767.0).round().astype("<i2").tobytes()
