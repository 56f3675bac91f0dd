"""The local voice: text in, short pieces of trimmed and raised speech out."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.audio.levels import Samples, rms_dbfs, silence_around
from antiphon.services.base import TTS, Audio, ServiceError, Warmable
from antiphon.services.local.hibari import LONGEST, Hibari, split_text

RATE = 24_000


class ToneVoice:
    """Speaks every sentence as a tone of half a second in the silence that the real model puts around it."""

    sample_rate = RATE

    def __init__(self) -> None:
        self.asked: list[str] = []

    def stream(self, text: str, speed: float = 1.0, seed: int | None = None) -> Iterator[Samples]:
        self.asked.append(text)
        tone = (0.1 * np.sin(np.arange(RATE // 2))).astype(np.float32)
        for _ in text.split(". "):
            yield np.concatenate([np.zeros(7200, np.float32), tone, np.zeros(12_000, np.float32)])


async def items(*texts: str) -> AsyncIterator[str]:
    for text in texts:
        yield text


async def speak(tts: Hibari, *texts: str) -> list[Audio]:
    return [piece async for piece in tts.speak(items(*texts)) if isinstance(piece, Audio)]


def join(pieces: list[Audio]) -> Samples:
    pcm = np.frombuffer(b"".join(piece.pcm for piece in pieces), "<i2")
    return (pcm / 32767).astype(np.float32)


def test_it_fits_the_protocols() -> None:
    assert isinstance(Hibari(), TTS)
    assert isinstance(Hibari(), Warmable)


def test_speech_comes_trimmed_and_raised_in_short_pieces() -> None:
    pieces = asyncio.run(speak(Hibari(load=lambda _: ToneVoice()), "Hello."))
    assert all(piece.rate == RATE and piece.samples <= 2400 for piece in pieces)
    sound = join(pieces)
    before, after = silence_around(sound)
    assert before <= 0.031 * RATE
    assert after <= 0.121 * RATE
    assert float(np.abs(sound).max()) == pytest.approx(0.1 * 10 ** (7 / 20), rel=0.01)


def test_the_silence_inside_an_item_is_cut_too() -> None:
    one = asyncio.run(speak(Hibari(load=lambda _: ToneVoice()), "Hello."))
    two = asyncio.run(speak(Hibari(load=lambda _: ToneVoice()), "Hello. There."))
    assert sum(p.samples for p in two) == 2 * sum(p.samples for p in one)


@pytest.mark.parametrize("text", ["", "  \n", "😀👍", "...", "—"])
def test_nothing_to_say_gives_nothing(text: str) -> None:
    voice = ToneVoice()
    assert asyncio.run(speak(Hibari(load=lambda _: voice), text)) == []
    assert voice.asked == []


def test_closing_early_leaves_no_task() -> None:
    async def run() -> int:
        stream = Hibari(load=lambda _: ToneVoice()).speak(items("One. Two. Three.", "Four."))
        async with aclosing(cast("AsyncGenerator[object]", stream)):
            await anext(stream)
        return len(asyncio.all_tasks())

    assert asyncio.run(run()) == 1


def test_synthesis_does_not_run_on_the_loop() -> None:
    threads: list[str] = []

    class Watched(ToneVoice):
        def stream(self, text: str, speed: float = 1.0, seed: int | None = None) -> Iterator[Samples]:
            threads.append(threading.current_thread().name)
            yield from super().stream(text, speed, seed)

    asyncio.run(speak(Hibari(load=lambda _: Watched()), "Hello."))
    assert threads
    assert all(name.startswith("antiphon-hibari") for name in threads)


def test_a_speed_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match=r"0\.5 \(slow\) to 2\.0 \(fast\)"):
        Hibari(speed=3)


@given(st.text(alphabet=st.sampled_from("ab ,.!é\n"), max_size=900))
def test_parts_are_short_and_no_character_of_a_word_is_lost(text: str) -> None:
    parts = split_text(text)
    assert all(0 < len(part) <= LONGEST for part in parts)
    assert [c for part in parts for c in part if c.isalnum()] == [c for c in text if c.isalnum()]


def test_parts_end_at_sentences_before_commas_before_spaces() -> None:
    assert split_text("One two three. Four, five six", longest=18) == ["One two three.", "Four, five six"]
    assert split_text("One two three, four five six", longest=18) == ["One two three,", "four five six"]
    assert split_text("One two three four five six", longest=14) == ["One two three", "four five six"]
    assert split_text("abcdefgh", longest=5) == ["abcde", "fgh"]


@pytest.mark.slow
def test_the_real_voice_is_loud_enough_and_starts_at_once() -> None:
    pytest.importorskip("hibari")
    tts = Hibari()

    async def run() -> list[Audio]:
        await tts.warm()
        return await speak(tts, "The capital of Australia is Canberra.", "How about you?")

    sound = join(asyncio.run(run()))
    before, after = silence_around(sound)
    assert before < 0.06 * RATE
    assert after < 0.15 * RATE
    assert -23 < rms_dbfs(sound) < -16
    assert float(np.abs(sound).max()) < 1.0
    assert 2.5 < len(sound) / RATE < 4.5


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", ["日本", "\x00", "a\ud800b", "x" * 500, "http://a.example/?q=1", "1e400", "½"]
)
def test_the_real_voice_takes_any_text(text: str) -> None:
    pytest.importorskip("hibari")
    assert all(piece.samples for piece in asyncio.run(speak(Hibari(), text)))


@pytest.mark.slow
def test_an_unknown_voice_is_named_with_those_there_are() -> None:
    pytest.importorskip("hibari")
    with pytest.raises(ServiceError, match=r"'nobody'.*heart"):
        asyncio.run(speak(Hibari("nobody"), "Hello."))
