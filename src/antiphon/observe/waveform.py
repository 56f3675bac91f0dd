"""The sound of a conversation for a page: peaks as an SVG path, and a small WAV to play. Pure.

Peaks are the largest magnitude in each of so many equal stretches, drawn to both sides of the middle.
"""

from __future__ import annotations

import base64

import numpy as np
from numpy.typing import NDArray

from antiphon.audio.resample import convert
from antiphon.audio.sound import Sound
from antiphon.audio.wav import write_wav

PEAKS_PER_SECOND = 40
MAX_PEAKS = 8_000
"""Of a long conversation the peaks are wider, so that the page stays small: this many are about 60 kB."""

HALF_HEIGHT = 50
"""The path runs from -50 to 50; full scale is at the ends."""

RATES = (16_000, 8_000)
MAX_WAV_BYTES = 16 * 2**20
"""Beyond this the page would be slow to load: 4 minutes at 16 kHz, 9 at 8 kHz, then no sound."""


def peaks(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """The largest magnitude in each stretch, 0 to 1, shape [stretches]; `samples` is [frames] at `rate`."""
    count = min(MAX_PEAKS, max(1, round(samples.size * PEAKS_PER_SECOND / rate)))
    if samples.size == 0:
        return np.zeros(count, np.float32)
    starts = np.arange(count) * samples.size // count
    loudest = np.maximum.reduceat(np.abs(samples), np.minimum(starts, samples.size - 1))
    return np.clip(loudest, 0.0, 1.0).astype(np.float32)


def wave_path(samples: NDArray[np.float32], rate: int) -> tuple[str, int]:
    """An SVG path through the peaks, one unit wide each, and how many there are."""
    heights = np.rint(peaks(samples, rate) * HALF_HEIGHT).astype(int)
    top = "L".join(f"{x} {-height}" for x, height in enumerate(heights))
    bottom = "L".join(f"{x} {height}" for x, height in reversed(list(enumerate(heights))))
    return f"M{top}L{bottom}Z", len(heights)


def wav_address(sound: Sound, limit: int = MAX_WAV_BYTES) -> str | None:
    """The sound as a ``data:`` address of a 16-bit WAV, at the highest of `RATES` within `limit`."""
    for rate in RATES:
        if sound.seconds * rate * 2 * sound.channels + 44 <= limit:
            data = base64.b64encode(write_wav(_at(sound, min(rate, sound.rate)))).decode("ascii")
            return f"data:audio/wav;base64,{data}"
    return None


def _at(sound: Sound, rate: int) -> Sound:
    if rate == sound.rate:
        return sound
    columns = [
        np.frombuffer(convert(Sound(sound.samples[:, [side]], sound.rate), rate), "<i2")
        for side in range(sound.channels)
    ]
    return Sound(np.stack(columns, axis=1).astype(np.float32) / np.float32(32768), rate)
