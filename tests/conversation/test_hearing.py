"""What of a transcript is new: words that were answered are not answered again, and none is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.turns.hearing import Hearing, same_words

WORDS = st.lists(st.sampled_from(["go", "on", "then", "stop"]), max_size=6).map(" ".join)


@pytest.mark.parametrize(
    ("answered", "comes", "new"),
    [
        ("", "tell me more", "tell me more"),
        ("tell me", "tell me more", "more"),
        ("Tell me.", "tell me, more", "more"),
        ("tell me", "tell me", ""),
        ("tell me more", "tell me", ""),
        ("tell w", "tell weather now", "weather now"),
        ("stop", "go on", "go on"),
    ],
)
def test_a_final_text_counts_for_what_it_adds(answered: str, comes: str, new: str) -> None:
    typed_into = Hearing().interim(3, answered).after_turn()
    assert typed_into.unanswered(3, comes) == new
    assert typed_into.unanswered(4, comes) == comes, "another segment is all new"
    assert typed_into.fresh().final(3, comes, settled=True).text == new


def test_a_guess_that_comes_late_opens_nothing() -> None:
    heard = Hearing().final(1, "thank you", settled=True)
    assert heard.guessed(1, "thank") == ""
    assert heard.after_turn().guessed(1, "thank you") == "", "it was answered"
    assert heard.after_turn().guessed(1, "thank you then") == "then"
    assert heard.after_turn().guessed(2, "thank you") == "thank you"


def test_what_was_settled_is_new_if_it_is_said_again() -> None:
    """So a recogniser that gives all of its segments one number is understood too."""
    over = Hearing().final(1, "yes", settled=True).after_turn()
    assert over.unanswered(1, "yes") == "yes"
    assert not over.due(1)
    sure = Hearing().final(1, "yes", settled=True).after_turn(again=True)
    assert sure.due(1)
    assert sure.unanswered(1, "yes, but") == "but"


@given(st.lists(st.tuples(st.integers(0, 2), WORDS, st.booleans()), max_size=12))
def test_of_a_segment_that_grows_every_word_counts_once(said: list[tuple[int, str, bool]]) -> None:
    """However often a turn ends in the middle of a segment (True), and however it is guessed before."""
    hearing, spoken, counted = Hearing(), {0: "", 1: "", 2: ""}, list[str]()
    for segment, more, ends in said:
        spoken[segment] = f"{spoken[segment]} {more}".strip()
        hearing = hearing.interim(segment, spoken[segment]).final(segment, spoken[segment], settled=False)
        if ends:
            counted += hearing.best.split()
            hearing = hearing.after_turn()
    counted += hearing.best.split()
    assert sorted(counted) == sorted(" ".join(spoken.values()).split())


@given(WORDS, WORDS)
def test_looks_do_not_make_words_new(before: str, after: str) -> None:
    heard = Hearing().interim(0, before.title()).after_turn()
    assert same_words(heard.unanswered(0, f"{before} {after}".upper()), after)
