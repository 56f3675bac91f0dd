"""The resampler for a live line between two rates: the one that gives every packet at once, where it can."""

from __future__ import annotations

from typing import Protocol

from antiphon.audio.polyphase import LiveResampler
from antiphon.audio.resample import StreamResampler


class Resampler(Protocol):
    """Converts interleaved PCM s16le piece by piece; `flush` gives the rest."""

    def process(self, pcm: bytes) -> bytes: ...
    def flush(self) -> bytes: ...


def live_resampler(source_rate: int, target_rate: int, channels: int = 1) -> Resampler:
    """A `LiveResampler` (a fixed delay of 4 ms or less); for odd pairs of rates a `StreamResampler`."""
    try:
        return LiveResampler(source_rate, target_rate, channels)
    except ValueError:
        return StreamResampler(source_rate, target_rate, channels)
