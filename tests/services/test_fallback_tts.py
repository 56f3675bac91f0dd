"""A voice with reserves: no word is left out, wherever the first voice fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator

import pytest
from combinator_kit import drained, said
from hypothesis import given
from hypothesis import strategies as st

from antiphon.clock import run_virtual
from antiphon.services.base import TTS, Audio, ServiceError, WordTiming
from antiphon.services.combinators import Fallback
from antiphon.services.combinators.fallback_tts import Spoken
from antiphon.testing import Fail, FakeTTS, Hang, check_tts
from effort import examples

TEXTS = ("Here is what I know about it.", "There is no more.")
WORDS = " ".join(TEXTS).split()


def failing(at: int, text: int = 0, *, timings: bool = True, rate: int = 24000) -> FakeTTS:
    return FakeTTS(faults={text: Fail(at, "out of order")}, timings=timings, rate=rate)


def test_one_that_fails_before_any_sound_is_followed_by_the_next() -> None:
    words, timings, told = run_virtual(said(Fallback([failing(0), FakeTTS()]), *TEXTS))
    assert words == WORDS
    assert [timing.word for timing in timings] == WORDS
    assert told == ["FakeTTS failed, FakeTTS is asked instead: out of order"]


@given(at=st.integers(0, 25), text=st.integers(0, 1), piece=st.sampled_from([0.02, 0.1, 0.37, 5.0]))
@examples(120)
def test_the_next_goes_on_with_the_word_in_which_it_broke_off(at: int, text: int, piece: float) -> None:
    first = FakeTTS(faults={text: Fail(at, "out of order")}, piece=piece)
    words, timings, told = run_virtual(said(Fallback([first, FakeTTS(piece=piece)]), *TEXTS))
    twice = [number for number in range(1, len(words)) if words[number] == words[number - 1]]
    assert len(twice) <= 1, "only the broken word may be heard twice"
    assert [word for number, word in enumerate(words) if number not in twice] == WORDS
    assert [timing.word for timing in timings] == WORDS, "each word is timed once"
    assert [timing.start for timing in timings] == sorted(timing.start for timing in timings)
    assert len(told) <= 1


def test_without_times_of_words_the_text_is_said_again() -> None:
    """Nobody knows which words were heard; none may be missing."""
    first = failing(10, timings=False)
    words, timings, _ = run_virtual(said(Fallback([first, FakeTTS(timings=False)]), *TEXTS))
    assert words[-len(WORDS) :] == WORDS
    assert words[: -len(WORDS)] == WORDS[: len(words) - len(WORDS)]
    assert timings == []


def test_all_the_sound_has_the_rate_of_the_first() -> None:
    async def run() -> list[Spoken]:
        return await drained(Fallback([failing(7, rate=16000), FakeTTS(rate=24000)]).speak(given_texts()))

    items = run_virtual(run())
    assert {item.rate for item in items if isinstance(item, Audio)} == {16000}
    seconds = sum(item.seconds for item in items if isinstance(item, Audio))
    ends = [item.end for item in items if isinstance(item, WordTiming)]
    assert ends[-1] == pytest.approx(seconds, abs=0.02)


async def given_texts() -> AsyncGenerator[str, None]:
    for text in TEXTS:
        yield text


async def slow_texts() -> AsyncGenerator[str, None]:
    """As a model writes them: the second long after the first."""
    yield TEXTS[0]
    await asyncio.sleep(30.0)
    yield TEXTS[1]


def test_a_voice_that_waits_for_text_is_not_taken_for_one_that_hangs() -> None:
    async def run() -> list[Spoken]:
        return await drained(Fallback([FakeTTS(), FakeTTS()], patience=1.0).speak(slow_texts()))

    timings = [item.word for item in run_virtual(run()) if isinstance(item, WordTiming)]
    assert timings == WORDS


class ReadsAhead(FakeTTS):
    """Asks for the next text while it works, and is given up while it waits for that."""

    async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Audio | WordTiming, None]:
        texts = aiter(text)
        await anext(texts)
        waiting = asyncio.create_task(self._next(texts))
        try:
            await asyncio.sleep(1.0)
            raise ServiceError("out of order")
            yield
        finally:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)

    async def _next(self, texts: AsyncIterator[str]) -> str:
        return await anext(texts)


def test_text_that_one_was_waiting_for_is_not_lost_with_it() -> None:
    async def run() -> list[Spoken]:
        return await drained(Fallback([ReadsAhead(), FakeTTS()]).speak(slow_texts()))

    assert [item.word for item in run_virtual(run()) if isinstance(item, WordTiming)] == WORDS


def test_one_that_hangs_is_followed_by_the_next() -> None:
    first = FakeTTS(faults={0: Hang(0)})
    words, _, told = run_virtual(said(Fallback([first, FakeTTS()], patience=1.5), *TEXTS))
    assert words == WORDS
    assert told == ["FakeTTS failed, FakeTTS is asked instead: FakeTTS gave nothing for 1.5 s"]
    assert first.closed_early == 1


def test_the_last_failure_is_raised() -> None:
    with pytest.raises(ServiceError, match="out of order"):
        run_virtual(said(Fallback([failing(2), failing(1)]), *TEXTS))


@pytest.mark.parametrize("timings", [True, False])
@pytest.mark.parametrize("at", [0, 4])
def test_it_conforms_whatever_the_first_does(at: int, timings: bool) -> None:
    def reserved() -> TTS:
        return Fallback([failing(at, timings=timings), FakeTTS(rate=16000)])

    assert run_virtual(check_tts(reserved)).cancellations > 10
