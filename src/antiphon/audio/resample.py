"""Sample rate conversion without seams, over soxr.

`StreamResampler` keeps the filter's state from one piece to the next, so that pieces of any size give the
same samples as the whole at once. It computes in float32: soxr's 16-bit mode adds dither noise, also to
digital silence.

Its limit: soxr filters in blocks, so a stream of 20 ms pieces comes out in bursts. Measured with soxr 1.1, up
to 115 ms are held back between 8 and 16 kHz and up to 40 ms between 24 and 48 kHz (`quality="LQ"` halves
that), whatever the piece size. `flush` gives all of it. Where every packet must come out at once, as on a
live line, use `antiphon.audio.polyphase.LiveResampler`.
"""

from __future__ import annotations

from typing import Literal, Protocol, cast

import numpy as np
import soxr
from numpy.typing import NDArray

from antiphon.audio.pcm import samples, to_pcm
from antiphon.audio.sound import Sound

Quality = Literal["QQ", "LQ", "MQ", "HQ", "VHQ"]


class _Stream(Protocol):
    """The part of soxr.ResampleStream in use: float32 arrays of [frames, channels] in and out."""

    def resample_chunk(self, x: NDArray[np.float32], last: bool = False) -> NDArray[np.float32]: ...


class StreamResampler:
    """Resamples interleaved s16le PCM piece by piece. Equal rates pass bytes through untouched."""

    def __init__(
        self, source_rate: int, target_rate: int, channels: int = 1, *, quality: Quality = "HQ"
    ) -> None:
        if min(source_rate, target_rate, channels) < 1:
            raise ValueError(
                f"Rates and channels must be positive, not {source_rate}, {target_rate}, {channels}."
            )
        self.source_rate = source_rate
        self.target_rate = target_rate
        self.channels = channels
        self._quality: Quality = quality
        self._stream = None if source_rate == target_rate else self._open()
        self._partial = b""

    def process(self, pcm: bytes) -> bytes:
        """What of the result is ready. `pcm` may end within a frame: the rest is expected next."""
        if self._stream is None:
            return pcm
        return self._run(self._stream, pcm, last=False)

    def flush(self) -> bytes:
        """The rest of the result; the resampler is then fresh. Half a frame at the very end is dropped."""
        if self._stream is None:
            return b""
        stream, self._stream = self._stream, self._open()
        rest = self._run(stream, b"", last=True)
        self._partial = b""
        return rest

    def _run(self, stream: _Stream, pcm: bytes, *, last: bool) -> bytes:
        if self._partial:
            pcm = self._partial + pcm
        whole = len(pcm) - len(pcm) % (2 * self.channels)
        self._partial = pcm[whole:]
        frames = samples(pcm[:whole]).reshape(-1, self.channels).astype(np.float32)
        return to_pcm(stream.resample_chunk(frames, last))

    def _open(self) -> _Stream:
        stream = soxr.ResampleStream(
            self.source_rate, self.target_rate, self.channels, dtype="float32", quality=self._quality
        )
        return cast(_Stream, stream)


def to_mono(pcm: bytes, channels: int) -> bytes:
    """The mean of interleaved channels, one sample per frame. ValueError on an incomplete frame."""
    if channels == 1:
        return pcm
    values = samples(pcm)
    if values.size % channels:
        raise ValueError(f"{values.size} samples are not whole frames of {channels} channels.")
    return to_pcm(values.reshape(-1, channels).mean(axis=1, dtype=np.float32))


def convert(sound: Sound, rate: int) -> bytes:
    """The whole of `sound` as mono s16le at `rate`."""
    mono = sound.mono()
    if sound.rate != rate:
        stream = cast(_Stream, soxr.ResampleStream(sound.rate, rate, 1, dtype="float32", quality="HQ"))
        mono = stream.resample_chunk(mono[:, np.newaxis], True)
    return to_pcm(mono * np.float32(32768))
