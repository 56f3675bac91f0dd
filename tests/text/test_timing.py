from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.text.timing import SYLLABLES_PER_SECOND, estimate, weight


@given(st.lists(st.text(max_size=12), max_size=20), st.one_of(st.none(), st.floats(0, 1e6)))
def test_spans_follow_each_other_to_the_end(units: list[str], seconds: float | None) -> None:
    spans = estimate(units, seconds)
    assert len(spans) == len(units)
    edges = [edge for span in spans for edge in span]
    assert edges == sorted(edges)
    assert all(end == start for (_, end), (start, _) in pairwise(spans))
    if units and seconds is not None:
        assert (spans[0][0], spans[-1][1]) == (0, seconds)


@given(st.lists(st.text(max_size=12), max_size=20), st.floats(0.1, 100))
def test_without_a_length_the_rate_decides(units: list[str], rate: float) -> None:
    spans = estimate(units, rate=rate)
    if units:
        assert spans[-1][1] == pytest.approx(sum(map(weight, units)) / rate)


def test_long_words_and_stops_take_longer() -> None:
    assert weight("internationally ") > weight("time ") == weight("a ") == 1
    assert weight("yes. ") > weight("yes, ") > weight("yes ")
    assert weight("NASA") == 4
    assert weight("你好。") == 4
    assert weight(" ** ") == 0
    assert estimate(["one ", "three ", "seven"], 4.0) == [(0.0, 1.0), (1.0, 2.0), (2.0, 4.0)]
    assert estimate(["hello "]) == [(0.0, 2 / SYLLABLES_PER_SECOND)]


def test_senseless_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        estimate(["a"], -1)
    with pytest.raises(ValueError, match="rate"):
        estimate(["a"], rate=0)
