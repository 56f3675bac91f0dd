"""An async iterable that is read by one reader after the other, where a reader may be cancelled.

Cancelling the wait for the next item of an async generator ends that generator, and what it would have given
is lost. So there a task waits, which belongs to the source and outlives its readers. Other iterators, such as
`Feed`, can just be asked again and are read directly.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

T = TypeVar("T")


@asynccontextmanager
async def resumable(items: AsyncIterable[T]) -> AsyncGenerator[AsyncIterator[T]]:
    """The items as an iterator that survives its readers, as long as the context lasts."""
    source: AsyncIterator[T] = aiter(items)
    if not cancelling_ends(source):
        yield source
        return
    pulled = _Pulled(source)
    try:
        yield pulled
    finally:
        await pulled.aclose()


def cancelling_ends(items: object) -> bool:
    """Whether it is an async generator."""
    return isinstance(items, AsyncGenerator)


class _Pulled(Generic[T]):
    def __init__(self, items: AsyncIterator[T]) -> None:
        self._items = items
        self._pull: asyncio.Task[T] | None = None

    def __aiter__(self) -> _Pulled[T]:
        return self

    async def __anext__(self) -> T:
        if self._pull is None:
            self._pull = asyncio.create_task(_next(self._items), name="read ahead")
        await asyncio.wait([self._pull])
        pull, self._pull = self._pull, None
        return pull.result()

    async def aclose(self) -> None:
        if self._pull is not None:
            self._pull.cancel()
            await asyncio.gather(self._pull, return_exceptions=True)


async def _next(items: AsyncIterator[T]) -> T:
    return await anext(items)
