from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.text.chunker import Chunker

MARKUP = st.text(alphabet="aB .,:!?…-—\n\"'`*[]()1。、「」好।é\u0301😀\u200d\ud800", max_size=120)
TEXT = st.one_of(MARKUP, st.text(max_size=60))


def chunks(text: str, language: str = "en", *, first: bool = True, max_chars: int = 200) -> list[str]:
    """All chunks of `text`. Without `first`, as if it followed the clauses that an answer begins with."""
    chunker = Chunker(language, max_chars=max_chars)
    lead = "" if first else "Go on. Go on. "
    result = chunker.feed(lead + text) + chunker.flush()
    return result if first else result[2:]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Sure, I can do that, no problem. Next.", "Sure, I can do that, "),
        ("Of course! Here we go.", "Of course! "),
        ("Hi! How are you?", "Hi! How are you?"),
        ("The price is 1,000 dollars today; take it.", "The price is 1,000 dollars today; "),
        ("At 3:30 we leave: be there.", "At 3:30 we leave: "),
        ("It works—mostly.", "It works—"),
        ("It works - mostly.", "It works - "),
        ("A well-known fact, that.", "A well-known fact, "),
        ("Pages 3–5 say so.", "Pages 3–5 say so."),
        ("我很高兴，谢谢你。", "我很高兴，"),
        ("- Milk and eggs\n- Bread", "- Milk and eggs\n"),
        ("One two three four five six seven eight nine", "One two three four five six seven "),
        ("I looked up the weather for Berlin and found rain", "I looked up the weather "),
        ("I'm not sure about that because the data", "I'm not sure about that "),
        ("Yes. I can do that for you right now", "Yes. I can do that "),
        ("I would like to tell you the story", "I would like to tell "),
        ("See [a page, so](http://x.y/a) first, then", "See [a page, so](http://x.y/a) first, "),
    ],
)
def test_the_first_chunk_is_a_clause(text: str, first: str) -> None:
    assert chunks(text)[0] == first


@pytest.mark.parametrize(
    "sentences",
    [
        ["Dr. Smith paid 3.14 dollars in the U.S. Army shop. ", "He left."],
        ["Use a tool, e.g. Python, etc. and so on. ", "Good."],
        ["See https://example.com/a.b?c=d. ", "Then go to example.com. ", "Ok."],
        ["Wait... what? ", "Really?! ", "Yes… ", "So it is."],
        ['He said "Go now." ', "Then (it was late.) ", "He left."],
        ['"Go!" he said. ', "It was **great.** ", "_Really._ ", "Yes."],
        ["No. ", "I won't. ", "It is No. 5 here. ", "Good."],
        ["It was 2024. ", "J. K. Rowling wrote. ", "Mr. T. came."],
        ["今天天气好。", "「走吧！」", "他说。", "好"],
        ["नमस्ते। ", "कैसे हो? ", "ठीक।"],
        ["مرحبا بك؟ ", "كيف حالك؟"],
        ["List:\n", "1. First thing\n", "2. Second thing\n\n", "- Third\n", "Done"],
        ["A line that wraps\nhere goes on. ", "End."],
        ["Look:\n\n", "```python\nx = 1. Then\n\nY = 2.\n```\n", "Nice."],
        ["Great! ", "😀 Thanks. ", "--- \n\n *** Bye now."],
    ],
)
def test_later_chunks_are_sentences(sentences: list[str]) -> None:
    assert chunks("".join(sentences), first=False) == sentences


def test_the_second_chunk_does_not_wait_for_a_long_sentence() -> None:
    text = "One day, I was walking in the park, where I met a friend of mine. We talked."
    assert chunks(text) == [
        "One day, ",
        "I was walking in the park, ",
        "where I met a friend of mine. ",
        "We talked.",
    ]
    assert chunks("Sure, yes. Then go.") == ["Sure, yes. ", "Then go."]


def test_languages_know_their_abbreviations() -> None:
    german = chunks("Es gibt z. B. Arten davon. Gut.", "de", first=False)
    assert german == ["Es gibt z. B. Arten davon. ", "Gut."]


def test_a_chunk_comes_with_the_first_character_after_it() -> None:
    chunker = Chunker()
    assert [chunker.feed(char) for char in "Well now, "] == [[]] * 10
    assert chunker.feed("a") == ["Well now, "]
    assert chunker.feed("nd so, it is.\n") == []
    assert chunker.feed("T") == ["and so, it is.\n"]
    assert chunker.flush() == ["T"]
    assert chunker.flush() == []


def test_after_a_flush_the_next_answer_starts_with_a_clause() -> None:
    chunker = Chunker()
    chunker.feed("It is so. It goes")
    chunker.flush()
    assert chunker.feed("Well yes, I know.") == ["Well yes, "]


def test_a_long_sentence_is_cut_at_a_clause_or_else_between_words() -> None:
    clauses = chunks("The first part of it goes here, " * 20, first=False)
    assert len(clauses) > 3
    assert all(part.endswith("here, ") and len(part) <= 200 for part in clauses)
    words = chunks("word " * 200, first=False)
    assert all(150 < len(part) <= 200 for part in words[:-1])
    assert all(len(part) <= 200 for part in chunks("好" * 900, "zh"))


def test_code_without_end_is_cut_in_the_end() -> None:
    assert max(map(len, chunks("Code: ```" + "x = 1, " * 1000))) <= 1001


@given(TEXT, st.sampled_from(["en", "de", "zh", "hi", "xx"]))
def test_nothing_is_lost_or_empty(text: str, language: str) -> None:
    result = chunks(text, language, max_chars=20)
    assert "".join(result) == text
    if text.strip():
        assert all(chunk.strip() for chunk in result)


@given(TEXT, st.lists(st.integers(1, 9)))
def test_how_the_text_is_split_changes_nothing(text: str, sizes: list[int]) -> None:
    chunker = Chunker(max_chars=20)
    result: list[str] = []
    rest = text
    for size in sizes:
        result += chunker.feed(rest[:size])
        rest = rest[size:]
    result += chunker.feed(rest)
    assert result + chunker.flush() == chunks(text, max_chars=20)


@given(TEXT)
def test_every_chunk_but_the_last_has_something_to_say(text: str) -> None:
    assert all(any(map(str.isalnum, chunk)) for chunk in chunks(text)[:-1])


def test_senseless_limits_are_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        Chunker(min_words=3, max_words=2)
