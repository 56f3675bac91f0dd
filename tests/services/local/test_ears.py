"""The real models, on speech that hibari makes: are the words right, and is the call let go in time?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from functools import cache
from statistics import median

import numpy as np
import pytest
from ears_kit import Item, Line, recording, silence

from antiphon.audio.resample import StreamResampler
from antiphon.clock import run_virtual
from antiphon.models import locate
from antiphon.services.base import VAD, Audio, EndTurn, Flush, Transcript, TurnModel, Warmable
from antiphon.services.local.agreement import bare
from antiphon.services.local.arrays import as_floats
from antiphon.services.local.hibari import Hibari
from antiphon.services.local.intake import mono
from antiphon.services.local.moonshine import Moonshine
from antiphon.services.local.onnx import open_model
from antiphon.services.local.silero import WINDOW, Memory, SileroVAD, step
from antiphon.services.local.smart_turn import SmartTurn
from antiphon.services.local.workers import idle_lane, urgent_lane

pytestmark = [pytest.mark.slow, pytest.mark.alone]

RATE = 16_000
QUESTIONS = (
    "What is the weather going to be like in Seattle tomorrow afternoon?",
    "Can you tell me how to get to the train station?",
    "How long does it take to boil an egg?",
    "What time does the museum open on Sunday?",
    "Could you please repeat the last sentence for me?",
    "Which city is the capital of Australia?",
    "I would like to book a table for four people.",
    "Do you know a good recipe with tomatoes and rice?",
    "Please remind me to call my mother this evening.",
    "Why is the sky blue during the day?",
)


@cache
def spoken(text: str, rate: int = RATE) -> Audio:
    """The text as speech."""

    async def say() -> bytes:
        async def one() -> AsyncIterator[str]:
            yield text

        pieces = [piece async for piece in Hibari().speak(one()) if isinstance(piece, Audio)]
        resampler = StreamResampler(pieces[0].rate, rate)
        return b"".join(resampler.process(piece.pcm) for piece in pieces) + resampler.flush()

    return Audio(asyncio.run(say()), rate)


def pieces(sound: Audio, seconds: float = 0.02) -> Iterator[Audio]:
    size = round(seconds * sound.rate) * 2
    for at in range(0, len(sound.pcm), size):
        yield Audio(sound.pcm[at : at + size], sound.rate)


def tokens(text: str) -> list[str]:
    return [word for word in map(bare, text.replace("-", " ").split()) if word]


def errors(said: list[str], heard: list[str]) -> int:
    """Words put in, left out or replaced (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for i, mine in enumerate(said, start=1):
        before, row = row, [i]
        for j, theirs in enumerate(heard, start=1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (mine != theirs)))
    return row[-1]


def error_rate(pairs: list[tuple[str, str]]) -> float:
    said = sum(len(tokens(text)) for text, _ in pairs)
    return sum(errors(tokens(text), tokens(heard)) for text, heard in pairs) / said


async def finals(service: Moonshine, *items: Item) -> list[Transcript]:
    return [each async for each in service.transcribe(recording(*items)) if each.final]


@pytest.mark.parametrize("model", ["moonshine-base-en-int8", "moonshine-tiny-en"])
@pytest.mark.parametrize("rate", [16_000, 8_000])
def test_questions_are_understood(model: str, rate: int) -> None:
    async def main() -> list[Transcript]:
        script: list[Item] = []
        for sound in sounds:
            script += [*pieces(sound), silence(0.064, rate), Flush(), EndTurn()]
        return await finals(Moonshine(model), *script)

    sounds = [spoken(question, rate) for question in QUESTIONS]
    told = asyncio.run(main())
    assert [each.segment for each in told] == list(range(len(QUESTIONS)))
    assert {each.language for each in told} == {"en"}
    assert error_rate([*zip(QUESTIONS, (each.text for each in told), strict=True)]) < 0.1


@pytest.mark.parametrize("model", ["moonshine-base-en-int8", "moonshine-tiny-en"])
def test_one_word_is_understood_and_quiet_is_not_filled(model: str) -> None:
    hiss = np.random.default_rng(0).normal(0, 30, 2 * RATE).astype(np.int16)
    short = Audio(spoken("Stop.").pcm[: RATE // 2], RATE)  # a quarter of a second
    yes = [*pieces(spoken("Yes.")), silence(0.064), Flush(), EndTurn()]
    script: list[Item] = [
        *yes,
        Audio(hiss.tobytes(), RATE),
        Flush(),
        EndTurn(),
        silence(1),
        Flush(),
        EndTurn(),
    ]
    told = asyncio.run(finals(Moonshine(model), *script, short, Flush()))
    assert [tokens(each.text) for each in told[:3]] == [["yes"], [], []]
    assert told[3].text == ""


def test_a_long_monologue_is_cut_where_nothing_is_lost() -> None:
    text = " ".join(QUESTIONS)
    script: list[Item] = []
    for question in QUESTIONS:
        script += [*pieces(spoken(question)), silence(0.2)]
    told = asyncio.run(finals(Moonshine(), *script))
    assert [each.segment for each in told] == list(range(len(told)))
    assert len(told) > 1
    assert error_rate([(text, " ".join(each.text for each in told))]) < 0.1


def test_interim_transcripts_grow_into_the_final_one() -> None:
    sound = spoken(QUESTIONS[0])

    async def main() -> list[Transcript]:
        line, told = Line(), list[Transcript]()
        call = Moonshine().transcribe(line)
        for piece in pieces(sound, 0.5):
            line.say(piece)
            if piece.seconds == 0.5:
                told.append(await anext(call))
        line.say(silence(0.064), Flush())
        line.hang_up()
        return told + [each async for each in call]

    *interim, final = asyncio.run(main())
    assert final.final
    assert not any(each.final for each in interim)
    assert len(interim) >= 5
    stable = [len(tokens(each.stable)) for each in interim]
    assert max(stable) >= 5
    right = sum(tokens(final.text)[: len(tokens(each.stable))] == tokens(each.stable) for each in interim)
    assert right >= len(interim) - 1


def test_someone_who_goes_on_after_a_pause_gets_one_longer_final() -> None:
    first, second = pieces(spoken(QUESTIONS[1])), pieces(spoken(QUESTIONS[2]))
    told = asyncio.run(finals(Moonshine(), *first, silence(0.064), Flush(), silence(0.3), *second, Flush()))
    assert [each.segment for each in told] == [0, 0]
    both = f"{QUESTIONS[1]} {QUESTIONS[2]}"
    assert error_rate([(QUESTIONS[1], told[0].text), (both, told[1].text)]) < 0.1


def test_a_flush_does_not_wait_for_the_interim_reading() -> None:
    sound = spoken(QUESTIONS[0])

    async def main() -> list[Transcript]:
        service, line = Moonshine(), Line()
        await service.warm()
        call = service.transcribe(line)
        listening = asyncio.ensure_future(anext(call))
        for piece in pieces(sound):
            line.say(piece)
        await asyncio.sleep(0.03)
        line.say(silence(0.064), Flush())
        line.hang_up()
        return [await listening] + [each async for each in call]

    told = asyncio.run(main())[-1]
    assert told.final
    assert error_rate([(QUESTIONS[0], told.text)]) < 0.2


def test_a_call_can_be_dropped_at_any_moment_of_a_reading_that_takes_a_second() -> None:
    sound = Audio((b"".join(spoken(question).pcm for question in QUESTIONS))[: 48 * RATE], RATE)

    async def main() -> None:
        service, loop = Moonshine(), asyncio.get_running_loop()
        await service.warm()
        started = loop.time()
        await finals(service, *pieces(sound), Flush(), EndTurn())
        whole = loop.time() - started
        waits: list[float] = []
        for milliseconds in range(0, 480, 16):
            script: list[Item] = [*pieces(sound), *([Flush()] if milliseconds % 32 else [])]
            call = service.transcribe(said(*script))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(exhaust(call), milliseconds / 1000)
            await call.aclose()
            assert asyncio.all_tasks() == {asyncio.current_task()}
            started = loop.time()
            for lane in (urgent_lane(), idle_lane()):
                await loop.run_in_executor(lane, int)
            waits.append(loop.time() - started)
        assert median(waits) < whole / 2

    asyncio.run(main())


def said(*script: Item) -> Line:
    line = Line()
    line.say(*script)
    return line


async def exhaust(call: AsyncIterator[Transcript]) -> None:
    async for _ in call:
        pass


def test_two_calls_at_once_do_not_mix() -> None:
    sounds = [spoken(question) for question in QUESTIONS[:2]]

    async def main() -> list[list[Transcript]]:
        service = Moonshine()
        scripts = [[*pieces(sound), Flush()] for sound in sounds]
        return await asyncio.gather(*(finals(service, *script) for script in scripts))

    told = asyncio.run(main())
    assert error_rate([(q, each[-1].text) for q, each in zip(QUESTIONS, told, strict=False)]) < 0.1


def test_in_virtual_time_the_words_are_the_same_every_time() -> None:
    async def main() -> list[Transcript]:
        async def line() -> AsyncIterator[Item]:
            for piece in pieces(sound):
                await asyncio.sleep(piece.seconds)
                yield piece
            yield Flush()

        return [each async for each in Moonshine("moonshine-tiny-en").transcribe(line())]

    sound = spoken(QUESTIONS[3])
    assert run_virtual(main(), seed=1) == run_virtual(main(), seed=2)


def test_the_detector_hears_speech_and_not_silence() -> None:
    detector = SileroVAD()
    assert isinstance(detector, VAD)
    assert isinstance(detector, Warmable)
    asyncio.run(detector.warm())
    sound = Audio(silence(0.5).pcm + spoken(QUESTIONS[0]).pcm + silence(0.5).pcm, RATE)
    heard = [detector.probability(window) for window in windows(sound)]
    assert max(heard[:14]) < 0.3
    assert np.mean(np.array(heard[18:-20]) > 0.5) > 0.9
    assert max(heard[-5:]) < 0.3
    detector.reset()
    assert [detector.probability(window) for window in windows(sound)] == heard


def test_streams_stacked_as_rows_give_what_each_gives_alone() -> None:
    model = open_model(locate("silero-vad") / "silero_vad_op18_ifless.onnx")
    streams = [list(windows(spoken(question)))[:40] for question in QUESTIONS[:3]]
    alone = [list(map(SileroVAD().probability, stream)) for stream in streams]
    memory, together = Memory.fresh(3), list[list[float]]()
    for row in zip(*streams, strict=True):
        judged, memory = step(model, np.stack([as_floats(np.frombuffer(w, np.int16)) for w in row]), memory)
        together.append([float(each) for each in judged])
    assert np.allclose(np.array(together).T, np.array(alone), atol=1e-6)


def windows(sound: Audio) -> Iterator[bytes]:
    size = 2 * WINDOW
    for at in range(0, len(sound.pcm) - size + 1, size):
        yield sound.pcm[at : at + size]


def test_a_finished_question_sounds_finished_and_half_of_one_does_not() -> None:
    async def main() -> list[tuple[float, float]]:
        model = SmartTurn()
        assert isinstance(model, TurnModel)
        await model.warm()
        whole = [(await model.predict(with_pause(each))).complete for each in sounds]
        cut = [(await model.predict(with_pause(half(each)))).complete for each in sounds]
        return [*zip(whole, cut, strict=True)]

    sounds = [spoken(question, 24_000) for question in QUESTIONS]
    judged = asyncio.run(main())
    assert all(0 <= each <= 1 for pair in judged for each in pair)
    assert np.mean([done > 0.5 for done, _ in judged]) >= 0.7
    assert np.mean([done > cut for done, cut in judged]) >= 0.8


def half(sound: Audio) -> Audio:
    return Audio(sound.pcm[: len(sound.pcm) // 4 * 2], sound.rate)


def with_pause(sound: Audio) -> Audio:
    return Audio(sound.pcm + silence(0.2, sound.rate).pcm, sound.rate)


def test_only_the_last_eight_seconds_of_a_turn_count_and_channels_are_joined() -> None:
    sound = with_pause(spoken(QUESTIONS[0]))

    async def main() -> None:
        model = SmartTurn()
        long = Audio(silence(20).pcm + sound.pcm, RATE)
        stereo = Audio(np.repeat(mono(long), 2).tobytes(), RATE, 2)
        tail = Audio(long.pcm[-8 * RATE * 2 :], RATE)
        expected = await model.predict(tail)
        assert await model.predict(long) == expected
        assert (await model.predict(stereo)).complete == pytest.approx(expected.complete, abs=1e-3)

    asyncio.run(main())
