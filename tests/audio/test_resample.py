from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.audio.pcm import rms_dbfs, samples, silence, to_pcm
from antiphon.audio.resample import StreamResampler, convert, to_mono
from antiphon.audio.sound import Sound
from effort import examples

RATES = [(8000, 16000), (16000, 8000), (24000, 48000), (48000, 16000), (44100, 16000), (22050, 8000)]


def sine(rate: int, hertz: float = 440, seconds: float = 0.4, channels: int = 1) -> bytes:
    wave = np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate) * 12000
    return to_pcm(np.repeat(wave[:, np.newaxis], channels, axis=1))


def in_pieces(resampler: StreamResampler, pcm: bytes, size: int) -> bytes:
    pieces = [resampler.process(pcm[at : at + size]) for at in range(0, len(pcm), size)]
    return b"".join([*pieces, resampler.flush()])


@pytest.mark.parametrize(("source", "target"), RATES)
def test_odd_pieces_leave_no_seams_and_lose_nothing(source: int, target: int) -> None:
    pcm = sine(source)
    whole = in_pieces(StreamResampler(source, target), pcm, len(pcm))
    for size in (37, 321, 1999):
        pieces = in_pieces(StreamResampler(source, target), pcm, size)
        assert len(pieces) == len(whole)
        assert np.abs(samples(pieces).astype(int) - samples(whole)).max() <= 1
    assert abs(len(whole) / 2 - len(pcm) / 2 * target / source) <= 1


def test_a_sine_stays_the_same_sine() -> None:
    result = samples(in_pieces(StreamResampler(16000, 24000), sine(16000), 640)).astype(int)
    expected = samples(sine(24000)).astype(int)
    assert np.abs(result - expected)[1200:-1200].max() < 20


def test_stereo_keeps_its_length_and_its_sides() -> None:
    pcm = sine(48000, channels=2)
    result = samples(in_pieces(StreamResampler(48000, 16000, 2), pcm, 1001)).reshape(-1, 2)
    assert len(result) == 6400
    assert (result[:, 0] == result[:, 1]).all()


def test_equal_rates_pass_through_uncopied() -> None:
    pcm = sine(16000)
    resampler = StreamResampler(16000, 16000)
    assert resampler.process(pcm) is pcm
    assert resampler.flush() == b""


def test_silence_stays_silence() -> None:
    assert in_pieces(StreamResampler(8000, 16000), silence(800), 320) == silence(1600)


def test_after_a_flush_it_is_fresh() -> None:
    resampler = StreamResampler(8000, 16000)
    assert in_pieces(resampler, sine(8000), 320) == in_pieces(resampler, sine(8000), 320)


@examples(40)
@given(st.lists(st.binary(max_size=64)), st.sampled_from(RATES), st.integers(1, 3))
def test_any_bytes_keep_their_duration(pieces: list[bytes], rates: tuple[int, int], channels: int) -> None:
    resampler = StreamResampler(*rates, channels)
    result = b"".join([*map(resampler.process, pieces), resampler.flush()])
    frames = len(b"".join(pieces)) // (2 * channels)
    assert abs(len(result) / (2 * channels) - frames * rates[1] / rates[0]) <= 1


def test_to_mono_is_the_mean() -> None:
    assert samples(to_mono(to_pcm(np.array([100, 200, -32768, -32768])), 2)).tolist() == [150, -32768]
    assert to_mono(b"abcd", 1) == b"abcd"
    with pytest.raises(ValueError, match="whole frames"):
        to_mono(b"ab", 2)


def test_convert_gives_mono_at_the_rate() -> None:
    stereo = Sound(np.full((4800, 2), 0.5, dtype=np.float32), 48000)
    assert len(convert(stereo, 16000)) == 3200
    assert rms_dbfs(convert(stereo, 48000)) == pytest.approx(-6.02, abs=0.01)
    loud = Sound(np.full((10, 1), 1e6, dtype=np.float32), 16000)
    assert set(samples(convert(loud, 16000)).tolist()) == {32767}


def test_senseless_rates_are_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        StreamResampler(0, 16000)
