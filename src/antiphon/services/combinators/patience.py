"""How long one waits for a service's first result, before another is asked."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from typing import TypeVar

from antiphon.services.base import ServiceError

T = TypeVar("T")


class Patience:
    """A limit of `seconds` from `begin` to `end`, after which `next` raises; None is no limit.

    A service that waits for its own input owes nothing. So whoever hands it the input begins, from any task.
    """

    def __init__(self, seconds: float | None, service: str) -> None:
        self._seconds = seconds if seconds is not None and math.isfinite(seconds) else None
        self._service = service
        self._until: float | None = None
        self._waiting: asyncio.Timeout | None = None

    def begin(self) -> None:
        """From now on a result is due, unless one already is."""
        if self._until is None and self._seconds is not None:
            self._set(asyncio.get_running_loop().time() + self._seconds)

    def end(self) -> None:
        """Nothing is due."""
        self._set(None)

    def lift(self) -> None:
        """From now on there is no limit."""
        self._seconds = None
        self.end()

    def exhaust(self) -> None:
        """Nobody waits any longer."""
        self._set(asyncio.get_running_loop().time())

    async def next(self, items: AsyncIterator[T]) -> T | None:
        """The next item, None at the end. Raises ServiceError when the limit is over."""
        try:
            async with asyncio.timeout_at(self._until) as self._waiting:
                return await anext(items, None)
        except TimeoutError:
            if self._waiting is None or not self._waiting.expired():
                raise
            raise ServiceError(f"{self._service} gave nothing for {self._seconds or 0:g} s") from None
        finally:
            self._waiting = None

    def _set(self, until: float | None) -> None:
        self._until = until
        if self._waiting is not None and not self._waiting.expired():
            self._waiting.reschedule(until)
