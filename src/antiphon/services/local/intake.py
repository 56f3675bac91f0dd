"""Sound of any rate and channel count in, mono at the rate of a model out. Pure.

Whole clips only. A segment of speech is kept at the rate it came in and converted when it is read: a
resampler for live pieces would hold back the last 100 ms, which is a word's end.
"""

from __future__ import annotations

import numpy as np

from antiphon.audio.resample import StreamResampler, to_mono
from antiphon.services.base import Audio, ServiceError
from antiphon.services.local.arrays import Pcm


def mono(piece: Audio) -> Pcm:
    """The samples at the piece's own rate, the mean of its channels.

    Raises `ServiceError` if the bytes are not whole samples.
    """
    if piece.rate <= 0 or piece.channels <= 0 or len(piece.pcm) % (2 * piece.channels):
        raise ServiceError(
            "Audio must be whole s16le samples with a rate and channels above zero, "
            f"not {len(piece.pcm)} bytes at {piece.rate} Hz with {piece.channels} channels."
        )
    return np.frombuffer(to_mono(piece.pcm, piece.channels), np.int16)


def resampled(clip: Pcm, source: int, target: int) -> Pcm:
    """A whole clip at another rate."""
    if source == target:
        return clip
    resampler = StreamResampler(source, target)
    return np.frombuffer(resampler.process(clip.tobytes()) + resampler.flush(), np.int16)
