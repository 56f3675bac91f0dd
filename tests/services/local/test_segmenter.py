from __future__ import annotations

import re
from itertools import pairwise

import pytest
from ears_kit import Item, played, read_words, scripts, silence, spelled, word, words
from hypothesis import given
from hypothesis import strategies as st

from antiphon.services.base import Audio, EndTurn, Flush, ServiceError, Transcript
from antiphon.services.local.segment import Order
from antiphon.services.local.segmenter import Segmenter
from effort import examples


def work(core: Segmenter, readings: list[Order] | None = None) -> list[Transcript]:
    """Do all the work there is, at once."""
    told: list[Transcript] = []
    while (order := core.take()) is not None:
        if order.known is None and readings is not None:
            readings.append(order)
        text = spelled(read_words(order.pcm)) if order.known is None else order.known
        if (transcript := core.answer(order, text)) is not None:
            told.append(transcript)
    return told


def play(core: Segmenter, items: list[Item]) -> list[Transcript]:
    told: list[Transcript] = []
    for item in items:
        core.feed(item)
        told += work(core)
    return told


def finals(told: list[Transcript]) -> list[tuple[int, str]]:
    return [(each.segment, each.text) for each in told if each.final]


def test_speech_is_read_as_it_grows_and_once_more_at_the_flush() -> None:
    told = play(Segmenter(), [*words(1, 2, 3, 4, 5), Flush()])
    assert told == [
        Transcript("w1 w2", False, 0, ""),
        Transcript("w1 w2 w3 w4", False, 0, "w1 w2"),
        Transcript("w1 w2 w3 w4 w5", True, 0),
    ]


def test_a_long_segment_is_read_less_often() -> None:
    told = play(Segmenter(limit=100), words(*range(80)))
    counts = [len(each.text.split()) for each in told]
    assert counts[:10] == list(range(2, 21, 2))
    assert all(later - earlier >= 0.09 * later for earlier, later in pairwise(counts))


def test_a_longer_final_replaces_the_first_and_a_turn_ends_the_segment() -> None:
    told = play(Segmenter(), [*words(1, 2), Flush(), *words(3), Flush(), EndTurn(), *words(4, 5), Flush()])
    assert finals(told) == [(0, "w1 w2"), (0, "w1 w2 w3"), (1, "w4 w5")]


def test_an_order_holds_what_was_heard_when_it_was_asked_for() -> None:
    core = Segmenter()
    for item in [*words(1, 2), Flush(), EndTurn(), *words(3, 4), Flush()]:
        core.feed(item)
    assert finals(work(core)) == [(0, "w1 w2"), (1, "w3 w4")]


@pytest.mark.parametrize("more", [[], [silence(0.4)], [Flush(), silence(2.0)]])
def test_when_only_silence_came_the_answer_is_known(more: list[Item]) -> None:
    core, readings = Segmenter(), list[Order]()
    for item in [*words(1, 2, 3), Flush(), *more, Flush()]:
        core.feed(item)
    told = work(core, readings)
    assert {text for _, text in finals(told)} == {"w1 w2 w3"}
    assert len(readings) == 1


def test_an_interim_reading_of_the_very_same_sound_answers_the_flush() -> None:
    core, readings = Segmenter(), list[Order]()
    for item in words(1, 2):
        core.feed(item)
    assert [each.text for each in work(core, readings)] == ["w1 w2"]
    core.feed(Flush())
    assert finals(work(core, readings)) == [(0, "w1 w2")]
    assert len(readings) == 1


@pytest.mark.parametrize(
    "heard", [[], [silence(3)], words(1), [silence(1), Audio(word(1).pcm[:1600], 16_000)]]
)
def test_silence_and_clicks_are_not_read(heard: list[Item]) -> None:
    assert play(Segmenter(), [*heard, Flush()]) == [Transcript("", True, 0)]


def test_an_interim_order_is_overtaken_by_a_flush_and_by_the_end_of_its_turn() -> None:
    for item in (Flush(), EndTurn()):
        core = Segmenter()
        for each in words(1, 2):
            core.feed(each)
        order = core.take()
        assert order is not None
        assert not core.overtaken(order)
        core.feed(item)
        assert core.overtaken(order)
        assert core.answer(order, "w1") is None


def test_a_final_order_is_never_overtaken() -> None:
    core = Segmenter()
    for each in [*words(1, 2), Flush(), EndTurn(), *words(3), Flush()]:
        core.feed(each)
    order = core.take()
    assert order is not None
    assert not core.overtaken(order)


def test_an_empty_interim_reading_is_not_told() -> None:
    core = Segmenter()
    for each in words(1, 2):
        core.feed(each)
    order = core.take()
    assert order is not None
    assert core.answer(order, "") is None


def test_the_end_of_the_stream_flushes_what_was_said_since() -> None:
    core = Segmenter()
    assert finals(play(core, [*words(1, 2), Flush(), *words(3), silence(0.2)])) == [(0, "w1 w2")]
    core.finish()
    assert finals(work(core)) == [(0, "w1 w2 w3")]
    core.finish()
    assert work(core) == []


def test_a_long_segment_is_cut_at_a_pause_and_nothing_is_lost() -> None:
    spoken = list(range(1, 41))
    items: list[Item] = []
    for number in spoken:
        items += [word(number), silence(0.3)] if number % 10 == 0 else [word(number)]
    told = finals(play(Segmenter(limit=5), [*items, Flush()]))
    assert [segment for segment, _ in told] == list(range(len(told)))
    assert " ".join(text for _, text in told) == spelled(spoken)
    assert told[0][1] == spelled(spoken[:10])


def test_one_huge_piece_is_cut_as_well() -> None:
    pieces = [word(number).pcm + silence(0.15).pcm for number in range(100)]
    told = finals(play(Segmenter(limit=10), [Audio(b"".join(pieces), 16_000), Flush()]))
    assert len(told) > 3
    assert " ".join(text for _, text in told) == spelled(list(range(100)))


def test_telephone_sound_is_kept_as_it_came() -> None:
    core = Segmenter()
    for item in [word(1, 8000), word(2, 8000), Flush()]:
        core.feed(item)
    order = core.take()
    assert order is not None
    assert (order.rate, len(order.pcm)) == (8000, 4000)
    assert read_words(order.pcm) == [1, 2]


def test_a_change_of_rate_on_the_way_converts_what_there_is() -> None:
    core = Segmenter()
    for item in [word(1, 8000), word(1, 8000), word(2, 16_000), Flush()]:
        core.feed(item)
    order = core.take()
    assert order is not None
    assert (order.rate, len(order.pcm)) == (16_000, 12_000)
    assert order.readable


def test_damaged_sound_and_senseless_options_are_refused() -> None:
    with pytest.raises(ServiceError, match="whole s16le"):
        Segmenter().feed(Audio(b"abc", 16_000))
    with pytest.raises(ValueError, match="partial_every"):
        Segmenter(partial_every=0)
    with pytest.raises(ValueError, match="limit"):
        Segmenter(limit=1)


pauses = st.lists(st.booleans(), min_size=40, max_size=40)


@examples(60)
@given(scripts(40), pauses, st.sampled_from([0.25, 0.5, 1.0]))
def test_every_flush_is_answered_once_with_all_that_was_said_in_its_turn(
    script: list[str], pauses: list[bool], every: float
) -> None:
    core, told = Segmenter(partial_every=every), list[Transcript]()
    for item, pause in zip(played(script), pauses, strict=False):
        core.feed(item)
        told += work(core) if pause else []
    told += work(core)
    answers = [(each.segment, len(each.text.split())) for each in told if each.final]
    expected = asked_for(script)
    assert [segment for segment, _ in answers] == [segment for segment, _ in expected]
    for (_, heard), (_, count) in zip(answers, expected, strict=True):
        assert heard in ({count} if count > 1 else {0, count})


def asked_for(script: list[str]) -> list[tuple[int, int]]:
    """For each flush its segment and how many words were said in that so far."""
    turns = "|".join(script).split("end")
    return [(number, before.count("word")) for number, turn in enumerate(turns) for before in flushes(turn)]


def flushes(turn: str) -> list[str]:
    """What was said in a turn before each of its flushes."""
    return [turn[: each.start()] for each in re.finditer("flush", turn)]


@examples(60)
@given(scripts(40), pauses)
def test_transcripts_never_go_back(script: list[str], pauses: list[bool]) -> None:
    core, told = Segmenter(partial_every=0.25), list[Transcript]()
    for item, pause in zip(played(script), pauses, strict=False):
        core.feed(item)
        told += work(core) if pause else []
    segments = [each.segment for each in told]
    assert segments == sorted(segments)
    assert all(each.text.startswith(each.stable) for each in told)
    for earlier, later in pairwise(told):
        if earlier.segment == later.segment:
            assert len(later.text) >= len(earlier.text)
