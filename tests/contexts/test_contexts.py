"""Counting, marking and saving contexts."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.context import (
    AssistantMessage,
    AudioPart,
    Context,
    ImagePart,
    ToolCall,
    ToolMessage,
    ToolSpec,
    UserMessage,
)
from antiphon.contexts import (
    SavedContextError,
    context_tokens,
    estimate_tokens,
    for_model,
    load_context,
    save_context,
)
from effort import examples

from .strategies import contexts, texts

CUT = AssistantMessage("Once there was a dog. It barked.", heard="Once there was ", interrupted=True)


def test_a_token_is_about_four_bytes() -> None:
    sentence = "The quick brown fox jumps over the lazy dog."
    assert 10 <= estimate_tokens(UserMessage.of(sentence)) <= 20
    assert estimate_tokens(UserMessage.of("你好，世界")) > estimate_tokens(UserMessage.of("hello"))


def test_only_heard_words_count() -> None:
    assert estimate_tokens(CUT) < estimate_tokens(AssistantMessage(CUT.generated))


def test_pictures_sound_calls_and_tools_count() -> None:
    assert estimate_tokens(UserMessage((ImagePart(data=b"x"),))) >= 1000
    assert estimate_tokens(UserMessage((AudioPart(bytes(32000), 16000),))) == 4 + 32
    call = AssistantMessage("", tool_calls=(ToolCall("1", "weather", {"city": "Zürich" * 20}),))
    assert estimate_tokens(call) > 30
    context = Context((ToolMessage("1", "weather", "sunny"),), (ToolSpec("weather", "Tells it.", {}),))
    assert context_tokens(context) == sum(map(estimate_tokens, (*context.messages, *context.tools)))


@given(texts, texts)
def test_more_text_never_takes_fewer_tokens(first: str, second: str) -> None:
    assert estimate_tokens(UserMessage.of(first + second)) >= estimate_tokens(UserMessage.of(first))


def test_an_interrupted_answer_ends_with_the_mark() -> None:
    assert for_model(Context((CUT,))).messages == (AssistantMessage("Once there was —"),)
    assert for_model(Context((CUT,)), " [cut]").messages == (AssistantMessage("Once there was [cut]"),)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (AssistantMessage("Yes. No.", heard="Yes. No.", interrupted=True), "Yes. No."),
        (AssistantMessage("Yes. ", heard="Yes.", interrupted=True), "Yes."),
        (AssistantMessage("Yes.", heard="", interrupted=True), ""),
        (AssistantMessage("Yes, I", interrupted=True), "Yes, I —"),
        (AssistantMessage("Yes. No.", heard="Yes. "), "Yes. "),
    ],
)
def test_a_mark_only_where_something_was_cut(answer: AssistantMessage, said: str) -> None:
    (message,) = for_model(Context((answer,))).messages
    assert isinstance(message, AssistantMessage)
    assert message.said == said


@given(contexts, texts)
@examples(40)
def test_marking_once_is_marking_for_good(context: Context, mark: str) -> None:
    marked = for_model(context, mark)
    assert for_model(marked) == marked
    assert len(marked.messages) == len(context.messages)
    for before, after in zip(context.messages, marked.messages, strict=True):
        if isinstance(before, AssistantMessage) and isinstance(after, AssistantMessage):
            assert after.tool_calls == before.tool_calls
            assert after.said.startswith(before.said.rstrip())


@given(contexts)
@examples(40)
def test_a_context_comes_back_as_it_was(context: Context) -> None:
    assert load_context(save_context(context)) == context
    assert load_context(save_context(context).decode()) == context
    assert Context.from_json(context.to_json()) == context


def test_the_envelope_says_what_it_is() -> None:
    saved = json.loads(save_context(Context.of("Be brief.")))
    assert (saved["format"], saved["version"]) == ("antiphon.context", 1)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not a saved context"),
        (b"\xff\x00", "not a saved context"),
        ("[1, 2]", "not a saved context"),
        ('{"messages": []}', "not a saved context"),
        ('{"format": "other", "version": 1, "context": {}}', "its format is 'other'"),
        ('{"format": "antiphon.context", "version": 9, "context": {}}', "saved in version 9"),
        ('{"format": "antiphon.context", "version": 1, "context": {"messages": 3}}', "damaged"),
        ("[" * 100_000, "not a saved context"),
    ],
)
def test_anything_else_is_refused_in_one_sentence(data: bytes | str, said: str) -> None:
    with pytest.raises(SavedContextError, match=said) as refused:
        load_context(data)
    assert len(str(refused.value)) < 300


@given(st.binary(max_size=60))
def test_no_bytes_do_harm(data: bytes) -> None:
    with pytest.raises(SavedContextError):
        load_context(data)


def test_what_json_cannot_hold_is_told() -> None:
    call = AssistantMessage("", tool_calls=(ToolCall("1", "draw", {"shape": object()}),))
    with pytest.raises(SavedContextError, match="cannot be saved"):
        save_context(Context((call,)))


def test_encoding_is_plain_json() -> None:
    assert msgspec.json.decode(save_context(Context()))["context"] == {"messages": [], "tools": []}
