"""Two calls, the second begun later if at all: the first with a result is heard, the other is cancelled.

Each call runs in a task of its own from its beginning to its end, one item ahead of who reads it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from typing import Any, Generic, TypeVar, cast

from antiphon.node import describe
from antiphon.services.base import Notice
from antiphon.services.combinators.attempt import is_result

T = TypeVar("T")


async def race(
    first: Callable[[], AsyncIterator[T]],
    second: Callable[[], AsyncIterator[T]],
    *,
    after: float,
    labels: tuple[str, str],
) -> AsyncGenerator[T | Notice, None]:
    """What the winner gives. The second is called when the first has no result `after` seconds, or fails.

    A call that ends without a result wins only if the other does no better. Raises what the winner raises.
    """
    runners = [_Runner(first(), labels[0])]
    try:
        await asyncio.wait([runners[0].decided], timeout=after)
        if not runners[0].leads:
            runners.append(_Runner(second(), labels[1]))
        winner = await _winner(runners)
        for notice in _left_behind(runners, winner):
            yield notice
        async with aclosing(winner.items()) as items:
            async for item in items:
                yield item
    finally:
        await _end(runners)


class _Runner(Generic[T]):
    """One call. `decided` is done when it has a result (then it `leads`), has failed or has ended."""

    def __init__(self, items: AsyncIterator[T], label: str) -> None:
        self.label = label
        self.error: Exception | None = None
        self.decided: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.leads = False
        self._early: list[T] = []
        self._items: asyncio.Queue[T | None] = asyncio.Queue(1)
        call = cast(AsyncGenerator[T, None], items)
        self.task = asyncio.create_task(self._run(call), name=f"hedge: {label}")

    async def items(self) -> AsyncGenerator[T, None]:
        """All that it gives, from the beginning. Raises what the call raises."""
        for item in self._early:
            yield item
        while (item := await self._items.get()) is not None:
            yield item
        if self.error is not None:
            raise self.error

    async def _run(self, items: AsyncGenerator[T, None]) -> None:
        try:
            async with aclosing(items):
                async for item in items:
                    await self._give(item)
        except Exception as error:
            self.error = error
        self._decide(leads=False)
        await self._items.put(None)

    async def _give(self, item: T) -> None:
        if self.leads:
            await self._items.put(item)
            return
        self._early.append(item)
        if is_result(item):
            self._decide(leads=True)

    def _decide(self, *, leads: bool) -> None:
        if not self.decided.done():
            self.leads = leads
            self.decided.set_result(None)


async def _winner(runners: Sequence[_Runner[T]]) -> _Runner[T]:
    """The first with a result; if there is none, the last one that did not fail, or the last one."""
    while True:
        for runner in runners:
            if runner.leads:
                return runner
        waiting = [runner.decided for runner in runners if not runner.decided.done()]
        if not waiting:
            return next((runner for runner in reversed(runners) if runner.error is None), runners[-1])
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)


def _left_behind(runners: Sequence[_Runner[T]], winner: _Runner[T]) -> list[Notice]:
    """Cancel the others. Returns what there is to tell of them."""
    notices: list[Notice] = []
    for runner in runners:
        if runner is winner:
            continue
        runner.task.cancel()
        if runner.error is not None:
            reason = describe(runner.error)
            notices.append(Notice(f"{runner.label} failed, {winner.label} is asked instead: {reason}"))
    return notices


async def _end(runners: Sequence[_Runner[Any]]) -> None:
    for runner in runners:
        runner.task.cancel()
    await asyncio.gather(*(runner.task for runner in runners), return_exceptions=True)
