"""Finds tool calls in what a small model writes. Pure: text in, text and calls out.

Small models write a call as text: a bare JSON object `{"name": ..., "arguments": {...}}`, the same in a
fenced code block or in `<tool_call>` tags, alone, several in a row, or after some words. Text that cannot be
part of a call leaves at once; text that might be is held back only as long as it might.

A call counts only when its JSON object is whole and has exactly a name and an object of arguments. What is
broken or cut off is given back as text, and nothing inside it is ever taken for a call.
"""

from __future__ import annotations

import enum
import json
import re
import secrets
from dataclasses import dataclass
from typing import Any, cast

from antiphon.context import ToolCall

_SUSPECT = re.compile(r"[{<`]")
_TAG, _END_TAG, _FENCE = "<tool_call>", "</tool_call>", "```"
_FENCE_START = re.compile(r"`{1,2}|```[a-z_]*\s*")
_FIRST_KEYS = ('"name"', '"arguments"')
_LITERALS = ("true", "false", "null", "NaN", "Infinity", "-Infinity")
_NUMBER_TAIL = re.compile(r"-?(\d+(\.\d*)?([eE][+-]?\d*)?)?$")
_ESCAPE_TAIL = re.compile(r"\\u[0-9a-fA-F]{0,4}$")
_DECODER = json.JSONDecoder(strict=False)


class _Verdict(enum.Enum):
    CALL = enum.auto()
    UNSURE = enum.auto()
    TEXT = enum.auto()
    NO_CALL = enum.auto()
    """Something else in braces, or a broken call: no call may begin inside it."""


@dataclass(frozen=True)
class _Reading:
    verdict: _Verdict
    end: int = 0
    call: ToolCall | None = None
    closer: str = ""


class ToolText:
    """Feed the pieces as they come, then `flush`. What comes out does not depend on how the text is cut.

    White space beside a call is dropped unless words follow it.
    """

    def __init__(self) -> None:
        self._held = ""
        self._gap = ""
        self._closer = ""
        self._nesting: _Nesting | None = None

    def feed(self, text: str) -> list[str | ToolCall]:
        """What is now certain, in order."""
        self._held += text
        found: list[str | ToolCall] = []
        while self._held and self._advance(found):
            pass
        return found

    def flush(self) -> list[str]:
        """The text has ended: give back what was held. It is never a call."""
        left = "" if self._closer and self._closer.startswith(self._held.strip()) else self._held
        self._held, self._closer = "", ""
        found: list[str | ToolCall] = []
        self._say(left, found)
        return [part for part in found if isinstance(part, str)]

    @property
    def in_call(self) -> bool:
        """Whether what is held back is the beginning of a call, so that ending here breaks it."""
        return "{" in self._held and not self._closer

    def _advance(self, found: list[str | ToolCall]) -> bool:
        """Take something off what is held. False if that needs more text."""
        if self._nesting is not None:
            self._skip(self._nesting, found)
            return True
        if self._closer:
            return self._close()
        suspect = _SUSPECT.search(self._held)
        if suspect is None or suspect.start():
            self._take(suspect.start() if suspect else len(self._held), found)
            return True
        return self._judge(found)

    def _close(self) -> bool:
        """Take off what closes the call just found. False while it may still come."""
        rest = self._held.lstrip()
        if rest.startswith(self._closer):
            self._held, self._closer = rest[len(self._closer) :], ""
        elif self._closer.startswith(rest):
            return False
        self._closer = ""
        return True

    def _judge(self, found: list[str | ToolCall]) -> bool:
        reading = _read(self._held)
        if reading.verdict is _Verdict.UNSURE:
            return False
        if reading.verdict is _Verdict.NO_CALL:
            self._nesting = _Nesting()
        elif reading.call is None:
            self._take(1, found)
        else:
            found.append(reading.call)
            self._gap, self._closer = "", reading.closer
            self._held = self._held[reading.end :]
        return True

    def _skip(self, nesting: _Nesting, found: list[str | ToolCall]) -> None:
        end = nesting.read(self._held)
        if end is not None:
            self._nesting = None
        self._take(len(self._held) if end is None else end, found)

    def _take(self, count: int, found: list[str | ToolCall]) -> None:
        words, self._held = self._held[:count], self._held[count:]
        self._say(words, found)

    def _say(self, words: str, found: list[str | ToolCall]) -> None:
        """White space is kept back until words follow."""
        body = words.rstrip()
        if body:
            found.append(self._gap + body)
            self._gap = ""
        self._gap += words[len(body) :]


class _Nesting:
    """Reads over something in braces to its end. What is never closed has no end."""

    def __init__(self) -> None:
        self._depth = 0
        self._quoted = False
        self._escaped = False

    def read(self, text: str) -> int | None:
        """Where it ends in this piece: the index behind the last brace, or None."""
        for index, character in enumerate(text):
            if self._quoted:
                self._in_quotes(character)
            elif character == '"':
                self._quoted = True
            elif character in "{}":
                self._depth += 1 if character == "{" else -1
                if self._depth == 0:
                    return index + 1
        return None

    def _in_quotes(self, character: str) -> None:
        if self._escaped:
            self._escaped = False
        elif character == "\\":
            self._escaped = True
        elif character == '"':
            self._quoted = False


def _read(text: str) -> _Reading:
    """Judge a text that begins with a suspect character."""
    start, closer = _opening(text)
    if start is None:
        return _Reading(_Verdict.TEXT)
    body = text[start:]
    if not body:
        return _Reading(_Verdict.UNSURE)
    return _object(body, start, closer)


def _opening(text: str) -> tuple[int | None, str]:
    """How many characters stand before the brace, and what closes them; None if no brace can follow."""
    if text.startswith("{"):
        return 0, ""
    if text.startswith("<"):
        if _TAG.startswith(text):
            return len(text), _END_TAG
        rest = text.removeprefix(_TAG).lstrip()
        fits = text.startswith(_TAG) and (not rest or rest.startswith("{"))
        return (len(text) - len(rest), _END_TAG) if fits else (None, "")
    fence = _FENCE_START.fullmatch(text) or re.match(r"```[a-z_]*\s*(?=\{)", text)
    return (fence.end(), _FENCE) if fence else (None, "")


def _object(body: str, start: int, closer: str) -> _Reading:
    """Judge what begins with a brace, `start` characters into the text."""
    inside = body[1:].lstrip()
    if not any(key.startswith(inside[: len(key)]) for key in _FIRST_KEYS):
        return _Reading(_Verdict.NO_CALL)
    try:
        value, end = _DECODER.raw_decode(body)
    except json.JSONDecodeError as error:
        return _Reading(_Verdict.UNSURE if _may_grow(body, error) else _Verdict.NO_CALL)
    except (RecursionError, ValueError):  # nested too deeply, or a number of thousands of digits
        return _Reading(_Verdict.NO_CALL)
    call = _as_call(value)
    return _Reading(_Verdict.CALL, start + end, call, closer) if call else _Reading(_Verdict.NO_CALL)


def _may_grow(body: str, error: json.JSONDecodeError) -> bool:
    """Whether more text can still make whole JSON of it."""
    if error.msg.startswith("Unterminated string") or _ESCAPE_TAIL.search(body):
        return True
    rest = body[error.pos :]
    tail = _NUMBER_TAIL.search(body)
    in_number = tail is not None and tail.start() <= error.pos
    return in_number or not rest.strip() or any(literal.startswith(rest) for literal in _LITERALS)


def _as_call(value: object) -> ToolCall | None:
    """Exactly a name and an object of arguments; anything else is not a call."""
    fields = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    if fields.keys() != {"name", "arguments"}:
        return None
    name, arguments = fields["name"], fields["arguments"]
    if not isinstance(name, str) or not name or not isinstance(arguments, dict):
        return None
    return ToolCall(f"call_{secrets.token_hex(6)}", name, cast("dict[str, Any]", arguments))
