"""One call of a service by a combinator: what it gives passes, and whether it gave anything is noted."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Generic, TypeVar, cast

from antiphon.context import ToolCall
from antiphon.services.base import Audio, Picture, TextDelta
from antiphon.services.combinators.patience import Patience

T = TypeVar("T")


class Attempt(Generic[T]):
    """A call whose first result is waited for with `patience`."""

    def __init__(self, items: AsyncIterator[T], patience: Patience) -> None:
        self.began = False
        """Whether it has given something that cannot be taken back."""
        self._items = cast(AsyncGenerator[T, None], items)
        self._patience = patience

    async def items(self) -> AsyncGenerator[T, None]:
        """All that the service gives. Closing this closes the call."""
        async with aclosing(self._items) as items:
            while (item := await self._patience.next(items)) is not None:
                if not self.began and is_result(item):
                    self.began = True
                    self._patience.lift()
                yield item


def is_result(item: object) -> bool:
    """Whether it is part of what was asked for: not a notice, not what it cost, not empty."""
    match item:
        case TextDelta(text):
            return bool(text)
        case Audio():
            return bool(item.pcm)
        case _:
            return isinstance(item, (ToolCall, Picture))


def label(service: object) -> str:
    """What a service is called in messages: its class, with the model if it has one."""
    model = getattr(service, "model", None)
    name = type(service).__name__
    return f"{name} ({model})" if isinstance(model, str) else name
