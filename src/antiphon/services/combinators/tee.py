"""An async iterable for several readers: each gets all of it from the beginning, at its own pace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

from antiphon.services.resumable import resumable

T = TypeVar("T")


@asynccontextmanager
async def tee(items: AsyncIterable[T]) -> AsyncGenerator[Tee[T]]:
    """The items, kept in memory for all readers, as long as the context lasts."""
    async with resumable(items) as source:
        yield Tee(source)


class Tee(Generic[T]):
    """Asks the source for an item when the first reader needs it. A reader may be cancelled."""

    def __init__(self, source: AsyncIterator[T]) -> None:
        self._source = source
        self._taken: list[T] = []
        self._asking = asyncio.Lock()

    def reader(self) -> AsyncIterator[T]:
        return _Reader(self)

    async def get(self, number: int) -> T:
        """Item `number`. Raises StopAsyncIteration behind the last one."""
        async with self._asking:
            if number == len(self._taken):
                self._taken.append(await anext(self._source))
            return self._taken[number]


class _Reader(Generic[T]):
    def __init__(self, tee: Tee[T]) -> None:
        self._tee = tee
        self._place = 0

    def __aiter__(self) -> _Reader[T]:
        return self

    async def __anext__(self) -> T:
        item = await self._tee.get(self._place)
        self._place += 1
        return item
