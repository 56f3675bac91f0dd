"""Reading WAV files: RIFF and RF64, as they are found in the wild.

Decodes PCM of 8 to 32 bits, floats of 32 and 64 bits, mu-law and A-law, plain or WAVE_FORMAT_EXTENSIBLE.
What the header promises is never believed beyond the bytes that are there: a file cut short gives what it
holds and `Sound.truncated`. Everything that cannot be read raises `WavError`. Writing is in `wavwrite`.

Layout: Microsoft/IBM "Multimedia Programming Interface and Data Specifications 1.0" (1991), EBU Tech 3306
(RF64), RFC 2361 (format codes).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from antiphon.audio.g711 import alaw_decoding, ulaw_decoding
from antiphon.audio.sound import Sound

MIN_RATE = 1_000
MAX_RATE = 384_000
MAX_CHANNELS = 64

_PCM, _FLOAT, _ALAW, _ULAW, _EXTENSIBLE = 0x0001, 0x0003, 0x0006, 0x0007, 0xFFFE
_WIDTHS = {_PCM: (1, 2, 3, 4), _FLOAT: (4, 8), _ALAW: (1,), _ULAW: (1,)}
_UNKNOWN_SIZE = 0xFFFFFFFF
_LOUDEST = 1e6
_NAMES = {
    0x0002: "Microsoft ADPCM",
    0x0011: "IMA ADPCM",
    0x0031: "GSM 6.10",
    0x0040: "G.721 ADPCM",
    0x0050: "MPEG audio",
    0x0055: "MP3",
    0x0064: "G.726 ADPCM",
    0x00FF: "AAC",
    0x0160: "Windows Media Audio 1",
    0x0161: "Windows Media Audio",
    0x1610: "AAC",
    0x674F: "Vorbis",
    0xF1AC: "FLAC",
}


class WavError(ValueError):
    """The bytes cannot be read as a WAV file, or not be written as one. The message says what to do."""


@dataclass(frozen=True, slots=True)
class _Format:
    """The `fmt ` chunk, with the code of an extensible format resolved. `width`: bytes per sample."""

    code: int
    channels: int
    rate: int
    width: int


@dataclass(frozen=True, slots=True)
class _Body:
    """The `data` chunk: the bytes that are there, and whether the header promised more."""

    data: memoryview
    truncated: bool


def read_wav(source: bytes | BinaryIO) -> Sound:
    """Decode a whole WAV file, given as bytes or as something to read from.

    Raises WavError if it is empty, not a WAV, holds no frames, is compressed or its header makes no sense.
    """
    data = memoryview(_all_bytes(source))
    fmt, body = _chunks(data)
    size = fmt.channels * fmt.width
    frames = len(body.data) // size
    if not frames:
        raise WavError("This WAV file holds no sound: its data is empty. Record it again.")
    flat = _decode(body.data[: frames * size], fmt)
    samples = np.ascontiguousarray(flat.reshape(frames, fmt.channels))
    return Sound(samples, fmt.rate, truncated=body.truncated)


def _all_bytes(source: bytes | BinaryIO) -> bytes:
    """The file's bytes, read further only if they begin as a WAV file does."""
    head = source[:12] if isinstance(source, bytes) else source.read(12)
    if not head:
        raise WavError("This file is empty: give a WAV file.")
    if head[:4] == b"RIFX":
        raise WavError("This WAV is big-endian (RIFX): convert it with `ffmpeg -i in.wav out.wav`.")
    if len(head) < 12 or head[:4] not in (b"RIFF", b"RF64", b"BW64") or head[8:] != b"WAVE":
        raise WavError("This is not a WAV file: convert it with `ffmpeg -i in -c:a pcm_s16le out.wav`.")
    return source if isinstance(source, bytes) else head + source.read()


def _chunks(data: memoryview) -> tuple[_Format, _Body]:
    """Walk the chunks up to the one with the sound."""
    riff_size = _u32(data, 4)
    fmt: _Format | None = None
    data_size: int | None = None
    at = 12
    while at + 8 <= len(data):
        name, size = bytes(data[at : at + 4]), _u32(data, at + 4)
        payload = data[at + 8 : at + 8 + size]
        if name == b"fmt ":
            fmt = _parse_format(payload)
        elif name == b"ds64" and len(payload) >= 16:
            data_size = int.from_bytes(payload[8:16], "little")
        elif name == b"data":
            if fmt is None:
                raise WavError("This WAV has its sound before its format: it is damaged, export it again.")
            return fmt, _body(data[at + 8 :], size, riff_size, data_size)
        at += 8 + size + size % 2
    missing = "format" if fmt is None else "sound"
    raise WavError(f"This WAV has no {missing} chunk: it is damaged or cut short, export it again.")


def _body(rest: memoryview, size: int, riff_size: int, size64: int | None) -> _Body:
    """The sound within `rest`. A size that a streaming writer left open means: up to the end."""
    if size == _UNKNOWN_SIZE and size64 is not None:
        size = size64
    elif size == _UNKNOWN_SIZE or (size == 0 and riff_size in (0, _UNKNOWN_SIZE)):
        return _Body(rest, truncated=False)
    return _Body(rest[:size], truncated=len(rest) < size)


def _parse_format(payload: memoryview) -> _Format:
    if len(payload) < 16:
        raise WavError("This WAV's format chunk is too short: it is damaged, export it again.")
    code, channels, rate, _, align, bits = struct.unpack_from("<HHIIHH", payload)
    if code == _EXTENSIBLE and len(payload) >= 26:
        code = int.from_bytes(payload[24:26], "little")
    if code not in _WIDTHS:
        name = _NAMES.get(code, "an unknown format")
        raise WavError(
            f"This WAV holds {name} (code 0x{code:04X}), which is not decoded here: "
            "convert it with `ffmpeg -i in.wav -c:a pcm_s16le out.wav`."
        )
    if not MIN_RATE <= rate <= MAX_RATE:
        raise WavError(f"This WAV says {rate} samples per second: its header is damaged, export it again.")
    if not 1 <= channels <= MAX_CHANNELS:
        raise WavError(f"This WAV says {channels} channels: export it with 1 to {MAX_CHANNELS}.")
    width = align // channels if align and align % channels == 0 else (bits + 7) // 8
    if width not in _WIDTHS[code] or bits > 8 * width:
        raise WavError(f"This WAV says {bits} bits in {align} bytes per frame: export it as 16-bit PCM.")
    return _Format(code, channels, rate, width)


def _decode(data: memoryview, fmt: _Format) -> NDArray[np.float32]:
    """Floats of shape [samples], still interleaved."""
    if fmt.code == _FLOAT:
        return _finite(np.frombuffer(data, dtype=f"<f{fmt.width}"))
    if fmt.code == _ULAW:
        return ulaw_decoding()[np.frombuffer(data, dtype=np.uint8)].astype(np.float32) / np.float32(2**15)
    if fmt.code == _ALAW:
        return alaw_decoding()[np.frombuffer(data, dtype=np.uint8)].astype(np.float32) / np.float32(2**15)
    if fmt.width == 1:
        return (np.frombuffer(data, dtype=np.uint8).astype(np.float32) - 128) / np.float32(2**7)
    if fmt.width == 2:
        return np.frombuffer(data, dtype="<i2").astype(np.float32) / np.float32(2**15)
    return _int32(data, fmt.width).astype(np.float32) / np.float32(2**31)


def _int32(data: memoryview, width: int) -> NDArray[np.int32]:
    """Samples of 3 or 4 bytes, moved to the top of 32 bits."""
    if width == 4:
        return np.frombuffer(data, dtype="<i4")
    wide = np.zeros((len(data) // 3, 4), dtype=np.uint8)
    wide[:, 1:] = np.frombuffer(data, dtype=np.uint8).reshape(-1, 3)
    return wide.view("<i4").reshape(-1)


def _finite(values: NDArray[Any]) -> NDArray[np.float32]:
    """Floats with what is not a number as silence, limited so that later arithmetic cannot overflow."""
    return np.clip(np.nan_to_num(values, nan=0.0), -_LOUDEST, _LOUDEST).astype(np.float32)


def _u32(data: memoryview, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")
