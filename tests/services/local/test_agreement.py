from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.services.local.agreement import bare, stable_prefix

sentences = st.lists(st.sampled_from(["what", "What's", "the", "the?", "weather,", "-", "on?"]), max_size=8)


@pytest.mark.parametrize(
    ("earlier", "later", "agreed"),
    [
        ("", "What's", ""),
        ("What's the?", "What's the weather going on?", "What's the"),
        ("what is the", "What is the weather", "What is the"),
        ("tomorrow after", "tomorrow afternoon?", "tomorrow"),
        ("Yes.", "Yes.", "Yes"),
        ("Yes. No", "Yes. No.", "Yes. No"),
        ("A b c", "X b c", ""),
        ("one  two", " one two", " one two"),
    ],
)
def test_words_at_the_front_that_agree(earlier: str, later: str, agreed: str) -> None:
    assert stable_prefix(earlier, later) == agreed


@given(sentences, sentences)
def test_it_is_a_prefix_of_the_later_reading_in_whole_words(old: list[str], new: list[str]) -> None:
    earlier, later = " ".join(old), " ".join(new)
    agreed = stable_prefix(earlier, later)
    assert later.startswith(agreed)
    for mine, theirs, newer in zip(agreed.split(), old, new, strict=False):
        assert bare(mine) == bare(theirs) == bare(newer)


@given(st.text())
def test_a_reading_agrees_with_itself_up_to_its_last_punctuation(text: str) -> None:
    agreed = stable_prefix(text, text)
    assert [bare(word) for word in agreed.split()] == [bare(word) for word in text.split()][
        : len(agreed.split())
    ]
    assert not any(bare(word) for word in text[len(agreed) :].split())
