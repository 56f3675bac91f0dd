"""The loop on which time is a number."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
import weakref
from collections.abc import Callable

import pytest

from antiphon.clock import VIRTUAL_EPOCH, Clock, VirtualTimeDeadlock, VirtualTimeLoop, run_virtual
from effort import seeds


def test_time_jumps_to_the_next_timer_in_order() -> None:
    order: list[tuple[float, str]] = []

    async def main() -> float:
        loop = asyncio.get_running_loop()

        async def sleeper(seconds: float, name: str) -> None:
            await asyncio.sleep(seconds)
            order.append((loop.time(), name))

        await asyncio.gather(sleeper(3600, "c"), sleeper(0.001, "a"), sleeper(60, "b"))
        return loop.time()

    assert run_virtual(main()) == 3600
    assert order == [(0.001, "a"), (60, "b"), (3600, "c")]


def test_time_stands_still_while_anything_can_run() -> None:
    async def main() -> float:
        for _ in range(1000):
            await asyncio.sleep(0)
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) == 0


def test_a_deadlock_names_who_waits() -> None:
    async def main() -> None:
        forever = asyncio.get_running_loop().create_future()
        waiter = asyncio.ensure_future(asyncio.wait_for(forever, None))
        waiter.set_name("the one who waits")
        await waiter

    with pytest.raises(
        VirtualTimeDeadlock, match=r"Nothing can ever run again; waiting: .*the one who waits"
    ):
        run_virtual(main())


def test_an_executor_runs_inline_and_in_no_time() -> None:
    async def main() -> tuple[int, float]:
        loop = asyncio.get_running_loop()
        ident = await loop.run_in_executor(None, threading.get_ident)
        with pytest.raises(ValueError, match="from the executor"):
            await loop.run_in_executor(None, fail)
        return ident, loop.time()

    def fail() -> None:
        raise ValueError("from the executor")

    assert run_virtual(main()) == (threading.get_ident(), 0.0)


def schedule(seed: int | None) -> list[int]:
    """The order in which eight tasks take three steps each."""
    order: list[int] = []

    async def steps(number: int) -> None:
        for _ in range(3):
            order.append(number)
            await asyncio.sleep(0)

    async def main() -> None:
        await asyncio.gather(*(steps(number) for number in range(8)))

    run_virtual(main(), seed=seed)
    return order


def test_the_same_seed_gives_the_same_schedule_and_others_give_others() -> None:
    assert schedule(None) == [*range(8)] * 3
    assert [schedule(seed) for seed in range(10)] == [schedule(seed) for seed in range(10)]
    assert len({tuple(schedule(seed)) for seed in range(10)}) > 5


@pytest.mark.parametrize("seed", seeds(20))
def test_shuffling_keeps_the_order_of_plain_callbacks(seed: int) -> None:
    order: list[int] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        tasks: list[asyncio.Task[None]] = []
        for number in range(20):
            loop.call_soon(order.append, number)
            tasks.append(asyncio.create_task(asyncio.sleep(0)))
        await asyncio.gather(*tasks)
        await asyncio.sleep(1)

    run_virtual(main(), seed=seed)
    assert order == list(range(20))


def test_a_clock_tells_virtual_time_and_sets_timers() -> None:
    async def main() -> tuple[list[float], str]:
        clock, fired = Clock(asyncio.get_running_loop()), list[float]()
        note: Callable[[], None] = lambda: fired.append(clock.now())  # noqa: E731
        clock.at(2.0, note)
        clock.after(1.0, note)
        clock.after(1.5, note).cancel()
        await asyncio.sleep(90)
        return fired, clock.timestamp()

    fired, timestamp = run_virtual(main())
    assert fired == [1.0, 2.0]
    assert timestamp == VIRTUAL_EPOCH.replace(minute=1, second=30).isoformat()


def test_on_a_real_loop_the_clock_shows_the_wall() -> None:
    async def main() -> str:
        return Clock(asyncio.get_running_loop()).timestamp()

    assert asyncio.run(main()).endswith("+00:00")


def test_a_fresh_loop_starts_at_zero() -> None:
    loop = VirtualTimeLoop()
    assert loop.time() == 0
    loop.close()


@pytest.mark.parametrize("seed", [None, 1])
def test_timers_of_one_moment_fire_in_the_order_in_which_they_were_set(seed: int | None) -> None:
    fired: list[int] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for number in range(50):
            loop.call_at(1.0, fired.append, number)
        await asyncio.sleep(2)

    run_virtual(main(), seed=seed)
    assert fired == list(range(50))


def test_cancelled_timers_are_let_go() -> None:
    async def main() -> int:
        class Thing:
            """Something that a timer refers to."""

        loop, things = asyncio.get_running_loop(), weakref.WeakSet[Thing]()
        for _ in range(1000):
            thing = Thing()
            things.add(thing)
            context = contextvars.copy_context()
            context.run(contextvars.ContextVar[Thing]("thing").set, thing)
            loop.call_at(3600.0, print, context=context).cancel()
            del thing, context
        gc.collect()
        return len(things)

    assert run_virtual(main()) <= 101
