"""The feed between a host and its service."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.clock import run_virtual
from antiphon.services.feed import Feed


async def _read(feed: Feed[int]) -> list[int]:
    return [item async for item in feed]


@given(st.lists(st.integers()), st.integers(0, 5))
def test_everything_arrives_in_order(items: list[int], waiting: int) -> None:
    async def run() -> list[int]:
        feed: Feed[int] = Feed()
        for item in items[:waiting]:
            feed.put(item)
        reading = asyncio.create_task(_read(feed))
        for item in items[waiting:]:
            await asyncio.sleep(0.1)
            feed.put(item)
        feed.close()
        feed.put(99)
        return await reading

    assert run_virtual(run()) == items


@given(st.lists(st.integers(-5, 5), max_size=40))
def test_a_full_feed_drops_the_oldest_that_may_be_dropped(items: list[int]) -> None:
    async def run() -> None:
        feed: Feed[int] = Feed(4, droppable=lambda item: item >= 0)
        for item in items:
            feed.put(item)
        depth, dropped = feed.depth, feed.dropped
        feed.close()
        left = await _read(feed)
        assert len(left) == depth
        assert depth + dropped == len(items)
        assert [item for item in left if item < 0] == [item for item in items if item < 0]
        kept = [item for item in left if item >= 0]
        assert kept == [item for item in items if item >= 0][-len(kept) :] or not kept

    run_virtual(run())


def test_a_reader_that_is_cancelled_loses_nothing() -> None:
    async def run() -> list[int]:
        feed: Feed[int] = Feed()
        reading = asyncio.create_task(anext(feed))
        await asyncio.sleep(0.1)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        feed.put(1)
        feed.close()
        return await _read(feed)

    assert run_virtual(run()) == [1]


def test_clear_drops_what_waits() -> None:
    async def run() -> list[int]:
        feed: Feed[int] = Feed()
        feed.put(1)
        feed.clear()
        feed.put(2)
        feed.close()
        return await _read(feed)

    assert run_virtual(run()) == [2]
