"""The shell around the segmenter: what runs when, what is given up, what is left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
from ears_kit import HeldReader, Item, Line, Reader, played, recording, scripts, silence, word, words
from hypothesis import given
from hypothesis import strategies as st

from antiphon.clock import run_virtual
from antiphon.services.base import Audio, EndTurn, Flush, ServiceError, Transcript
from antiphon.services.local.abort import Abort
from antiphon.services.local.arrays import Pcm
from antiphon.services.local.incremental import Recogniser, transcribe
from antiphon.services.local.segmenter import Segmenter
from effort import examples


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run, and see to it that no task outlives the work."""

    async def alone() -> None:
        await asyncio.wait_for(main, 60)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(alone())


def open_call(recogniser: Recogniser, audio: AsyncIterator[Item] | Line) -> AsyncGenerator[Transcript, None]:
    return transcribe(recogniser, Segmenter(), audio)


def test_a_whole_call_from_a_list() -> None:
    async def main() -> None:
        script: list[Item] = [*words(1, 2, 3), Flush(), EndTurn(), *words(4, 5)]
        told = [each async for each in open_call(Reader(), recording(*script))]
        assert [(each.segment, each.text) for each in told if each.final] == [(0, "w1 w2 w3"), (1, "w4 w5")]

    run(main())


def test_nothing_said_nothing_told() -> None:
    async def main() -> None:
        assert [each async for each in open_call(Reader(), recording())] == []

    run(main())


def test_telephone_sound_reaches_the_recogniser_at_sixteen_kilohertz() -> None:
    async def main() -> None:
        reader = Reader()
        async for _ in open_call(reader, recording(word(1, 8000), word(2, 8000), Flush())):
            pass
        assert [len(clip) for clip in reader.clips] == [8000]

    run(main())


def test_a_flush_ends_the_interim_reading_and_is_answered_before_it() -> None:
    async def main() -> None:
        reader, line = HeldReader(), Line()
        call = open_call(reader, line)
        first = asyncio.ensure_future(anext(call))
        line.say(*words(1, 2))
        interim = await reader.started.get()
        line.say(*words(3), Flush())
        final = await reader.started.get()
        assert interim.abort.requested
        final.release()
        assert await first == Transcript("w1 w2 w3", True, 0)
        line.hang_up()
        assert [each async for each in call] == []
        assert {await reader.ended.get(), await reader.ended.get()} == {True, False}

    run(main())


def test_the_end_of_the_turn_ends_the_interim_reading_but_not_the_final_one() -> None:
    async def main() -> None:
        reader, line = HeldReader(), Line()
        call = open_call(reader, line)
        first = asyncio.ensure_future(anext(call))
        line.say(*words(1, 2), Flush())
        final = await reader.started.get()
        line.say(EndTurn(), *words(5))
        await until(lambda: line.taken == 5)
        assert not final.abort.requested
        final.release()
        assert await first == Transcript("w1 w2", True, 0)
        second = asyncio.ensure_future(anext(call))
        line.say(*words(6))
        interim = await reader.started.get()
        line.say(EndTurn())
        line.hang_up()
        with pytest.raises(StopAsyncIteration):
            await second
        assert interim.abort.requested

    run(main())


def test_interim_readings_follow_the_speech() -> None:
    async def main() -> None:
        reader, line = HeldReader(), Line()
        call = open_call(reader, line)
        first = asyncio.ensure_future(anext(call))
        line.say(*words(1, 2))
        reading = await reader.started.get()
        line.say(*words(3, 4, 5, 6))
        reading.release()
        assert await first == Transcript("w1 w2", False, 0, "")
        second = asyncio.ensure_future(anext(call))
        (await reader.started.get()).release()
        assert await second == Transcript("w1 w2 w3 w4 w5 w6", False, 0, "w1 w2")
        await call.aclose()

    run(main())


@pytest.mark.parametrize("item", [Flush(), word(9)])
def test_closing_ends_the_reading_that_runs(item: Item) -> None:
    async def main() -> None:
        reader, line = HeldReader(), Line()
        call = open_call(reader, line)
        listening = asyncio.ensure_future(anext(call))
        line.say(*words(1, 2), item)
        reading = await reader.started.get()
        listening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listening
        assert reading.abort.requested
        await call.aclose()

    run(main())


def test_it_can_be_closed_after_any_number_of_transcripts() -> None:
    async def main() -> None:
        script: list[Item] = [
            *words(1, 2, 3, 4),
            Flush(),
            EndTurn(),
            *words(5, 6),
            Flush(),
            silence(0.1),
            Flush(),
        ]
        count = len([each async for each in open_call(Reader(), recording(*script))])
        for stop in range(count + 1):
            call = open_call(Reader(), recording(*script))
            for _ in range(stop):
                await anext(call)
            await call.aclose()
            assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def test_an_error_in_the_audio_comes_after_the_answers_before_it() -> None:
    async def broken() -> AsyncIterator[Item]:
        for item in [*words(1, 2), Flush()]:
            yield item
        raise ConnectionError("the line is dead")

    async def main() -> None:
        call = open_call(Reader(), broken())
        assert await anext(call) == Transcript("w1 w2", True, 0)
        with pytest.raises(ConnectionError, match="dead"):
            await anext(call)

    run(main())


def test_sound_that_is_not_whole_samples_is_an_error() -> None:
    async def main() -> None:
        with pytest.raises(ServiceError, match="whole s16le"):
            await anext(open_call(Reader(), recording(Audio(b"abc", 16_000))))

    run(main())


def test_an_error_in_the_recogniser_ends_the_call() -> None:
    class Broken:
        def read(self, pcm: Pcm, abort: Abort) -> str:
            raise ServiceError("The model failed.")

    async def main() -> None:
        line = Line()
        line.say(*words(1, 2), Flush())
        with pytest.raises(ServiceError, match="failed"):
            await anext(open_call(Broken(), line))

    run(main())


def test_when_nobody_listens_no_more_audio_is_taken() -> None:
    async def main() -> None:
        reader, line = HeldReader(), Line()
        call = open_call(reader, line)
        first = asyncio.ensure_future(anext(call))
        for number in range(40):
            line.say(*words(number, number), Flush())
        (await reader.started.get()).release()
        await first
        await until(lambda: line.taken >= 24)
        for _ in range(20):
            await asyncio.sleep(0)
        assert line.taken < 40
        await call.aclose()

    run(main())


pauses = st.lists(st.sampled_from([0.0, 0.1, 1.0]), min_size=25, max_size=25)


@examples(60)
@given(scripts(25), pauses, st.integers(0, 3))
def test_in_virtual_time_every_flush_is_answered_once_in_order(
    script: list[str], waits: list[float], seed: int
) -> None:
    items = played(script)

    async def line() -> AsyncIterator[Item]:
        for item, wait in zip(items, waits, strict=False):
            yield item
            await asyncio.sleep(wait)

    async def main() -> list[Transcript]:
        return [each async for each in open_call(Reader(), line())]

    told = run_virtual(main(), seed=seed)
    flushed = asked_for(items)
    answered = [each.segment for each in told if each.final]
    assert answered[: len(flushed)] == flushed
    assert len(answered) <= len(flushed) + 1


def asked_for(items: list[Item]) -> list[int]:
    """The segment of each flush."""
    turns = [sum(isinstance(each, EndTurn) for each in items[:at]) for at in range(len(items))]
    return [turn for turn, item in zip(turns, items, strict=True) if isinstance(item, Flush)]


async def until(true: Callable[[], bool]) -> None:
    while not true():  # noqa: ASYNC110 - what is waited for is the loop's own progress
        await asyncio.sleep(0)
