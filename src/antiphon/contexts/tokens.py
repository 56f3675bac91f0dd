"""How long a context is, in tokens: an estimate that needs no tokenizer.

Every model has a tokenizer of its own; a budget only needs to be about right and never far too small. Who has
the model's tokenizer passes a `Count` of their own to whatever takes `count`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from antiphon.context import (
    AssistantMessage,
    AudioPart,
    Context,
    ImagePart,
    Message,
    Part,
    SystemMessage,
    TextPart,
    ToolMessage,
    ToolSpec,
    UserMessage,
)

Count = Callable[[Message | ToolSpec], int]
"""How many tokens a message, or the description of a tool, takes in a request."""

BYTES_PER_TOKEN = 4
"""UTF-8 bytes in a token. English has between four and five; scripts of two or three bytes a character have
less characters in a token, in about that proportion."""

MESSAGE_TOKENS = 4
"""What a chat template writes around a message: its role and the marks of its beginning and end."""

IMAGE_TOKENS = 1000
"""A picture of about a megapixel: vendors say 765 (OpenAI), 1,400 (Anthropic), 1,032 (Google)."""

AUDIO_TOKENS_PER_SECOND = 32
"""What Google counts, the highest of the vendors; OpenAI counts 10."""


def estimate_tokens(item: Message | ToolSpec) -> int:
    """An estimate from the length of the text, the number of pictures and the seconds of sound.

    Of an answer it counts the words that were heard, as only these go to the model.
    """
    return MESSAGE_TOKENS + sum(_parts(item))


def context_tokens(context: Context, count: Count = estimate_tokens) -> int:
    """All messages and all tools."""
    return sum(map(count, context.messages)) + sum(map(count, context.tools))


def _parts(item: Message | ToolSpec) -> Iterator[int]:
    match item:
        case SystemMessage():
            yield _text(item.text)
        case UserMessage():
            yield from map(_part, item.parts)
        case AssistantMessage():
            yield _text(item.said)
            for call in item.tool_calls:
                yield _text(call.name) + _json(call.arguments)
        case ToolMessage():
            yield _text(item.content)
        case ToolSpec():
            yield _text(item.name) + _text(item.description) + _json(item.parameters)


def _part(part: Part) -> int:
    match part:
        case TextPart():
            return _text(part.text)
        case ImagePart():
            return IMAGE_TOKENS
        case AudioPart():
            samples = len(part.pcm) / (2 * max(1, part.channels))
            return -int(-AUDIO_TOKENS_PER_SECOND * samples // max(1, part.sample_rate))


def _text(text: str) -> int:
    return -(-len(text.encode("utf-8", errors="replace")) // BYTES_PER_TOKEN)


def _json(value: object) -> int:
    return -(-len(msgspec.json.encode(value)) // BYTES_PER_TOKEN)
