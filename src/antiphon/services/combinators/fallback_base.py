"""What services with reserves have in common: whom to ask next, how long to wait, and what to tell of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from typing import TypeVar

from antiphon.node import describe
from antiphon.services.base import Notice, ServiceError
from antiphon.services.combinators.attempt import Attempt, label
from antiphon.services.combinators.members import Members, S
from antiphon.services.combinators.patience import Patience
from antiphon.services.combinators.reserves import Reserves

T = TypeVar("T")

Call = Callable[[S, Patience], AsyncIterator[T]]
"""Asks one service. Whoever calls begins the patience as soon as a result is due."""


class FallbackBase(Members[S]):
    """Services in the order of preference. What fails rests, is told of once, and is then tried again."""

    def __init__(self, services: Sequence[S], *, rest: float, patience: float) -> None:
        super().__init__(services)
        if rest < 0 or patience <= 0:
            raise ValueError("rest must be 0 seconds or more, and patience more than 0.")
        self.patience = patience
        self.reserves = Reserves(len(self.services), rest)
        self._untold: list[Notice] = []

    async def _warm(self, number: int) -> None:
        """One that cannot get ready is told of with the next request, unless it is the last."""
        try:
            await super()._warm(number)
        except Exception as error:
            self._failed(number, error)
            if all(self._rests(each) for each in range(len(self.services))):
                raise
            self._untold.append(Notice(f"{label(self.services[number])} failed: {describe(error)}"))

    async def _in_turn(self, call: Call[S, T], *, goes_on: bool = False) -> AsyncGenerator[T | Notice, None]:
        """Ask one after the other until one gives a result; where it `goes_on`, until one comes to its end.

        Raises what the last one raised, and what one raised that had given results already; fatal only if it
        was so for all.
        """
        for notice in self._news():
            yield notice
        order = self.reserves.order(self._now())
        for number, reserve in zip(order, [*order[1:], None], strict=True):
            service = self.services[number]
            patience = Patience(self.patience if reserve is not None else None, label(service))
            attempt = Attempt(call(service, patience), patience)
            try:
                async with aclosing(attempt.items()) as items:
                    async for item in items:
                        yield item
            except Exception as error:
                self._failed(number, error)
                if reserve is None or (attempt.began and not goes_on):
                    raise self._softened(error) from None
                notice = self._notice(number, error, reserve)
            else:
                self.reserves.worked(number)
                return
            yield notice

    def _failed(self, number: int, error: Exception) -> None:
        fatal = isinstance(error, ServiceError) and error.fatal
        self.reserves.failed(number, self._now(), fatal=fatal)

    def _preferred(self) -> int:
        """The service that would be asked now."""
        return self.reserves.order(self._now())[0]

    def _softened(self, error: Exception) -> Exception:
        """The error to raise: fatal only when nobody is left who could do better the next time."""
        if isinstance(error, ServiceError) and error.fatal and not self.reserves.hopeless:
            return ServiceError(str(error))
        return error

    def _rests(self, number: int) -> bool:
        return self.reserves.rests(number, self._now())

    def _news(self) -> list[Notice]:
        """What has not been told yet; nothing the next time."""
        news, self._untold = self._untold, []
        return news

    def _notice(self, number: int, error: Exception, reserve: int) -> Notice:
        failed, other = label(self.services[number]), label(self.services[reserve])
        return Notice(f"{failed} failed, {other} is asked instead: {describe(error)}")

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
