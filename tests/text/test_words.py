from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.text.words import edit_distance, normalise, word_error_rate

WORDS = st.lists(st.sampled_from("abc"), max_size=8)


def test_looks_do_not_count() -> None:
    assert normalise("Don’t STOP, (ever)—ﬁne!") == ["don't", "stop", "ever", "fine"]
    assert normalise("你好。ok") == ["你", "好", "ok"]
    assert word_error_rate("Hello, World!", "hello world") == 0


def test_numbers_can_be_spelt() -> None:
    assert word_error_rate("It is 3 km.", "it is three kilometers", spell=True) == 0
    assert word_error_rate("It is 3 km.", "it is three kilometers") == 0.5


def test_rate() -> None:
    assert word_error_rate("a b c d", "a x c") == 0.5
    assert word_error_rate("", "") == 0
    assert word_error_rate("", "a b") == 2
    assert word_error_rate("a", "") == 1
    assert word_error_rate("a b", "a b c d e") == pytest.approx(1.5)


@given(WORDS, WORDS, WORDS)
def test_edit_distance_is_a_distance(first: list[str], second: list[str], third: list[str]) -> None:
    between = edit_distance(first, second)
    assert between == edit_distance(second, first)
    assert (between == 0) == (first == second)
    assert abs(len(first) - len(second)) <= between <= max(len(first), len(second))
    assert between <= edit_distance(first, third) + edit_distance(third, second)
