"""Calls in what a small model writes."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.context import ToolCall
from antiphon.services.local.tool_text import ToolText

PARIS = '{"name": "get_weather", "arguments": {"city": "Paris"}}'
END = '{"name": "end_call", "arguments": {}}'
Read = list[str | tuple[str, dict[str, Any]]]


def read(*pieces: str) -> Read:
    """Everything that comes out: runs of text joined, calls as (name, arguments)."""
    parser = ToolText()
    found = [item for piece in pieces for item in parser.feed(piece)] + parser.flush()
    joined: Read = []
    for item in found:
        if isinstance(item, ToolCall):
            joined.append((item.name, item.arguments))
        elif joined and isinstance(joined[-1], str):
            joined[-1] += item
        else:
            joined.append(item)
    return joined


paris: tuple[str, dict[str, Any]] = ("get_weather", {"city": "Paris"})
end: tuple[str, dict[str, Any]] = ("end_call", {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, how are you?", ["Hello, how are you?"]),
        (PARIS, [paris]),
        (f"```json\n{PARIS}\n```", [paris]),
        (f"```\n{PARIS}```", [paris]),
        (f"<tool_call>\n{PARIS}\n</tool_call>", [paris]),
        (f"<tool_call>{PARIS}", [paris]),
        (f"<tool_call>{PARIS}</tool", [paris]),
        (f"Let me see: {PARIS}", ["Let me see:", paris]),
        (f"{PARIS}\n{END}\n", [paris, end]),
        (f"<tool_call>{PARIS}</tool_call>\n<tool_call>{END}</tool_call>", [paris, end]),
        (f"```json\n{PARIS}\n```\nOne moment.", [paris, "\nOne moment."]),
        ('{\n "arguments": {},\n "name": "end_call"\n}', [end]),
    ],
)
def test_calls_and_words(text: str, expected: Read) -> None:
    assert read(text) == expected
    assert read(*text) == expected


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "end_call", "arguments": {"}}',
        '{"name": "end_call", "arguments": {}',
        '{"name": "end_call", "argum',
        '{"name": "end_call"}',
        '{"name": "end_call", "arguments": "none"}',
        '{"name": "end_call", "arguments": null}',
        '{"name": "", "arguments": {}}',
        '{"name": "Bob", "age": 3}',
        '{"name": "a", "arguments": {}, "sure": false}',
        f'{{"tools": [{END}]}}',
        f'{{"name": "later", "arguments": {END}, }}',
        f'{{"name": "later", "arguments": [{END}]}}',
        f"{{ inner: {END} }}",
        f'```json\n{{"example": {END}}}\n```',
        "<tool_call>",
        "<tool_call>nothing</tool_call>",
        "<tool_calls> 1 < 2, `code`, ```python\nprint({})```",
        "a { b",
        "{}",
        "{",
    ],
)
def test_what_is_no_whole_call_is_text(text: str) -> None:
    assert read(text) == [text]
    assert read(*text) == [text]


def test_text_leaves_at_once_and_only_what_may_be_a_call_is_held() -> None:
    parser = ToolText()
    assert parser.feed("Sure, ") == ["Sure,"]
    assert parser.feed("1 <") == [" 1"]
    assert parser.feed(" 2 ") == [" <", " 2"]
    assert parser.feed('{"na') == []
    assert parser.in_call
    assert parser.feed('tion": "NL"} ok') == [' {"nation": "NL"}', " ok"]
    assert not parser.in_call
    (call,) = parser.feed(END)
    assert isinstance(call, ToolCall)


def test_calls_have_ids_of_their_own() -> None:
    first, second = (item for item in ToolText().feed(f"{END}\n{END}") if isinstance(item, ToolCall))
    assert first.id != second.id


MARKS = ["{", "}", '"', "<", ">", "`", "```", "```json\n", "<tool_call>", "</tool_call>", ":", ",", " ", "\n"]
PARTS = [
    '"name"',
    '"arguments"',
    '"name": "f", "arguments": ',
    "[",
    "]",
    "1",
    "-",
    "1.",
    "2e",
    "tr",
    "ue",
    "ll",
]
OTHERS = [PARIS, END, "word", "é😀", "\\", "\\u00", "e9", "\\ud83d"]
noise = st.lists(st.sampled_from([*MARKS, *PARTS, *OTHERS])).map("".join)


@st.composite
def cuts(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> tuple[str, list[str]]:
    text = draw(texts)
    places = sorted(draw(st.lists(st.integers(0, len(text)), max_size=6)))
    return text, [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]


@given(cuts(noise | st.text()))
def test_the_same_however_it_is_cut(cut: tuple[str, list[str]]) -> None:
    text, pieces = cut
    assert read(*pieces) == read(text) == read(*text)


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


@given(noise)
def test_without_a_call_no_word_is_lost_or_added(text: str) -> None:
    found = read(text)
    if all(isinstance(item, str) for item in found):
        assert squeezed("".join(map(str, found))) == squeezed(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
calls = st.tuples(st.text(min_size=1), st.dictionaries(st.text(), json_values, max_size=3))
WRAPPINGS = ["{}", "```json\n{}\n```", "<tool_call>\n{}\n</tool_call>", "<tool_call>{}</tool_call>"]


@given(
    st.lists(st.tuples(st.sampled_from(["", "One moment, "]), calls, st.sampled_from(WRAPPINGS)), max_size=3),
    st.booleans(),
    st.integers(1, 7),
)
def test_every_call_is_found_whole(
    script: list[tuple[str, tuple[str, dict[str, Any]], str]], ascii_only: bool, size: int
) -> None:
    text, expected = "", list[object]()
    for words, (name, arguments), wrapping in script:
        written = json.dumps({"name": name, "arguments": arguments}, ensure_ascii=ascii_only)
        text += words + wrapping.replace("{}", written)
        expected += [words.strip(), (name, arguments)] if words else [(name, arguments)]
    found = read(*(text[start : start + size] for start in range(0, len(text), size)))
    assert [item.strip() if isinstance(item, str) else item for item in found] == expected


@given(calls, st.sampled_from(WRAPPINGS), st.data())
def test_a_call_that_breaks_off_is_never_made(
    call: tuple[str, dict[str, Any]], wrapping: str, data: st.DataObject
) -> None:
    written = json.dumps({"name": call[0], "arguments": call[1]})
    before = wrapping.partition("{}")[0]
    kept = data.draw(st.integers(0, len(written) - 1))
    text = before + written[:kept]
    assert squeezed("".join(map(str, read(text)))) == squeezed(text)
