"""The acoustic loop: what comes back of the bot's sound, when, and how loud."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from antiphon.audio.pcm import samples
from antiphon.testing.echo import RATE, Room
from antiphon.testing.tagged import Kind, Utterance, blocks, decode, kind_at, text_of

PACKET = 0.02
QUIET = bytes(round(2 * RATE * PACKET))


def through(room: Room, sound: bytes, rate: int, *, said: bytes = b"", seconds: float = 3.0) -> bytes:
    """What the microphone sends while `sound` is played, beginning at 0.1 s, and `said` by the caller."""
    size, heard = round(2 * rate * PACKET), b""
    for number in range(round(seconds / PACKET)):
        now = number * PACKET
        at = round((now - 0.1) / PACKET) * size
        if 0 <= at < len(sound):
            room.play(now, sound[at : at + size].ljust(size, b"\0"), rate)
        voice = said[number * len(QUIET) : (number + 1) * len(QUIET)].ljust(len(QUIET), b"\0")
        heard += room.pick_up(now + PACKET, voice)
    return heard


@pytest.mark.parametrize("rate", [16000, 24000])
@pytest.mark.parametrize(("echo", "kind"), [(0.3, Kind.MUFFLED), (1.0, Kind.WORD)])
@pytest.mark.parametrize("delay", [0.1, 0.243])
def test_words_come_back_late_and_quieter(rate: int, echo: float, kind: Kind, delay: float) -> None:
    said = Utterance("one two three", rate=rate)
    heard = through(Room(echo, delay), said.pcm, rate)
    words = decode(heard, RATE)
    assert text_of(words) == "one two three"
    assert words[0].start == pytest.approx(0.1 + delay, abs=0.001)
    assert {block.kind for _, block in blocks(heard, RATE)} == {kind}
    ends = [word.end for word in words]
    assert all(second > first for first, second in pairwise(ends))


def test_the_caller_covers_tagged_echo() -> None:
    own = Utterance("stop it", seconds=1.0).pcm
    heard = through(Room(1.0, 0.1), Utterance("one two three", rate=24000, seconds=2.0).pcm, 24000, said=own)
    assert text_of(decode(heard, RATE)).startswith("stop it")
    assert "three" in text_of(decode(heard, RATE))


def test_real_sound_is_scaled_and_added() -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(24000) / 24000) * 8000
    own = np.full(3 * RATE, 100, np.int16).tobytes()
    heard = samples(through(Room(0.25, 0.2), tone.astype(np.int16).tobytes(), 24000, said=own))
    assert kind_at(heard.tobytes()) is None
    before, during = heard[: round(0.29 * RATE)], heard[round(0.4 * RATE) : round(1.2 * RATE)]
    assert set(before.tolist()) == {100}
    assert during.max() == pytest.approx(2100, abs=60)
    assert during.min() == pytest.approx(-1900, abs=60)


def test_silence_stays_what_it_is() -> None:
    assert not any(through(Room(1.0, 0.1), bytes(48000), 24000))
