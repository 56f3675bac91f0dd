"""Conversations of every shape, also those that a live call breaks: late, missing and stray results."""

from __future__ import annotations

import hypothesis.strategies as st

from antiphon.context import (
    AssistantMessage,
    AudioPart,
    Context,
    ImagePart,
    Message,
    Part,
    SystemMessage,
    TextPart,
    ToolCall,
    ToolMessage,
    ToolSpec,
    UserMessage,
)

texts = st.text(st.characters(codec="utf-8"), max_size=30)
ids = st.sampled_from(["a", "b", "c", "d", "e", "f"])
json_values: st.SearchStrategy[object] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
objects = st.dictionaries(texts, json_values, max_size=3)
calls = st.builds(ToolCall, ids, texts, objects)
parts: st.SearchStrategy[Part] = st.one_of(
    st.builds(TextPart, texts),
    st.builds(ImagePart, st.none() | texts, st.none() | st.binary(max_size=20)),
    st.builds(AudioPart, st.binary(max_size=20), st.integers(1, 48000), st.integers(1, 2)),
)


@st.composite
def answers(draw: st.DrawFn) -> AssistantMessage:
    generated = draw(texts)
    heard = draw(st.none() | st.integers(0, len(generated)).map(lambda n: generated[:n]))
    called = draw(st.lists(calls, max_size=2, unique_by=lambda call: call.id))
    return AssistantMessage(generated, heard, draw(st.booleans()), tuple(called))


users = st.builds(UserMessage, st.lists(parts, max_size=3).map(tuple))
messages: st.SearchStrategy[Message] = st.one_of(
    users,
    answers(),
    st.builds(ToolMessage, ids, texts, texts, st.booleans()),
    st.builds(SystemMessage, texts),
)
specs = st.builds(ToolSpec, texts, texts, objects)
contexts = st.builds(
    Context, st.lists(messages, max_size=14).map(tuple), st.lists(specs, max_size=2).map(tuple)
)


def callers(messages: tuple[Message, ...]) -> dict[int, int | None]:
    """For the place of each result: the place of the call it answers, the last one with its id before it."""
    found: dict[int, int | None] = {}
    for place, result in enumerate(messages):
        if isinstance(result, ToolMessage):
            found[place] = max(
                (
                    earlier
                    for earlier, message in enumerate(messages[:place])
                    if isinstance(message, AssistantMessage)
                    and any(call.id == result.call_id for call in message.tool_calls)
                ),
                default=None,
            )
    return found


def places(part: tuple[Message, ...], whole: tuple[Message, ...]) -> list[int]:
    """Where the very messages of `part` stand in `whole`."""
    where = {id(message): place for place, message in enumerate(whole)}
    return [where[id(message)] for message in part]
