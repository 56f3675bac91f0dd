"""What a recogniser is given: a request at each pause, the end of a segment at none but a pause."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.services.base import EndTurn, Flush
from antiphon.services.boundaries import Boundaries, Marks

Happening = Callable[[Boundaries], Marks]


def speaks(at: Boundaries) -> Marks:
    at.speaks()
    return ()


HAPPENINGS: list[Happening] = [
    speaks,
    Boundaries.pauses,
    Boundaries.stops,
    Boundaries.asked,
    Boundaries.turn_over,
    Boundaries.deaf,
]


def told(*happenings: Happening) -> list[str]:
    """What the recogniser is given for each."""
    at = Boundaries()
    return ["".join(type(mark).__name__[0] for mark in happened(at)) for happened in happenings]


@pytest.mark.parametrize(
    ("happenings", "given"),
    [
        ((speaks, Boundaries.pauses, Boundaries.stops, Boundaries.turn_over), ["", "F", "", "E"]),
        ((speaks, Boundaries.stops, Boundaries.turn_over), ["", "F", "E"]),
        ((speaks, Boundaries.turn_over, Boundaries.pauses, Boundaries.stops), ["", "", "FE", ""]),
        ((speaks, Boundaries.turn_over, Boundaries.stops, Boundaries.turn_over), ["", "", "FE", "E"]),
        ((speaks, Boundaries.asked, Boundaries.pauses), ["", "F", "F"]),
        ((speaks, Boundaries.turn_over, Boundaries.deaf), ["", "", "FE"]),
        ((speaks, Boundaries.pauses, Boundaries.deaf), ["", "F", "E"]),
        ((Boundaries.turn_over, speaks, Boundaries.pauses), ["E", "", "F"]),
    ],
)
def test_requests_and_ends(happenings: tuple[Happening, ...], given: list[str]) -> None:
    assert told(*happenings) == given


@given(st.lists(st.sampled_from(HAPPENINGS), max_size=20))
def test_no_segment_ends_inside_of_speech_and_each_end_comes(happenings: list[Happening]) -> None:
    """An end that a turn asked for comes at once, or right after the request of the next pause."""
    at, speaking, owed = Boundaries(), False, False
    for happened in happenings:
        marks = happened(at)
        falls_silent = happened in (Boundaries.pauses, Boundaries.stops, Boundaries.deaf)
        if speaking and falls_silent:
            assert isinstance(marks[0], Flush), "what was said last is asked for"
            assert not owed or isinstance(marks[1], EndTurn)
        speaking = happened is speaks or (speaking and not falls_silent)
        owed = speaking and (owed or happened is Boundaries.turn_over)
        assert not speaking or not any(isinstance(mark, EndTurn) for mark in marks)
