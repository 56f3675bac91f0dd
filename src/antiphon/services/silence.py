"""Notices when a service falls silent in the middle of a stream.

One timer watches a whole stream. It is not set anew for every item, of which a language model gives fifty
in a second: when it fires, it looks how long the present wait has lasted, and sleeps on if that was not long.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self, TypeVar

from antiphon.services.base import ServiceError

T = TypeVar("T")


class Silence:
    """`async with Silence(8, "the model wrote nothing") as silence: item = await silence.broken(items)`.

    Raises ServiceError, with the reason and the time, when an item does not come within `seconds`. Time in
    which nobody waits for one does not count.
    """

    def __init__(self, seconds: float, reason: str) -> None:
        self._seconds = seconds
        self._reason = reason
        self._limit = asyncio.timeout(None)
        self._loop = asyncio.get_running_loop()
        self._since: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def broken(self, items: AsyncIterator[T]) -> T | None:
        """The next item, or None at the end."""
        self._since = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_at(self._since + self._seconds, self._look)
        item = await anext(items, None)
        self._since = None
        return item

    async def __aenter__(self) -> Self:
        await self._limit.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        try:
            await self._limit.__aexit__(kind, error, trace)
        except TimeoutError:
            raise ServiceError(f"{self._reason} for {self._seconds:g} s") from None

    def _look(self) -> None:
        self._timer = None
        if self._since is None:
            return
        until = self._since + self._seconds
        if until > self._loop.time():
            self._timer = self._loop.call_at(until, self._look)
        else:
            self._limit.reschedule(self._loop.time())
