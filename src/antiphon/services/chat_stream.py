"""A streamed chat completion, decoded: chunks in, text, whole tool calls and usage out.

Pure: no network, no clock. One `ChatStream` decodes one answer, whoever sends it (a server that is compatible
with OpenAI's, llama.cpp). A tool call is given only when the model has finished and its arguments are a whole
JSON object; a stream that breaks off never yields one.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from antiphon.context import ToolCall
from antiphon.services.base import ServiceError, TextDelta, Usage

Chunk = Mapping[str, Any]


@dataclass
class _PartialCall:
    key: object
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list[str])


class ChatStream:
    """Feed each chunk as it comes, then `finish`. Both raise ServiceError.

    Chunks of unknown shape are passed over: servers add fields and events of their own.
    """

    def __init__(self) -> None:
        self._calls: list[_PartialCall] = []
        self._usage: Usage | None = None
        self._ended_by = ""

    def feed(self, chunk: object) -> Iterator[TextDelta | ToolCall]:
        """What this chunk adds. Raises ServiceError when it reports an error or ends a broken tool call."""
        message = _mapping(chunk)
        if message.get("error"):
            raise ServiceError(f"The language model reports an error: {error_text(message)}")
        self._read_usage(_mapping(message.get("usage")))
        for choice in map(_mapping, _list(message.get("choices"))):
            delta = _mapping(choice.get("delta"))
            for name in ("content", "refusal"):
                if isinstance(text := delta.get(name), str) and text:
                    yield TextDelta(text)
            for call in map(_mapping, _list(delta.get("tool_calls"))):
                self._read_call(call)
            if reason := choice.get("finish_reason"):
                self._ended_by = str(reason)
                yield from self._take_calls()

    def finish(self) -> Iterator[ToolCall | Usage]:
        """To be called at the end of the stream. Raises ServiceError when the answer is not whole."""
        if not self._ended_by:
            raise ServiceError("The language model's answer broke off before its end: try again.")
        yield from self._take_calls()
        if self._usage is not None:
            yield self._usage

    def done(self) -> None:
        """The server has said that it is done; some say so without giving a reason for ending."""
        self._ended_by = self._ended_by or "stop"

    def _read_usage(self, usage: Chunk) -> None:
        """Servers that count on every chunk count up: the last one holds."""
        if usage:
            cached = _mapping(usage.get("prompt_tokens_details")).get("cached_tokens")
            counts = usage.get("prompt_tokens"), usage.get("completion_tokens"), cached
            self._usage = Usage(*(count if isinstance(count, int) else 0 for count in counts))

    def _read_call(self, delta: Chunk) -> None:
        call = self._call_of(delta)
        function = _mapping(delta.get("function"))
        call.id = call.id or _text(delta.get("id"))
        call.name = call.name or _text(function.get("name"))
        call.arguments.append(_text(function.get("arguments")))

    def _call_of(self, delta: Chunk) -> _PartialCall:
        """The call that a delta continues: that of its index (if none, the last), unless the id is new.

        Some servers number every call 0, or give no index at all.
        """
        index, new_id = delta.get("index"), _text(delta.get("id"))
        known = [call for call in self._calls if index is None or call.key == index]
        if known and (not new_id or known[-1].id in ("", new_id)):
            return known[-1]
        self._calls.append(_PartialCall(index))
        return self._calls[-1]

    def _take_calls(self) -> Iterator[ToolCall]:
        calls, self._calls = self._calls, []
        if calls and self._ended_by in ("length", "content_filter"):
            raise ServiceError(
                f"The language model was stopped ({self._ended_by}) in the middle of a tool call: "
                "raise max_tokens or shorten the conversation."
            )
        yield from [_whole(call) for call in calls]


def error_text(body: Chunk) -> str:
    """The words of an error body, whose shape differs from server to server."""
    error = body.get("error")
    words = _mapping(error).get("message") or error or body.get("message") or body.get("detail")
    return str(words or "no reason given").strip()


def _whole(call: _PartialCall) -> ToolCall:
    written = "".join(call.arguments).strip() or "{}"
    try:
        arguments = json.loads(written)
    except ValueError:
        arguments = None
    if not call.name or not isinstance(arguments, dict):
        name = call.name or "without a name"
        raise ServiceError(f"The language model made a broken tool call ({name}): it was not run.")
    return ToolCall(call.id or f"call_{secrets.token_hex(6)}", call.name, cast("dict[str, Any]", arguments))


def _mapping(value: object) -> Chunk:
    return cast("Chunk", value) if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
