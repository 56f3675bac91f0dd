"""F27: sound passes a transport without clicks, to its last sample, at its own speed, however it is cut."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from antiphon.audio.pcm import samples
from antiphon.dispatch import on
from antiphon.frames import InputAudioRawFrame, OutputAudioRawFrame
from antiphon.processor import Processor
from antiphon.session import Session
from antiphon.testing import recording
from antiphon.transports.memory import MemoryTransport
from conversation.kit import Act, play
from effort import examples

from .webrtc.measure import worst_click

OUT, IN = 24000, 16000
PITCH = 440.0

cuts = st.lists(st.integers(1, 700), max_size=7).map(lambda sizes: [*sizes, 200])
SAMPLE_BY_SAMPLE = [1]


class Ear(Processor):
    """Keeps the user's sound."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = bytearray()

    @on(InputAudioRawFrame)
    def hear(self, frame: InputAudioRawFrame) -> InputAudioRawFrame:
        self.heard += frame.audio
        return frame


def sine(rate: int, seconds: float) -> NDArray[np.int16]:
    places = np.arange(round(rate * seconds)) * 2 * math.pi * PITCH / rate
    return (8000 * np.sin(places)).astype(np.int16)


def pieces(sound: NDArray[np.int16], sizes: list[int]) -> list[bytes]:
    """The sound (frames of one or two channels) cut again and again into pieces of these sizes."""
    found: list[bytes] = []
    start, turn = 0, 0
    while start < len(sound):
        size = sizes[turn % len(sizes)]
        found.append(sound[start : start + size].tobytes())
        start, turn = start + size, turn + 1
    return found


def spoken(parts: list[bytes], rate: int, channels: int = 1) -> NDArray[np.int16]:
    """What the user hears when the bot's sound comes in these pieces."""

    def acts(session: Session) -> list[Act]:
        frames = [OutputAudioRawFrame(part, rate, channels) for part in parts]
        return [(1.0, lambda frame=frame: session.receive(frame)) for frame in frames]

    stage = play([], acts, end_at=8.0)
    return samples(recording(stage.line.sink.packets, OUT))


@examples(5)
@example(SAMPLE_BY_SAMPLE, 8000)
@given(cuts, st.sampled_from([8000, 16000, 22050, 44100, 48000]))
def test_f27_pieces_of_another_rate_have_no_seams(sizes: list[int], rate: int) -> None:
    heard = spoken(pieces(sine(rate, 0.6), sizes), rate)
    loud = np.flatnonzero(np.abs(heard.astype(np.int32)) > 100)
    inside = heard[loud[0] + 480 : loud[-1] - 480]
    assert worst_click(inside, OUT, PITCH) < -38


@examples(15)
@given(st.integers(1, 3000), cuts)
def test_f27_the_last_piece_is_heard_to_its_end(extra: int, sizes: list[int]) -> None:
    sound = np.full(4800 + extra, 1000, dtype=np.int16)
    heard = spoken(pieces(sound, sizes), OUT)
    assert int(np.count_nonzero(heard)) == len(sound)


@pytest.mark.parametrize(("rate", "channels"), [(OUT, 2), (48000, 2), (16000, 1), (8000, 1)])
def test_f27_a_second_of_sound_takes_a_second(rate: int, channels: int) -> None:
    frames = np.repeat(np.full((rate, 1), 1000, dtype=np.int16), channels, axis=1)
    heard = spoken(pieces(frames, [rate // 50]), rate, channels)
    assert np.count_nonzero(heard) / OUT == pytest.approx(1.0, abs=0.005)


@examples(10)
@example(SAMPLE_BY_SAMPLE)
@given(cuts)
def test_f27_the_users_sound_has_no_seams_either(sizes: list[int]) -> None:
    line, ear = MemoryTransport(), Ear()

    def acts(session: Session) -> list[Act]:
        parts = pieces(sine(48000, 0.3), sizes)
        return [(1.0, lambda part=part: line.source.receive_audio(part, 48000)) for part in parts]

    play([line.source, ear], acts, line=line, end_at=3.0)
    heard = samples(bytes(ear.heard))
    assert 0.3 * IN - 480 < len(heard) <= 0.3 * IN
    assert worst_click(heard[480:-480], IN, PITCH) < -38
