"""How much of a piece of sound is loud enough to be speech, and where it is quietest. Pure functions.

This is a floor, not a voice detector: it only tells near silence, on which recognisers invent words, from
everything else.
"""

from __future__ import annotations

import numpy as np

from antiphon.services.local.arrays import Pcm

FLOOR = 10 ** (-50 / 20)
"""RMS of a frame below which it counts as silence, of full scale 1: -50 dBFS, well under quiet speech."""

_FRAMES_PER_SECOND = 100


def loud_samples(pcm: Pcm, rate: int) -> int:
    """How many samples lie in frames above the floor. A frame is 10 ms at `rate`, the last may be shorter."""
    starts = np.arange(0, len(pcm), max(1, rate // _FRAMES_PER_SECOND))
    if not len(starts):
        return 0
    energy = np.add.reduceat(pcm.astype(np.float32) ** 2, starts)
    sizes = np.diff(np.append(starts, len(pcm)))
    loud = energy > sizes * (FLOOR * 32768) ** 2
    return int(sizes[loud].sum())


def quietest(pcm: Pcm, window: int) -> int:
    """The middle of the quietest stretch of `window` samples, the latest of several; n / 2 if n < window."""
    if len(pcm) < window:
        return len(pcm) // 2
    total = np.concatenate([[0.0], np.cumsum(pcm.astype(np.float64) ** 2)])
    energy = total[window:] - total[:-window]
    latest = len(energy) - 1 - int(np.argmin(energy[::-1]))
    return latest + window // 2
