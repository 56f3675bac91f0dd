from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.audio.pcm import rms_dbfs, samples, silence, to_pcm
from antiphon.audio.polyphase import LiveResampler
from effort import examples

RATES = [(8000, 16000), (16000, 8000), (24000, 48000), (48000, 16000), (24000, 16000), (44100, 16000)]


def sine(rate: int, hertz: float = 440, seconds: float = 0.4, channels: int = 1) -> bytes:
    wave = np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate) * 12000
    return to_pcm(np.repeat(wave[:, np.newaxis], channels, axis=1))


def in_pieces(resampler: LiveResampler, pcm: bytes, size: int) -> bytes:
    pieces = [resampler.process(pcm[at : at + size]) for at in range(0, len(pcm), size)]
    return b"".join([*pieces, resampler.flush()])


@pytest.mark.parametrize(("source", "target"), RATES)
def test_odd_pieces_leave_no_seams_and_lose_nothing(source: int, target: int) -> None:
    pcm = sine(source)
    whole = in_pieces(LiveResampler(source, target), pcm, len(pcm))
    for size in (37, 321, 1999):
        pieces = in_pieces(LiveResampler(source, target), pcm, size)
        assert np.abs(samples(pieces).astype(int) - samples(whole)).max() <= 1
    assert len(whole) // 2 == round(len(pcm) / 2 * target / source)


@pytest.mark.parametrize(("source", "target"), RATES)
@pytest.mark.parametrize("share", [0.05, 0.5, 0.85])
def test_a_sine_within_the_band_stays_the_same_sine(source: int, target: int, share: float) -> None:
    hertz = share * min(source, target) / 2
    result = samples(in_pieces(LiveResampler(source, target), sine(source, hertz), 640)).astype(int)
    expected = samples(sine(target, hertz)).astype(int)
    assert np.abs(result - expected)[target // 50 : -target // 50].max() <= 36


def test_what_the_lower_rate_cannot_hold_is_gone() -> None:
    for hertz in (4100, 5000, 7900):
        result = in_pieces(LiveResampler(16000, 8000), sine(16000, hertz), 640)
        assert rms_dbfs(result[800:-800]) < rms_dbfs(sine(16000, hertz)) - 55


@pytest.mark.parametrize(("source", "target"), RATES)
def test_every_packet_comes_out_at_once(source: int, target: int) -> None:
    resampler = LiveResampler(source, target)
    given = 0
    for number in range(1, 20):
        given += len(resampler.process(silence(source // 50))) // 2
        late = number / 50 - given / target
        assert resampler.delay <= late + 1e-9 < resampler.delay + 0.0101
    assert resampler.delay <= 0.0041


def test_stereo_keeps_its_sides() -> None:
    left, right = samples(sine(48000)), samples(sine(48000, 1000))
    result = samples(in_pieces(LiveResampler(48000, 16000, 2), to_pcm(np.stack((left, right), 1)), 1001))
    mono = in_pieces(LiveResampler(48000, 16000), to_pcm(right), 960)
    assert np.abs(result[1::2].astype(int) - samples(mono)).max() <= 1


def test_equal_rates_pass_through_uncopied() -> None:
    pcm = sine(16000)
    resampler = LiveResampler(16000, 16000)
    assert resampler.process(pcm) is pcm
    assert (resampler.flush(), resampler.delay) == (b"", 0)


def test_after_a_flush_it_is_fresh() -> None:
    resampler = LiveResampler(8000, 16000)
    assert in_pieces(resampler, sine(8000), 320) == in_pieces(resampler, sine(8000), 320)


@examples(40)
@given(st.lists(st.binary(max_size=64)), st.sampled_from(RATES), st.integers(1, 3))
def test_any_bytes_keep_their_duration(pieces: list[bytes], rates: tuple[int, int], channels: int) -> None:
    resampler = LiveResampler(*rates, channels)
    result = b"".join([*map(resampler.process, pieces), resampler.flush()])
    frames = len(b"".join(pieces)) // (2 * channels)
    assert len(result) // (2 * channels) == round(frames * rates[1] / rates[0])


def test_senseless_rates_are_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        LiveResampler(8000, -1)
    with pytest.raises(ValueError, match="common period"):
        LiveResampler(44100, 16001)
