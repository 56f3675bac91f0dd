"""How a small local model is brought to call tools: what it reads, and what it may write. Pure.

Models of half a billion parameters call too much or too little when the tools are merely listed. Examples of
both, talk and calls, in the form of a conversation before the real one, teach them the difference; a grammar
sees to it that a call has a known name and arguments that fit. The words were chosen by measuring, see
`tests/services/local/test_llama_tools.py`.

Limit: with tools an answer is words or calls, not both, and the words hold no `{`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, cast

from antiphon.context import Context, SystemMessage, ToolSpec
from antiphon.services.chat_format import ChatMessage, to_messages

INSTRUCTIONS = """\
Most of the time you just talk: greet, chat, and answer questions in plain words.
When, and only when, the user asks for one of these functions, write its call as JSON, with what the user \
said, and nothing else.
{functions}
What a function returns comes in <tool_response>: then answer the user with it, in plain words."""

_TURNS = (
    "What time is it in New York?",
    '{"name": "get_time", "arguments": {"city": "New York"}}',
    "<tool_response>\n3:15 PM\n</tool_response>",
    "It is a quarter past three in New York.",
    "Good evening!",
    "Good evening! What can I do for you?",
    "Please play the song Yesterday.",
    '{"name": "play_song", "arguments": {"title": "Yesterday"}}',
    "<tool_response>\nplaying\n</tool_response>",
    "Here is Yesterday for you.",
    "I am bored.",
    "Oh, shall we talk a little?",
    "Turn on the lights.",
    '{"name": "turn_on_lights", "arguments": {}}',
    "<tool_response>\ndone\n</tool_response>",
    "The lights are on now.",
    "Thanks! Tell me a fun fact.",
    "Honey never spoils, even after a thousand years.",
)
"""Examples, the user's words and the bot's in turn. Their functions are none of the real ones."""

EXAMPLES: tuple[ChatMessage, ...] = tuple(
    {"role": ("user", "assistant")[index % 2], "content": words} for index, words in enumerate(_TURNS)
)


CALL_BIAS: tuple[str, float] = ('{"', 1.7)
"""How much likelier the beginning of a call is made than the model finds it (a token and its logit).

The grammar allows this token only there. Measured with Qwen2.5 0.5B on 30 requests and 30 pieces of small
talk: without it 18 right calls and none that is needless (by the probabilities of the first token), with it
24 and 4. The words were tuned on the same 60 sentences, so expect somewhat less of others.
"""


def messages_with_tools(context: Context) -> list[ChatMessage]:
    """The conversation for a model that calls tools by writing JSON; `context.tools` must not be empty.

    Calls and results in it become plain messages, so that every chat template can show them.
    """
    first, rest = context.messages[:1], context.messages[1:]
    system = next((message.text for message in first if isinstance(message, SystemMessage)), "")
    told = INSTRUCTIONS.format(functions="\n".join(map(_line, context.tools)))
    conversation = context.with_messages(rest if system else context.messages)
    return [
        {"role": "system", "content": f"{system}\n\n{told}" if system else told},
        *EXAMPLES,
        *(plain for message in to_messages(conversation) for plain in _plain(message)),
    ]


def tool_grammar(tools: Sequence[ToolSpec]) -> str:
    """Words, or calls one per line, in the notation of llguidance, which llama.cpp understands.

    The first character tells the two apart, so the grammar never holds up an answer in words.
    """
    schema = {
        "x-guidance": {"item_separator": ", ", "key_separator": ": ", "whitespace_flexible": False},
        "anyOf": [_call_schema(index, tool) for index, tool in enumerate(tools)],
        "$defs": {
            _definition(index, name): _moved(definition, index)
            for index, tool in enumerate(tools)
            for name, definition in tool.parameters.get("$defs", {}).items()
        },
    }
    return "\n".join(
        (
            "%llguidance {}",
            'start: call ("\\n" call)* | TEXT',
            f"call: %json {json.dumps(schema)}",
            r"TEXT: /[^{<`\s][^{]*/",
            "",
        )
    )


def _call_schema(index: int, tool: ToolSpec) -> dict[str, Any]:
    arguments = {key: value for key, value in tool.parameters.items() if key != "$defs"}
    properties = {"name": {"const": tool.name}, "arguments": {**_moved(arguments, index), **_CLOSED}}
    return {"type": "object", "properties": properties, "required": ["name", "arguments"], **_CLOSED}


_CLOSED = {"additionalProperties": False}


def _definition(index: int, name: str) -> str:
    return f"tool{index}_{name}"


def _moved(schema: object, index: int) -> Any:
    """The schema with its references pointing to where the definitions of this tool are now."""
    if isinstance(schema, dict):
        fields = cast("dict[str, object]", schema)
        return {key: _moved_reference(key, value, index) for key, value in fields.items()}
    if isinstance(schema, list):
        return [_moved(part, index) for part in cast("list[object]", schema)]
    return schema


def _moved_reference(key: str, value: object, index: int) -> Any:
    start = "#/$defs/"
    if key == "$ref" and isinstance(value, str) and value.startswith(start):
        return start + _definition(index, value.removeprefix(start))
    return _moved(value, index)


def _line(tool: ToolSpec) -> str:
    """Not as JSON: small models copy that, descriptions and all, instead of filling it in."""
    required = tool.parameters.get("required", ())
    properties: dict[str, dict[str, Any]] = tool.parameters.get("properties", {})
    arguments = ", ".join(_argument(name, schema, name in required) for name, schema in properties.items())
    purpose = " ".join(tool.description.split())
    return f"- {tool.name}: {purpose} Arguments: {arguments or 'none'}."


def _argument(name: str, schema: dict[str, Any], required: bool) -> str:
    choices = schema.get("enum")
    kind = f"one of {', '.join(map(str, choices))}" if choices else str(schema.get("type", "object"))
    described = str(schema.get("description", "")).rstrip(".")
    told = [kind] if required else ["optional", kind]
    return f"{name} ({' '.join(told)}{': ' + described if described else ''})"


def _plain(message: ChatMessage) -> Iterator[ChatMessage]:
    if message["role"] == "tool":
        yield {"role": "user", "content": f"<tool_response>\n{message['content']}\n</tool_response>"}
        return
    calls = message.get("tool_calls")
    if not calls:
        yield message
        return
    written = [_written(call["function"]) for call in calls]
    words = [message["content"]] if message["content"] else []
    yield {"role": "assistant", "content": "\n".join([*words, *written])}


def _written(function: dict[str, Any]) -> str:
    """A call as the model is asked to write it."""
    return f'{{"name": {json.dumps(function["name"])}, "arguments": {function["arguments"]}}}'
