"""How loud somebody has been speaking: the power of the windows that hold speech, on average. Pure.

It is told anew only when it says something new: once after the first `FIRST_SECONDS` of speech, and whenever
it has risen by `STEP` dB since. A word that begins softly ("no" begins 10 dB below its vowel) is so corrected
as soon as its loud part is there.
"""

from __future__ import annotations

import math

import numpy as np

from antiphon.audio.pcm import FLOOR_DBFS

FIRST_SECONDS = 0.15
STEP = 3.0

_FULL_SCALE = 32768.0


class SpeechLevel:
    """Give it every window of mono PCM s16le that holds speech."""

    def __init__(self) -> None:
        self._power = 0.0
        self._seconds = 0.0
        self._told: float | None = None

    def add(self, window: bytes, seconds: float) -> None:
        """More speech."""
        samples = np.frombuffer(window, "<i2").astype(np.float32)
        if len(samples):
            self._power += seconds * float(samples.dot(samples)) / (_FULL_SCALE * _FULL_SCALE * len(samples))
        self._seconds += seconds

    @property
    def dbfs(self) -> float | None:
        """RMS in dB relative to full scale, at least FLOOR_DBFS; None before any speech."""
        if not self._seconds:
            return None
        power = self._power / self._seconds
        return max(FLOOR_DBFS, 10 * math.log10(power)) if power else FLOOR_DBFS

    def news(self) -> float | None:
        """The level if it should be told now; None if there is nothing new."""
        level = self.dbfs
        if level is None or self._seconds < FIRST_SECONDS:
            return None
        if self._told is not None and level < self._told + STEP:
            return None
        self._told = level
        return level

    def reset(self) -> None:
        """What comes next is other speech."""
        self._power = self._seconds = 0.0
        self._told = None
