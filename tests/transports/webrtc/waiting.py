"""Waiting for what comes from the network, without an event."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable


async def until(condition: Callable[[], bool]) -> None:
    """Look every 10 ms."""
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def until_or_long_after(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Look for so long; the test then says what is wrong."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await until(condition)
