"""What a recogniser has not answered yet: nothing is lost or said twice, wherever a stream breaks."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from antiphon.clock import run_virtual
from antiphon.services.base import Audio, EndTurn, Flush, ServiceError, Transcript
from antiphon.services.unanswered import MOST_WAITING, SpeechItem, Unanswered
from antiphon.services.unbroken import Recognised, Retelling, listen
from effort import examples

RATE = 8000


def word(text: str, seconds: float = 0.5) -> Audio:
    """A piece of sound that holds a word."""
    said = text.encode().ljust(16, b" ")
    return Audio(said + bytes(2 * round(RATE * seconds) - len(said)), RATE)


def words_in(items: Sequence[SpeechItem]) -> list[str]:
    return [item.pcm[:16].decode().strip() for item in items if isinstance(item, Audio)]


class Fragile:
    """Reads words off the sound, `ahead` items ahead of what it gives. Breaks off after so many `steps`.

    With `partials`, every word gives an interim result too.
    """

    def __init__(self, steps: int | None, ahead: int, partials: bool) -> None:
        self._steps = steps
        self._ahead = ahead
        self._partials = partials

    async def transcribe(self, audio: AsyncIterable[SpeechItem]) -> AsyncGenerator[Transcript, None]:
        results: deque[Transcript | None] = deque()
        segment, said = 0, list[str]()
        async for item in audio:
            self._step()
            match item:
                case Audio():
                    said += words_in([item])
                    results.append(Transcript(" ".join(said), False, segment) if self._partials else None)
                case Flush():
                    results.append(Transcript(" ".join(said), True, segment))
                case EndTurn():
                    results.append(None)
                    segment, said = segment + 1, []
            if len(results) > self._ahead and (result := results.popleft()) is not None:
                self._step()
                yield result
        for result in results:
            if result is not None:
                yield result

    def _step(self) -> None:
        if self._steps is not None:
            if not self._steps:
                raise ServiceError("the line broke")
            self._steps -= 1


async def given_items(items: Sequence[SpeechItem]) -> AsyncIterator[SpeechItem]:
    for item in items:
        yield item


def heard_by(items: Sequence[SpeechItem], streams: Sequence[Fragile], kept: Unanswered) -> list[Recognised]:
    """What one stream after the other gives."""

    async def run() -> list[Recognised]:
        source, given = given_items(items), list[Recognised]()
        for stream in streams:
            try:
                async for item in listen(stream, Retelling(source, kept), kept):
                    given.append(item)
            except ServiceError:
                continue
            break
        return given

    return run_virtual(run())


def told(results: Sequence[Recognised]) -> list[str]:
    """The last final text of each segment, in order."""
    finals = {item.segment: item.text for item in results if isinstance(item, Transcript) and item.final}
    return [text for _, text in sorted(finals.items()) if text]


turns = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=3), max_size=4)
"""For each turn, how many words are said before each of its pauses."""


def speech(counts: Sequence[Sequence[int]]) -> tuple[list[SpeechItem], list[str]]:
    items: list[SpeechItem] = []
    texts: list[str] = []
    number = 0
    for turn in counts:
        text: list[str] = []
        for count in turn:
            text += [f"word{number + n}" for n in range(count)]
            items += [word(each) for each in text[len(text) - count :]]
            items.append(Flush())
            number += count
        items.append(EndTurn())
        texts.append(" ".join(text))
    return items, [text for text in texts if text]


@given(turns, st.lists(st.integers(0, 30), max_size=3), st.integers(0, 6), st.booleans())
@examples(400)
def test_wherever_the_streams_break_every_turn_is_told_once(
    counts: list[list[int]], breaks: list[int], ahead: int, partials: bool
) -> None:
    items, texts = speech(counts)
    streams = [Fragile(steps, ahead, partials) for steps in (*breaks, None)]
    kept = Unanswered()
    results = heard_by(items, streams, kept)
    assert told(results) == texts
    finals = [item.segment for item in results if isinstance(item, Transcript) and item.final]
    assert len(finals) == sum(map(len, counts)), "each Flush is answered once"
    assert finals == sorted(finals)
    assert kept.nothing
    assert kept.waiting == 0


@given(turns, st.lists(st.integers(0, 30), max_size=3), st.integers(0, 6), st.booleans())
@examples(200)
def test_with_little_room_no_word_is_told_twice(
    counts: list[list[int]], breaks: list[int], ahead: int, partials: bool
) -> None:
    items, texts = speech(counts)
    kept = Unanswered(seconds=1.0)
    streams = [Fragile(steps, ahead, partials) for steps in (*breaks, None)]
    results = heard_by(items, streams, kept)
    words = " ".join(told(results)).split()
    assert words == sorted(set(words), key=lambda each: int(each[4:]))
    assert set(words) <= set(" ".join(texts).split())


def test_a_guess_of_the_stream_that_broke_is_replaced() -> None:
    """It has the same number, so that what was answered of it already is not answered again."""
    items: list[SpeechItem] = [
        word("one"),
        Flush(),
        EndTurn(),
        EndTurn(),
        word("two"),
        word("three"),
        Flush(),
    ]
    results = heard_by(items, [Fragile(9, 0, True), Fragile(None, 0, True)], Unanswered())
    said = [(item.segment, item.text, item.final) for item in results if isinstance(item, Transcript)]
    assert said == [
        (0, "one", False),
        (0, "one", True),
        (2, "two", False),
        (2, "two", False),
        (2, "two three", False),
        (2, "two three", True),
    ]


def test_sound_that_is_too_much_is_dropped_from_the_front() -> None:
    kept = Unanswered(seconds=3.0, fresh=3.0)
    kept.heard(Transcript("", False))
    for number in range(20):
        kept.take(word(str(number)))
    assert words_in(kept.again())[-6:] == [str(number) for number in range(14, 20)]
    assert len(kept.again()) <= 8
    assert kept.lost == 10.0 - 0.5 * len(kept.again())


def test_what_has_a_result_goes_first_when_there_is_too_much() -> None:
    kept = Unanswered(seconds=3.0)
    for number in range(4):
        kept.take(word(str(number)))
    kept.take(Flush())
    kept.heard(Transcript("0 1 2 3"))
    for number in range(4, 9):
        kept.take(word(str(number)))
    assert words_in(kept.again()) == ["4", "5", "6", "7", "8"]
    assert kept.lost == 0
    assert kept.heard(Transcript("4 5 6 7 8")).segment == 1, "it is added to what was told"


def test_silence_is_kept_for_less_long() -> None:
    kept = Unanswered(seconds=30.0, fresh=2.0)
    for number in range(100):
        kept.take(word(str(number)))
    assert 4 <= len(kept.again()) <= 6
    assert kept.lost == 0


def test_a_recogniser_that_never_answers_is_not_asked_for_everything_again() -> None:
    kept = Unanswered()
    for number in range(1000):
        kept.take(word(str(number)))
        kept.take(Flush())
        kept.take(EndTurn())
    assert kept.waiting == MOST_WAITING
    assert len(words_in(kept.again())) <= 62


def test_no_piece_of_sound_is_copied() -> None:
    kept, piece = Unanswered(), word("one")
    kept.take(piece)
    assert kept.again()[0] is piece


def test_sound_that_is_given_up_is_still_answered() -> None:
    kept = Unanswered()
    kept.take(word("one"))
    kept.take(Flush())
    kept.heard(Transcript("one"))
    kept.take(word("two", 1.5))
    kept.take(Flush())
    kept.take(EndTurn())
    assert kept.give_up() == 1.5
    assert kept.again() == [Flush(), EndTurn()]
    assert kept.heard(Transcript("")).segment == 1, "the empty result replaces nothing"
    assert kept.nothing
