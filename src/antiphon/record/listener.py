"""Who is told what a service does while a session is recorded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from antiphon.record.records import Item

R = TypeVar("R")

WARM, PRIME = "(warm)", "(prime)"
"""Requests that are none: the service gets ready, or reads ahead."""

SUMMARY = "(summary) "
"""How requests for a summary of the conversation begin."""


class Listener(Protocol):
    """Is told what one service does. `inside`: the task goes into it; the others say that it comes out."""

    @property
    def calls(self) -> int:
        """How many calls there have been in the session."""
        ...

    def called(self, request: str) -> int: ...
    def inside(self) -> None: ...
    def gave(self, call: int, item: Item) -> None: ...
    def finished(self, call: int, error: Exception | None = None) -> None: ...
    def left(self, call: int) -> None: ...
    def progressed(self, call: int, text: str, tell: Callable[[str], object]) -> None: ...
    def judged(self, probability: float) -> None: ...
    def refused(self, number: int, error: str) -> None: ...


async def once(listener: Listener, request: str, work: Awaitable[R]) -> R:
    """A call of a service that gives one thing, or nothing."""
    call = listener.called(request)
    listener.inside()
    try:
        result = await work
    except Exception as error:
        listener.finished(call, error)
        raise
    except BaseException:
        listener.left(call)
        raise
    if isinstance(result, Item):
        listener.gave(call, result)
    else:
        listener.finished(call)
    return result
