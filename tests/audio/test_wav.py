from __future__ import annotations

import io
import struct
import tracemalloc
from collections.abc import Callable
from typing import BinaryIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.audio.g711 import alaw_encode, ulaw_encode
from antiphon.audio.wav import Sound, WavError, WavWriter, read_wav, write_wav

LEVELS = np.array([0.0, 0.5, -0.5, -1.0], dtype=np.float32)


def chunk(name: bytes, body: bytes, size: int | None = None) -> bytes:
    return struct.pack("<4sI", name, len(body) if size is None else size) + body + b"\0" * (len(body) % 2)


def fmt(code: int, bits: int, *, rate: int = 16000, channels: int = 1, align: int | None = None) -> bytes:
    align = channels * bits // 8 if align is None else align
    return chunk(
        b"fmt ", struct.pack("<HHIIHH", code, channels, rate, rate * align & 0xFFFFFFFF, align, bits)
    )


def riff(*chunks: bytes, magic: bytes = b"RIFF", size: int | None = None) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return struct.pack("<4sI", magic, len(body) if size is None else size) + body


def s16(values: list[int]) -> bytes:
    return struct.pack(f"<{len(values)}h", *values)


HALF = s16([0, 16384, -16384, -32768])
PLAIN = riff(fmt(1, 16), chunk(b"data", HALF))
EXTENSION = struct.pack("<HHI", 22, 24, 4) + struct.pack("<H", 1) + bytes(14)
EXTENSIBLE = chunk(b"fmt ", struct.pack("<HHIIHH", 0xFFFE, 1, 16000, 48000, 3, 24) + EXTENSION)
BYTES24 = b"".join(value.to_bytes(3, "little", signed=True) for value in (0, 2**22, -(2**22), -(2**23)))


@pytest.mark.parametrize(
    "data",
    [
        PLAIN,
        riff(fmt(1, 8), chunk(b"data", bytes([128, 192, 64, 0]))),
        riff(fmt(1, 24), chunk(b"data", BYTES24)),
        riff(fmt(1, 20, align=3), chunk(b"data", BYTES24)),
        riff(fmt(1, 32), chunk(b"data", struct.pack("<4i", 0, 2**30, -(2**30), -(2**31)))),
        riff(fmt(3, 32), chunk(b"data", struct.pack("<4f", *LEVELS))),
        riff(fmt(3, 64), chunk(b"fact", b"\4\0\0\0"), chunk(b"data", struct.pack("<4d", *LEVELS))),
        riff(EXTENSIBLE, chunk(b"data", BYTES24)),
        riff(
            chunk(b"LIST", b"odd"),
            fmt(1, 16),
            chunk(b"junk", b""),
            chunk(b"data", HALF),
            chunk(b"id3 ", b"x"),
        ),
        riff(fmt(1, 16), chunk(b"data", HALF, 0xFFFFFFFF), size=0xFFFFFFFF),
        riff(fmt(1, 16), chunk(b"data", HALF, 0), size=0),
        riff(
            chunk(b"ds64", struct.pack("<QQQI", 80, 8, 4, 0)),
            fmt(1, 16),
            chunk(b"data", HALF, 0xFFFFFFFF),
            chunk(b"junk", b"not sound"),
            magic=b"RF64",
            size=0xFFFFFFFF,
        ),
    ],
)
def test_every_encoding_gives_the_same_sound(data: bytes) -> None:
    for source in (data, io.BytesIO(data)):
        sound = read_wav(source)
        assert sound.rate == 16000
        assert sound.samples.dtype == np.float32
        assert sound.samples.tolist() == LEVELS[:, np.newaxis].tolist()
        assert not sound.truncated


@pytest.mark.parametrize(("code", "encode"), [(6, alaw_encode), (7, ulaw_encode)])
def test_telephone_codes(code: int, encode: Callable[[bytes], bytes]) -> None:
    sound = read_wav(riff(fmt(code, 8), chunk(b"data", encode(HALF))))
    assert np.abs(sound.samples[:, 0] - LEVELS).max() < 0.05


def test_channels_and_any_rate() -> None:
    sound = read_wav(riff(fmt(1, 16, rate=384000, channels=3), chunk(b"data", s16(list(range(6))))))
    assert (sound.frames, sound.channels, sound.rate) == (2, 3, 384000)
    assert sound.seconds == pytest.approx(2 / 384000)
    assert (sound.samples * 32768).tolist() == [[0, 1, 2], [3, 4, 5]]


def test_what_is_not_a_number_is_silence() -> None:
    data = struct.pack("<3f", float("nan"), float("inf"), -1)
    assert np.isfinite(read_wav(riff(fmt(3, 32), chunk(b"data", data))).samples).all()


def test_a_file_cut_short_gives_what_it_holds() -> None:
    sound = read_wav(PLAIN[:-3])
    assert sound.truncated
    assert sound.frames == 2


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"ID3\x04" + bytes(100), "not a WAV"),
        (b"RIFF", "not a WAV"),
        (b"RIFX" + PLAIN[4:], "big-endian"),
        (PLAIN[:12], "no format"),
        (PLAIN[:36], "no sound"),
        (PLAIN[:44], "no sound"),
        (riff(fmt(1, 16), chunk(b"data", b"")), "no sound"),
        (riff(chunk(b"data", HALF)), "before its format"),
        (riff(chunk(b"fmt ", b"short"), chunk(b"data", HALF)), "too short"),
        (riff(fmt(0x55, 0), chunk(b"data", HALF)), "MP3.*ffmpeg"),
        (riff(fmt(0x11, 4), chunk(b"data", HALF)), "IMA ADPCM.*ffmpeg"),
        (riff(fmt(0x7777, 4), chunk(b"data", HALF)), "0x7777"),
        (riff(fmt(1, 16, rate=999), chunk(b"data", HALF)), "999 samples"),
        (riff(fmt(1, 16, rate=4_000_000_000), chunk(b"data", HALF)), "4000000000"),
        (riff(fmt(1, 16, channels=0, align=2), chunk(b"data", HALF)), "0 channels"),
        (riff(fmt(1, 64), chunk(b"data", HALF)), "64 bits"),
        (riff(fmt(3, 16), chunk(b"data", HALF)), "16 bits"),
    ],
)
def test_what_cannot_be_read_says_why_in_one_sentence(data: bytes, says: str) -> None:
    with pytest.raises(WavError, match=says) as caught:
        read_wav(data)
    assert "\n" not in str(caught.value)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A WAV with some bytes overwritten and the end cut off."""
    data = bytearray(draw(st.sampled_from([PLAIN, riff(EXTENSIBLE, chunk(b"data", BYTES24))])))
    for at in draw(st.lists(st.integers(0, len(data) - 1), max_size=6)):
        data[at] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(0, len(data)))])


@given(st.one_of(damaged(), st.binary(max_size=60).map(lambda tail: PLAIN[:12] + tail)))
def test_damage_raises_nothing_but_wav_error(data: bytes) -> None:
    try:
        sound = read_wav(data)
    except WavError:
        return
    assert 0 < sound.frames * sound.channels <= len(data)
    assert np.isfinite(sound.samples).all()


def test_a_lying_header_allocates_nothing() -> None:
    lie = riff(fmt(1, 16), chunk(b"data", HALF, 0xFFFFFFF0))
    tracemalloc.start()
    assert read_wav(io.BytesIO(lie)).truncated
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


@given(st.integers(1, 3), st.integers(1, 20), st.sampled_from([8000, 44100]), st.integers(0, 2**32 - 1))
def test_round_trip(channels: int, frames: int, rate: int, seed: int) -> None:
    values = np.random.default_rng(seed).uniform(-1, 1, (frames, channels)).astype(np.float32)
    exact = read_wav(write_wav(Sound(values, rate), "f32"))
    assert exact.samples.tolist() == values.tolist()
    rounded = read_wav(write_wav(Sound(values, rate)))
    assert rounded.rate == rate
    assert np.abs(rounded.samples - values).max() <= 1.01 / 32768


def test_loud_sound_is_saturated_not_wrapped() -> None:
    loud = Sound(np.array([[2.0], [-2.0]], dtype=np.float32), 8000)
    assert (read_wav(write_wav(loud)).samples[:, 0] * 32768).tolist() == [32767, -32768]


def record_and_fail(file: BinaryIO) -> None:
    with WavWriter(file, 8000) as writer:
        writer.write(HALF)
        writer.write(b"x")


class TestWriter:
    def test_the_file_is_valid_after_every_sync(self) -> None:
        file = io.BytesIO()
        writer = WavWriter(file, 8000, 2)
        for seconds in range(1, 4):
            writer.write(bytes(8000 * 4))
            writer.sync()
            sound = read_wav(file.getvalue())
            assert (sound.frames, sound.channels) == (8000 * seconds, 2)
        assert writer.frames == 24000

    def test_what_follows_the_last_sync_does_no_harm(self) -> None:
        file = io.BytesIO()
        writer = WavWriter(file, 8000)
        writer.write(HALF)
        writer.sync()
        writer.write(HALF)
        assert read_wav(file.getvalue()).frames == 4

    def test_leaving_the_block_syncs_also_after_an_error(self) -> None:
        file = io.BytesIO(b"before")
        file.seek(6)
        with pytest.raises(ValueError, match="whole frames"):
            record_and_fail(file)
        assert read_wav(file.getvalue()[6:]).frames == 4

    @pytest.mark.parametrize(("rate", "channels"), [(10, 1), (8000, 0)])
    def test_a_senseless_format_is_refused(self, rate: int, channels: int) -> None:
        target: BinaryIO = io.BytesIO()
        with pytest.raises(WavError, match="cannot have"):
            WavWriter(target, rate, channels)

    def test_half_frames_are_refused(self) -> None:
        with pytest.raises(ValueError, match="whole frames"):
            WavWriter(io.BytesIO(), 8000, 2).write(b"ab")
