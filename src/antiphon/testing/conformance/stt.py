"""What a recogniser must keep: one final per Flush, segments in order, the same words however cut."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from typing import cast

from antiphon.services.base import STT, Audio, EndOfTurn, EndTurn, Flush, Notice, Transcript
from antiphon.testing.conformance.checker import POINTS, Checker, Report, Stream, drain, given
from antiphon.testing.tagged import Utterance

SttItem = Audio | Flush | EndTurn


async def check_stt(
    factory: Callable[[], STT], speech: Sequence[Audio] | None = None, *, points: int = POINTS
) -> Report:
    """Hold a recogniser to its promises. `speech` is an utterance in pieces; by default tagged audio."""
    pieces = list(speech) if speech is not None else _tagged_speech()
    checker = Checker(factory())

    def hear(*items: SttItem) -> Stream[Transcript]:
        return cast("Stream[Transcript]", _transcripts(factory().transcribe(given(items))))

    def once() -> Stream[Transcript]:
        return hear(*pieces, Flush(), EndTurn())

    await checker.check("nothing comes in", _hears_nothing(checker, hear()))
    await checker.check("one final per flush", _one_final_per_flush(checker, hear, pieces))
    await checker.check("flush before any sound", _finals(checker, hear(Flush(), EndTurn(), Flush()), 2))
    await checker.check("flush twice", _finals(checker, hear(*pieces, Flush(), Flush(), EndTurn()), 2))
    await checker.check("segments in order", _segments(checker, hear, pieces))
    await checker.check("sound cut anywhere", _same_words(checker, hear, pieces))
    await checker.check("cancelled at every point", checker.cancelled_everywhere(once, points))
    await checker.check("closed after every item", checker.closed_everywhere(once, points))
    await checker.check("works after that", _finals(checker, once(), 1))
    return checker.report


async def _hears_nothing(checker: Checker, stream: Stream[Transcript]) -> None:
    checker.need(not [t for t in await drain(stream) if t.text], "heard words in nothing")


async def _finals(checker: Checker, stream: Stream[Transcript], wanted: int) -> None:
    count = sum(transcript.final for transcript in await drain(stream))
    checker.need(count == wanted, f"gave {count} finals for {wanted} flushes")


async def _one_final_per_flush(
    checker: Checker, hear: Callable[..., Stream[Transcript]], pieces: Sequence[Audio]
) -> None:
    half = len(pieces) // 2
    await _finals(checker, hear(*pieces[:half], Flush(), *pieces[half:], Flush(), EndTurn()), 2)
    for transcript in await drain(hear(*pieces, Flush(), EndTurn())):
        stable, text = transcript.stable, transcript.text
        checker.need(text.startswith(stable), f"{stable!r} should be stable in {text!r}")


async def _segments(
    checker: Checker, hear: Callable[..., Stream[Transcript]], pieces: Sequence[Audio]
) -> None:
    turn: list[SttItem] = [*pieces, Flush(), EndTurn()]
    finals = [t.segment for t in await drain(hear(*turn, *turn)) if t.final]
    checker.need(finals == sorted(set(finals)), f"two turns had the segments {finals}")


async def _same_words(
    checker: Checker, hear: Callable[..., Stream[Transcript]], pieces: Sequence[Audio]
) -> None:
    whole = Audio(b"".join(piece.pcm for piece in pieces), pieces[0].rate, pieces[0].channels)
    texts: list[str] = []
    for items in (pieces, [whole], _cut(whole, 37)):
        texts += [t.text for t in await drain(hear(*items, Flush(), EndTurn())) if t.final]
    checker.need(len(set(texts)) == 1, f"the same sound in other pieces gave other words: {texts}")


async def _transcripts(
    items: AsyncIterator[Transcript | EndOfTurn | Notice],
) -> AsyncGenerator[Transcript, None]:
    """Without the recogniser's own judgement of the turn's end."""
    async with aclosing(cast("Stream[Transcript | EndOfTurn | Notice]", items)) as stream:
        async for item in stream:
            if isinstance(item, Transcript):
                yield item


def _cut(sound: Audio, ms: int) -> list[Audio]:
    step = 2 * sound.channels * round(sound.rate * ms / 1000)
    pieces = range(0, len(sound.pcm), step)
    return [Audio(sound.pcm[at : at + step], sound.rate, sound.channels) for at in pieces]


def _tagged_speech() -> list[Audio]:
    utterance = Utterance("this is a test of hearing")
    return _cut(Audio(utterance.pcm + bytes(6400), utterance.rate), 20)
