"""Chunks go in; text, whole tool calls and usage come out, or an error, never half a call."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.context import ToolCall
from antiphon.services.base import ServiceError, TextDelta, Usage
from antiphon.services.chat_stream import ChatStream, error_text

Chunk = dict[str, Any]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
arguments = st.dictionaries(st.text(max_size=5), json_values, max_size=4)


def delta(finish: str | None = None, **content: Any) -> Chunk:
    return {"choices": [{"index": 0, "delta": content, "finish_reason": finish}]}


def call(index: int | None = 0, id: str | None = None, name: str | None = None, written: str = "") -> Chunk:
    function = {"arguments": written} | ({"name": name} if name else {})
    numbered = {} if index is None else {"index": index}
    return delta(tool_calls=[{**numbered, **({"id": id} if id else {}), "function": function}])


def run(*chunks: object) -> list[TextDelta | ToolCall | Usage]:
    stream = ChatStream()
    items = [item for chunk in chunks for item in stream.feed(chunk)]
    return [*items, *stream.finish()]


STOP = delta("stop")
CALLS = delta("tool_calls")


def test_text_and_usage() -> None:
    usage: Chunk = {
        "choices": [],
        "usage": {"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4}},
    }
    assert run(delta(content="Hel"), delta(content=""), delta(content="lo."), STOP, usage) == [
        TextDelta("Hel"),
        TextDelta("lo."),
        Usage(9, 2, 4),
    ]


def test_usage_on_every_chunk_is_given_once() -> None:
    counted = [{**delta(content="a"), "usage": {"prompt_tokens": 1, "completion_tokens": n}} for n in (1, 2)]
    assert run(*counted, STOP)[-1] == Usage(1, 2)


def test_a_refusal_is_spoken() -> None:
    assert run(delta(refusal="I cannot."), STOP) == [TextDelta("I cannot.")]


@given(arguments, st.data())
def test_arguments_are_put_together_from_any_pieces(expected: dict[str, Any], data: st.DataObject) -> None:
    written = json.dumps(expected)
    cut = data.draw(st.integers(0, len(written)))
    pieces = [call(id="c1", name="look"), call(written=written[:cut]), call(written=written[cut:])]
    assert run(*pieces, CALLS) == [ToolCall("c1", "look", expected)]


@given(arguments.filter(bool), st.data())
def test_a_stream_that_breaks_off_never_gives_a_call(expected: dict[str, Any], data: st.DataObject) -> None:
    written = json.dumps(expected)
    cut = data.draw(st.integers(0, len(written)))
    stream = ChatStream()
    chunks = (call(id="c1", name="look"), call(written=written[:cut]))
    assert [item for chunk in chunks for item in stream.feed(chunk)] == []
    with pytest.raises(ServiceError, match="broke off"):
        list(stream.finish())


def test_calls_interleaved_by_index() -> None:
    chunks = [
        call(0, "a", "one", '{"x":'),
        call(1, "b", "two", "{"),
        call(0, written="1}"),
        call(1, written="}"),
    ]
    assert run(*chunks, CALLS) == [ToolCall("a", "one", {"x": 1}), ToolCall("b", "two", {})]


@pytest.mark.parametrize("index", [0, None])
def test_servers_that_do_not_number_their_calls(index: int | None) -> None:
    chunks = [call(index, "a", "one", "{}"), call(index, "b", "two", '{"y"'), call(index, written=":2}")]
    assert run(*chunks, STOP) == [ToolCall("a", "one", {}), ToolCall("b", "two", {"y": 2})]


def test_a_call_without_arguments_or_id_is_whole() -> None:
    (only,) = run(call(name="now"), CALLS)
    assert isinstance(only, ToolCall)
    assert (only.name, only.arguments) == ("now", {})
    assert only.id


@pytest.mark.parametrize("written", ['{"a":', "[1]", "null", "nonsense"])
def test_a_broken_call_is_an_error(written: str) -> None:
    with pytest.raises(ServiceError, match=r"broken tool call \(look\)"):
        run(call(id="c", name="look", written=written), CALLS)


@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_a_call_cut_by_a_limit_is_an_error_even_if_it_reads_well(reason: str) -> None:
    with pytest.raises(ServiceError, match="raise max_tokens"):
        run(call(id="c", name="look"), delta(reason))


def test_done_without_a_reason_ends_the_answer() -> None:
    stream = ChatStream()
    assert list(stream.feed(call(id="c", name="look", written="{}"))) == []
    stream.done()
    assert list(stream.finish()) == [ToolCall("c", "look", {})]


def test_nothing_at_all_ends_normally() -> None:
    assert run(STOP) == []


def test_an_error_within_the_stream() -> None:
    with pytest.raises(ServiceError, match="overloaded"):
        run(delta(content="Hi"), {"error": {"message": "overloaded"}})


@given(st.lists(json_values, max_size=5))
def test_chunks_of_any_shape_do_not_crash(chunks: list[object]) -> None:
    assert run(*chunks, STOP) == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"message": "a"}}, "a"),
        ({"error": "b"}, "b"),
        ({"message": "c"}, "c"),
        ({"detail": [1]}, "[1]"),
        ({}, "no reason given"),
    ],
)
def test_error_bodies_of_several_servers(body: Chunk, words: str) -> None:
    assert error_text(body) == words
