"""Speech in ticks: lists of stretches in, who yielded and who responded out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.testing.call_speech import Stretch
from antiphon.testing.ticks import TICK_SECONDS, responds, ticks_of, yields


def test_a_tick_holds_speech_if_any_sound_falls_in_it() -> None:
    assert ticks_of([Stretch(0.39, 0.41)]) == [1, 2]
    assert ticks_of([Stretch(0.4, 0.6)]) == [2]
    assert ticks_of([Stretch(0.0, 0.2), Stretch(0.62, 0.64)]) == [0, 3]
    assert ticks_of([]) == []


@pytest.mark.parametrize(
    ("pause", "yielded"),
    [
        (Stretch(1.05, 1.35), False),  # a part of each of two ticks
        (Stretch(1.19, 1.41), True),  # all of the tick from 1.2 s
        (Stretch(1.21, 1.59), False),
        (Stretch(1.99, 2.5), False),  # the five ticks from 1.0 s are over
        (Stretch(1.78, 2.5), True),
    ],
)
def test_only_an_empty_tick_is_yielding(pause: Stretch, yielded: bool) -> None:
    spoken = ticks_of([Stretch(0.0, pause.start), Stretch(pause.end, 5.0)])
    assert yields(spoken, 1.1) is yielded


def test_an_answer_that_ends_within_the_second_counts_as_yielding() -> None:
    assert yields(ticks_of([Stretch(0.0, 1.7)]), 1.1) is True
    assert yields(ticks_of([Stretch(0.0, 1.85)]), 1.1) is False


def test_who_is_silent_when_the_sound_begins_cannot_yield() -> None:
    assert yields(ticks_of([Stretch(0.0, 0.9)]), 1.0) is None
    assert yields(ticks_of([Stretch(0.0, 0.9)]), 0.95) is True


def test_responding_is_to_begin_within_two_seconds_of_the_end() -> None:
    assert responds(ticks_of([Stretch(3.3, 4.0)]), 1.0, 1.3)
    assert responds(ticks_of([Stretch(1.1, 4.0)]), 1.0, 1.3)
    assert not responds(ticks_of([Stretch(3.7, 4.0)]), 1.0, 1.3)
    assert not responds(ticks_of([Stretch(0.0, 5.0)]), 1.0, 1.3), "it has been speaking all the time"
    assert not responds([], 1.0, 1.3)


@given(st.floats(0, 5), st.floats(0.41, 3))
def test_a_pause_of_two_ticks_is_always_seen(start: float, length: float) -> None:
    spoken = ticks_of([Stretch(-5.0, start), Stretch(start + length, 20.0)])
    assert yields(spoken, max(0.0, start - TICK_SECONDS)) in (True, None)


@given(st.floats(0, 5), st.floats(0.0, 0.19))
def test_one_of_less_than_a_tick_never_is(start: float, length: float) -> None:
    spoken = ticks_of([Stretch(0.0, start), Stretch(start + length, 20.0)])
    assert yields(spoken, start) is False
