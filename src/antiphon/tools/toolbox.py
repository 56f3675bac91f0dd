"""A set of tools, and running one of them so that the model always gets an honest answer.

`Toolbox.run` never raises: whatever goes wrong (an unknown name, arguments that do not fit, an exception, too
much time, a result that is no JSON) becomes a result that says so, and the model can put it right or tell the
user. Only cancelling the task that runs it passes through. When to run which call is decided elsewhere, see
`antiphon.tools.calls`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from antiphon.context import ToolCall, ToolMessage, ToolSpec
from antiphon.tools.parameters import ArgumentError
from antiphon.tools.tool import Tool, ToolContext, ToolError, ToolKind, as_tool

MAX_RESULT_CHARACTERS = 16_000
"""About 4,000 tokens: more would push the conversation itself out of a small model's context."""

NOTHING_RETURNED = "done"


class ToolOutcome(msgspec.Struct, frozen=True):
    """How a call ended: what the model is told, and whether that is an error."""

    call: ToolCall
    content: str
    is_error: bool = False

    @property
    def message(self) -> ToolMessage:
        """The same as a message of the conversation."""
        return ToolMessage(self.call.id, self.call.name, self.content, self.is_error)


class Toolbox:
    """Tools by name. Plain functions become tools as they are. Raises ValueError if two have one name.

    `max_characters` limits a result; what is cut off is told to the model.
    """

    def __init__(
        self, tools: Iterable[Tool | Callable[..., Any]] = (), *, max_characters: int = MAX_RESULT_CHARACTERS
    ) -> None:
        self._tools: dict[str, Tool] = {}
        self._max_characters = max_characters
        for given in tools:
            tool = given if isinstance(given, Tool) else as_tool(given)
            if tool.name in self._tools:
                raise ValueError(f"Two tools are named {tool.name}: give one of them another name.")
            self._tools[tool.name] = tool

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """What the model is told: for `Context.with_tools`."""
        return tuple(tool.spec for tool in self._tools.values())

    @property
    def all(self) -> tuple[Tool, ...]:
        """The tools, in the order in which they were given."""
        return tuple(self._tools.values())

    def get(self, name: str) -> Tool | None:
        """The tool of this name, if there is one."""
        return self._tools.get(name)

    def kind(self, name: str) -> ToolKind:
        """What calling it does. An unknown name is PURE: running it only tells the model so."""
        tool = self._tools.get(name)
        return tool.kind if tool else ToolKind.PURE

    async def run(self, call: ToolCall, context: ToolContext | None = None) -> ToolOutcome:
        """Run a call to its end. Raises nothing but CancelledError, and that only when it is cancelled."""
        tool = self._tools.get(call.name)
        if tool is None:
            known = ", ".join(self._tools) or "there are none"
            return ToolOutcome(call, f"There is no tool named {call.name}. Tools: {known}.", is_error=True)
        try:
            content = await _result(tool, call, context or ToolContext(call.id))
        except _Failed as error:
            return ToolOutcome(call, self._fit(str(error)), is_error=True)
        return ToolOutcome(call, self._fit(content))

    def _fit(self, content: str) -> str:
        if len(content) <= self._max_characters:
            return content
        kept = content[: self._max_characters]
        return f"{kept}\n[cut: {len(content) - len(kept)} of {len(content)} characters are left out]"


class _Failed(Exception):
    """The call failed; the message is for the model."""


async def _result(tool: Tool, call: ToolCall, context: ToolContext) -> str:
    limit = asyncio.timeout(tool.timeout)
    try:
        async with limit:
            value = await tool.invoke(call.arguments, context)
    except ArgumentError as error:
        raise _Failed(f"Wrong arguments for {call.name}: {error}.") from error
    except ToolError as error:
        raise _Failed(str(error)) from error
    except asyncio.CancelledError as error:
        if _is_cancelled():
            raise
        raise _Failed(f"{call.name} failed: it was cancelled.") from error
    except (Exception, SystemExit) as error:
        if limit.expired() and isinstance(error, TimeoutError):
            raise _Failed(f"{call.name} did not finish within {tool.timeout:g} s.") from error
        raise _Failed(f"{call.name} failed: {_described(error)}") from error
    return _as_text(call.name, value)


def _as_text(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return NOTHING_RETURNED
    try:
        return msgspec.json.encode(value).decode()
    except Exception as error:
        raise _Failed(
            f"{name} has run, but its result cannot be shown: {type(value).__name__} is no JSON."
        ) from error


def _described(error: BaseException) -> str:
    try:
        words = str(error)
    except Exception:
        words = ""
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def _is_cancelled() -> bool:
    """Whether somebody wants this task to end; otherwise the tool itself raised CancelledError."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
