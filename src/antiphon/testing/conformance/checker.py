"""What all conformance checks share: named checks, cancellation everywhere, no task left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from typing import Any, Protocol, TypeVar, cast

import msgspec

from antiphon.testing.suspensions import Suspensions

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

POINTS = 24
"""How many points of cancellation are tried of one stream."""

UNICODE = ("Grüße, 世界! สวัสดี", "שלום 👩‍👩‍👧 \u200d", "…", "*", "0\u0301")
"""Texts that break what was only tested in English."""


class ConformanceError(AssertionError):
    """A service does not keep a promise. The message names the service and the check."""


class Report(msgspec.Struct, frozen=True):
    """What was checked of which service: the checks by name, and how many cancellations were tried."""

    service: str
    checks: tuple[str, ...]
    cancellations: int


class Stream(Protocol[T_co]):
    """An async generator, as far as needed here."""

    def __aiter__(self) -> AsyncIterator[T_co]: ...
    async def __anext__(self) -> T_co: ...
    async def aclose(self) -> None: ...


class Checker:
    """Runs checks by name, and notes what was done."""

    def __init__(self, service: object) -> None:
        self.service = type(service).__name__
        self.checks: list[str] = []
        self.cancellations = 0

    def need(self, condition: bool, what: str) -> None:
        """Raise unless the condition holds."""
        if not condition:
            raise ConformanceError(f"{self.service}, {self.checks[-1]}: {what}")

    async def check(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Run one check; afterwards no task of it may be left."""
        self.checks.append(name)
        before = asyncio.all_tasks()
        try:
            await work
        except (ConformanceError, asyncio.CancelledError):
            raise
        except Exception as error:
            raise ConformanceError(f"{self.service}, {name}: raised {error!r}") from error
        await self.no_task_left(before)

    async def no_task_left(self, before: set[asyncio.Task[Any]]) -> None:
        """Give what was cancelled a few rounds of the loop to end."""
        for _ in range(10):
            await asyncio.sleep(0)
        left = [task.get_name() for task in asyncio.all_tasks() - before]
        self.need(not left, f"left tasks behind: {', '.join(left)}")

    async def cancelled_everywhere(self, make: Callable[[], Stream[Any]], points: int) -> None:
        """Cancel the consumer at every suspension, each time of a fresh stream."""
        whole = Suspensions(drain(make()))
        await whole
        for point in spread(whole.count, points):
            before = asyncio.all_tasks()
            stream = make()
            watched = Suspensions(drain(stream), cancel_at=point)
            try:
                await asyncio.create_task(watched.run())
            except asyncio.CancelledError:
                self.cancellations += 1
            await stream.aclose()
            await self.no_task_left(before)

    async def closed_everywhere(self, make: Callable[[], Stream[Any]], points: int) -> None:
        """Close the stream after each item."""
        total = len(await drain(make()))
        for point in spread(total, points):
            stream = make()
            for _ in range(point):
                await anext(cast("AsyncIterator[Any]", stream), None)
            await stream.aclose()
            rest = await anext(cast("AsyncIterator[Any]", stream), None)
            self.need(rest is None, "gave something after it was closed")

    @property
    def report(self) -> Report:
        return Report(self.service, tuple(self.checks), self.cancellations)


async def given(items: Iterable[T]) -> AsyncIterator[T]:
    for item in items:
        yield item


async def drain(stream: Stream[T]) -> list[T]:
    return [item async for item in stream]


def spread(total: int, points: int) -> list[int]:
    """Up to `points` numbers from 0 to `total`, evenly, both ends included."""
    if total < points:
        return list(range(total + 1))
    return sorted({round(n * total / (points - 1)) for n in range(points)})
