"""Counts where a coroutine waits, and cancels it at the one that is wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Suspensions(Generic[T]):
    """Await it to run `work`. `count` says how often it has waited.

    With `cancel_at`, the task that awaits it is cancelled while it waits for the time of that number (the
    first is 0); if it never waits so often, nothing happens.
    """

    def __init__(self, work: Coroutine[Any, Any, T], *, cancel_at: int | None = None) -> None:
        self.count = 0
        self._work = work
        self._cancel_at = cancel_at

    async def run(self) -> T:
        """The same as awaiting it, for `create_task`."""
        return await self

    def __await__(self) -> Generator[Any, Any, T]:
        steps = self._work.__await__()
        error: BaseException | None = None
        while True:
            try:
                waited_for = next(steps) if error is None else steps.throw(error)
            except StopIteration as stop:
                return stop.value
            if self.count == self._cancel_at:
                self._cancel_soon()
            self.count += 1
            try:
                yield waited_for
                error = None
            except BaseException as raised:
                error = raised

    def _cancel_soon(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().call_soon(task.cancel)
