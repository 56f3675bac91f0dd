"""What is from afar: levels in, verdicts out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.turns.nearness import Nearness

LEVELS = st.floats(-80, 0)


def test_before_a_level_is_known_nothing_is_far() -> None:
    assert not Nearness().far((), -60.0)
    assert not Nearness().far((-20.0,), None)


@pytest.mark.parametrize(("level", "far"), [(-20.0, False), (-28.9, False), (-29.0, True), (-50.0, True)])
def test_far_is_much_quieter_than_this_user(level: float, far: bool) -> None:
    assert Nearness().far((-20.0,), level) is far
    assert Nearness().far((-40.0, -20.0, -19.0), level) is far


def test_short_sounds_teach_nothing() -> None:
    assert Nearness().learn((), -20.0, 0.29) == ()
    assert Nearness().learn((), None, 2.0) == ()
    assert Nearness().learn((), -20.0, 0.3) == (-20.0,)


def test_who_insists_is_meant_to_be_heard() -> None:
    nearness = Nearness()
    assert not nearness.insists(7, 2.9)
    assert nearness.insists(8, 1.0)
    assert nearness.insists(0, 3.0)


@given(st.lists(LEVELS, max_size=12), LEVELS)
def test_one_who_moves_away_is_near_again_after_some_turns(turns: list[float], level: float) -> None:
    nearness, known = Nearness(), ()
    for each in turns:
        known = nearness.learn(known, each, 1.0)
    assert len(known) == min(len(turns), nearness.kept)
    for _ in range(nearness.kept // 2 + 1):
        known = nearness.learn(known, level, 1.0)
    assert not nearness.far(known, level)
