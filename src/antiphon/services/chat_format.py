"""A context in the chat format that OpenAI introduced and most language models' servers speak.

Pure functions. The result is what belongs under ``messages`` and ``tools`` of a chat completion request.

The format has rules that a live conversation breaks, so some things are put right on the way: a tool's result
goes straight behind the call that it answers, even if the user spoke in between; a call that was never
answered and a result without a call are left out; so is an answer of which nothing was heard. An answer that
was interrupted ends with a mark. Halves of surrogate pairs become question marks.
"""

from __future__ import annotations

import base64
import io
import json
import wave
from collections.abc import Iterator
from typing import Any

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
from antiphon.contexts.cut_marks import CUT_MARK, for_model

ChatMessage = dict[str, Any]


def to_messages(context: Context, *, cut_mark: str = CUT_MARK) -> list[ChatMessage]:
    """The conversation, oldest first. The assistant's words are those that the user heard.

    `cut_mark` goes behind the words of an answer that was interrupted; see `antiphon.contexts.for_model`.
    """
    context = for_model(context, cut_mark)
    results = {message.call_id: message for message in context.messages if isinstance(message, ToolMessage)}
    return [entry for message in context.messages for entry in _entries(message, results)]


def to_tools(context: Context) -> list[dict[str, Any]]:
    """The functions on offer."""
    return [_tool(spec) for spec in context.tools]


def _entries(message: Message, results: dict[str, ToolMessage]) -> Iterator[ChatMessage]:
    match message:
        case SystemMessage(text=text):
            yield {"role": "system", "content": _sound(text)}
        case UserMessage():
            yield {"role": "user", "content": _user_content(message)}
        case AssistantMessage():
            yield from _assistant(message, results)
        case ToolMessage():
            pass  # goes behind its call, see _assistant


def _assistant(message: AssistantMessage, results: dict[str, ToolMessage]) -> Iterator[ChatMessage]:
    answered = [call for call in message.tool_calls if call.id in results]
    if not message.said and not answered:
        return
    entry: ChatMessage = {"role": "assistant", "content": _sound(message.said) or None}
    if answered:
        entry["tool_calls"] = [_call(call) for call in answered]
    yield entry
    for call in answered:
        yield {"role": "tool", "tool_call_id": call.id, "content": _result(results[call.id])}


def _result(message: ToolMessage) -> str:
    return _sound(f"Error: {message.content}" if message.is_error else message.content)


def _call(call: ToolCall) -> dict[str, Any]:
    arguments = _sound(json.dumps(call.arguments, ensure_ascii=False))
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _tool(spec: ToolSpec) -> dict[str, Any]:
    function = {"name": spec.name, "description": spec.description, "parameters": spec.parameters}
    return {"type": "function", "function": function}


def _user_content(message: UserMessage) -> str | list[dict[str, Any]]:
    """A plain string when there are words only: every server takes that, not every one takes a list."""
    if all(isinstance(part, TextPart) for part in message.parts):
        return _sound(message.text)
    return [_part(part) for part in message.parts]


def _part(part: Part) -> dict[str, Any]:
    match part:
        case TextPart(text=text):
            return {"type": "text", "text": _sound(text)}
        case ImagePart():
            return {"type": "image_url", "image_url": {"url": _image_url(part)}}
        case AudioPart():
            return {"type": "input_audio", "input_audio": {"data": _base64(_wav(part)), "format": "wav"}}


def _image_url(part: ImagePart) -> str:
    if part.data is None and part.url:
        return part.url
    return f"data:{part.mime};base64,{_base64(part.data or b'')}"


def _sound(text: str) -> str:
    """Text without halves of surrogate pairs, which no server takes."""
    return text.encode("utf-8", errors="replace").decode("utf-8")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _wav(part: AudioPart) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(part.channels)
        file.setsampwidth(2)
        file.setframerate(part.sample_rate)
        file.writeframes(part.pcm)
    return buffer.getvalue()
