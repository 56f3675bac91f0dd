"""Writing WAV files: at once (`write_wav`) or as sound arrives (`WavWriter`).

`WavWriter` brings the header up to date with every `sync`, so that a crash keeps all up to the last one.
"""

from __future__ import annotations

import struct
from types import TracebackType
from typing import BinaryIO, Literal, Self

import numpy as np

from antiphon.audio.pcm import to_pcm
from antiphon.audio.sound import Sound
from antiphon.audio.wavread import MAX_RATE, MIN_RATE, WavError

_HEADER = 44
_MAX_DATA = 0xFFFFFFFF - _HEADER


def write_wav(sound: Sound, encoding: Literal["s16", "f32"] = "s16") -> bytes:
    """`sound` as the bytes of a WAV file: 16-bit PCM (saturated) or 32-bit float (as it is)."""
    if encoding == "s16":
        body = to_pcm(sound.samples * np.float32(32768))
        return _header(sound.rate, sound.channels, len(body)) + body
    body = sound.samples.astype("<f4", copy=False).tobytes()
    return _header(sound.rate, sound.channels, len(body), code=3, width=4) + body


class WavWriter:
    """Appends interleaved s16le PCM to `target`, which must be seekable and is left open.

    The file is valid from the start. `with WavWriter(...)` syncs at the end, whatever happens.
    Raises WavError for a rate or a number of channels that no WAV has, and beyond 4 GiB.
    """

    def __init__(self, target: BinaryIO, rate: int, channels: int = 1) -> None:
        if not (MIN_RATE <= rate <= MAX_RATE and 1 <= channels <= 64):
            raise WavError(f"A WAV cannot have {rate} samples per second in {channels} channels.")
        self._target = target
        self._rate = rate
        self._channels = channels
        self._start = target.tell()
        self._size = 0
        target.write(_header(rate, channels, 0))

    @property
    def frames(self) -> int:
        """Frames written so far."""
        return self._size // (2 * self._channels)

    def write(self, pcm: bytes) -> None:
        """Append whole frames. ValueError on an incomplete one."""
        if len(pcm) % (2 * self._channels):
            raise ValueError(f"{len(pcm)} bytes are not whole frames of {self._channels} 16-bit channels.")
        if self._size + len(pcm) > _MAX_DATA:
            raise WavError("A WAV file ends at 4 GiB: begin another one.")
        self._target.write(pcm)
        self._size += len(pcm)

    def sync(self) -> None:
        """Make the file valid up to here and hand everything to the operating system."""
        self._target.seek(self._start)
        self._target.write(_header(self._rate, self._channels, self._size))
        self._target.seek(self._start + _HEADER + self._size)
        self._target.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.sync()


def _header(rate: int, channels: int, size: int, *, code: int = 1, width: int = 2) -> bytes:
    if size > _MAX_DATA:
        raise WavError("A WAV file ends at 4 GiB: write the sound in several.")
    frame = width * channels
    riff = struct.pack("<4sI4s", b"RIFF", _HEADER - 8 + size + size % 2, b"WAVE")
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, code, channels, rate, rate * frame, frame, 8 * width)
    return riff + fmt + struct.pack("<4sI", b"data", size)
