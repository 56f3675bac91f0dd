"""The conversation as the language model sees it: typed, immutable, neutral to vendors.

A `Context` is a value. Changing it makes a new one, so a request that is under way never sees its context
change. What the assistant said is kept twice: `generated` is what the model wrote, `heard` what the user
has actually heard of it; `AssistantMessage.said` is what goes back to the model.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec


class TextPart(msgspec.Struct, frozen=True, tag="text"):
    """Words."""

    text: str


class ImagePart(msgspec.Struct, frozen=True, tag="image"):
    """A picture, by address or by its encoded bytes (with `mime`, for example ``image/png``)."""

    url: str | None = None
    data: bytes | None = None
    mime: str = "image/png"


class AudioPart(msgspec.Struct, frozen=True, tag="audio"):
    """Sound as PCM s16le, interleaved."""

    pcm: bytes
    sample_rate: int
    channels: int = 1


Part = TextPart | ImagePart | AudioPart


class ToolCall(msgspec.Struct, frozen=True, tag="tool_call"):
    """The model asks for a function to be run. `arguments` is the decoded JSON object."""

    id: str
    name: str
    arguments: dict[str, Any]


class ToolSpec(msgspec.Struct, frozen=True):
    """A function offered to the model; `parameters` is a JSON Schema object."""

    name: str
    description: str
    parameters: dict[str, Any]


class SystemMessage(msgspec.Struct, frozen=True, tag="system"):
    """The developer's instructions."""

    text: str


class UserMessage(msgspec.Struct, frozen=True, tag="user"):
    """What the user said, typed or showed."""

    parts: tuple[Part, ...]

    @classmethod
    def of(cls, text: str) -> UserMessage:
        return cls((TextPart(text),))

    @property
    def text(self) -> str:
        """The words alone, without pictures and sound."""
        return " ".join(part.text for part in self.parts if isinstance(part, TextPart))


class AssistantMessage(msgspec.Struct, frozen=True, tag="assistant"):
    """What the bot answered.

    `heard` is a prefix of `generated`; None means that nothing was spoken of it, so that there is no
    difference (a bot that writes). `interrupted` says that the user cut it short.
    """

    generated: str
    heard: str | None = None
    interrupted: bool = False
    tool_calls: tuple[ToolCall, ...] = ()

    @property
    def said(self) -> str:
        """The words that the user knows of."""
        return self.generated if self.heard is None else self.heard


class ToolMessage(msgspec.Struct, frozen=True, tag="tool"):
    """What a tool returned, as text (JSON for anything structured)."""

    call_id: str
    name: str
    content: str
    is_error: bool = False


Message = SystemMessage | UserMessage | AssistantMessage | ToolMessage


class Context(msgspec.Struct, frozen=True):
    """Messages and tools: one request's view of the conversation."""

    messages: tuple[Message, ...] = ()
    tools: tuple[ToolSpec, ...] = ()

    @classmethod
    def of(cls, system: str | None = None, *, tools: Iterable[ToolSpec] = ()) -> Context:
        """A fresh context, with the developer's instructions if any."""
        return cls((SystemMessage(system),) if system else (), tuple(tools))

    def append(self, *messages: Message) -> Context:
        return Context((*self.messages, *messages), self.tools)

    def with_messages(self, messages: Iterable[Message]) -> Context:
        return Context(tuple(messages), self.tools)

    def with_tools(self, tools: Iterable[ToolSpec]) -> Context:
        return Context(self.messages, tuple(tools))

    def to_json(self) -> bytes:
        """The whole context as JSON; `from_json` reads it back."""
        return msgspec.json.encode(self)

    @classmethod
    def from_json(cls, data: bytes | str) -> Context:
        """Read what `to_json` wrote. Raises msgspec.ValidationError on anything else."""
        return msgspec.json.decode(data, type=cls)
