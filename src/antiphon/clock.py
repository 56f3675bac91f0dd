"""Time. The event loop is the clock; this is the only module that reads a real one.

On `VirtualTimeLoop` time stands still while anything can run, and jumps to the next timer when nothing can.
A ten-minute conversation takes as long as its code takes, and twice the same seed gives twice the same
schedule. Work handed to an executor runs inline, in no time at all, so that threads cannot disturb the order.
Use it for tests and simulations; it cannot wait for real sockets.
"""

from __future__ import annotations

import asyncio
import collections
import heapq
import random
import selectors
import time
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

T = TypeVar("T")

VIRTUAL_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""What wall clocks show when virtual time is zero."""

_SAME_MOMENT = 1e-9
"""Timers that are less than this apart, in seconds, fire in one round: times are sums of floats."""

_CANCELLED_KEPT = 100

_TASK_STEPS = frozenset({"TaskStepMethWrapper", "task_wakeup"})


class VirtualTimeDeadlock(RuntimeError):
    """Everything waits and no timer is set: nothing would ever happen again."""


class Clock:
    """The time of one session: seconds on the loop's own scale, and the wall clock for people.

    `now()` is the loop's time; `at(when, callback)` calls back at such a time, `after(delay, callback)` in so
    many seconds. `epoch` is what the wall clock showed when the loop's time was zero, as seen when the
    session began: from then on both run alike.
    """

    __slots__ = ("after", "at", "epoch", "now")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.now: Callable[[], float] = loop.time
        self.at: Callable[[float, Callable[[], None]], asyncio.TimerHandle] = loop.call_at
        self.after: Callable[[float, Callable[[], None]], asyncio.TimerHandle] = loop.call_later
        virtual = isinstance(loop, VirtualTimeLoop)
        self.epoch = loop.epoch if virtual else datetime.now(UTC) - timedelta(seconds=loop.time())

    def timestamp(self) -> str:
        """The wall clock in ISO 8601, UTC. Virtual in virtual time."""
        return (self.epoch + timedelta(seconds=self.now())).isoformat()


def perf_seconds() -> float:
    """A real, monotonic clock for measuring how long work took. Never for deciding anything."""
    return time.perf_counter()


def cpu_seconds() -> float:
    """How long this thread has really worked so far: less than time passes, if it waits or gets no turn."""
    return time.thread_time()


class _ShuffledReady(collections.deque[asyncio.Handle]):
    """The loop's queue of ready callbacks, handing out task steps in random order.

    Only steps of tasks are reordered, each task having at most one pending: that is the freedom a scheduler
    has. Plain callbacks keep the order in which they were registered, which asyncio promises.
    """

    def __init__(self, rng: random.Random) -> None:
        super().__init__()
        self._random = rng.random

    def popleft(self) -> asyncio.Handle:
        count = len(self)
        if count > 1:
            index = int(self._random() * count)
            if index and _is_task_step(self[index]):
                handle = self[index]
                del self[index]
                return handle
        return _popleft(self)


_popleft = collections.deque[asyncio.Handle].popleft


def _is_task_step(handle: asyncio.Handle) -> bool:
    callback: Any = getattr(handle, "_callback", None)
    return type(callback).__name__ in _TASK_STEPS or isinstance(
        getattr(callback, "__self__", None), asyncio.Task
    )


class _Timer(asyncio.TimerHandle):
    """A timer that is made in one step: a simulated call sets a hundred in each of its seconds."""

    __slots__ = ()

    def __init__(
        self,
        when: float,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        loop: asyncio.AbstractEventLoop,
        context: Context | None,
    ) -> None:
        self._when = when
        self._scheduled = False
        self._loop = loop
        self._callback = callback
        self._args = args
        self._context = copy_context() if context is None else context
        self._cancelled = False
        self._repr = None
        self._source_traceback = None


class _Ready(asyncio.Handle):
    """A handle that is made in one step, like `_Timer`."""

    __slots__ = ()

    def __init__(
        self,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        loop: asyncio.AbstractEventLoop,
        context: Context | None,
    ) -> None:
        self._loop = loop
        self._callback = callback
        self._args = args
        self._context = copy_context() if context is None else context
        self._cancelled = False
        self._repr = None
        self._source_traceback = None


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop in which time is a number. `seed` shuffles the order of ready tasks.

    Its rounds are those of asyncio, without what only real time needs. Timers of one moment fire in the order
    in which they were set. Real file descriptors are looked at only when nothing else could ever happen.
    """

    def __init__(self, seed: int | None = None) -> None:
        self.epoch = VIRTUAL_EPOCH
        self._virtual_now = 0.0
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._timers_set = 0
        self._timers_cancelled = 0
        super().__init__()
        self._stopping = False
        if seed is not None:
            self._ready = _ShuffledReady(random.Random(seed))

    def time(self) -> float:
        return self._virtual_now

    def jump(self, when: float) -> None:
        """Nothing is ready: time moves on to `when`, that of the next timer."""
        self._virtual_now = when

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """As asyncio's. Tuples in the heap are compared several times faster than handles."""
        timer = _Timer(when, callback, args, self, context)
        self._timers_set += 1
        heapq.heappush(self._timers, (when, self._timers_set, timer))
        return timer

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """As asyncio's, which looks for mistakes that nobody makes here."""
        if self.is_closed():
            raise RuntimeError("Event loop is closed")
        handle = _Ready(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Forget cancelled timers when they are the most."""
        self._timers_cancelled += 1
        if self._timers_cancelled > max(_CANCELLED_KEPT, len(self._timers) // 2):
            self._timers_cancelled = 0
            self._timers[:] = [entry for entry in self._timers if not entry[2].cancelled()]
            heapq.heapify(self._timers)

    def _run_once(self) -> None:
        """Rounds of the loop until it is asked to stop: what is ready now, and before that what is due.

        A timer that comes alone, as most do, runs at once: a round of one would do the same.
        """
        timers, ready, pop = self._timers, self._ready, heapq.heappop
        while True:
            while timers and timers[0][2]._cancelled:  # pyright: ignore[reportPrivateUsage]
                pop(timers)
            if timers and not ready and not self._stopping:
                when, _, timer = pop(timers)
                if when > self._virtual_now:
                    self.jump(when)
                if not timers or timers[0][0] >= self._virtual_now + _SAME_MOMENT:
                    timer._run()  # pyright: ignore[reportPrivateUsage]
                    if self._stopping:
                        return
                    continue
                ready.append(timer)
            elif not ready and not self._stopping:
                self._look_outside()
            now = self._virtual_now + _SAME_MOMENT
            while timers and timers[0][0] < now:
                ready.append(pop(timers)[2])
            for _ in range(len(ready)):
                handle = ready.popleft()
                if not handle._cancelled:  # pyright: ignore[reportPrivateUsage]
                    handle._run()  # pyright: ignore[reportPrivateUsage]
            if self._stopping:
                return

    def _look_outside(self) -> None:
        """Only a real file descriptor could go on from here."""
        selector: selectors.BaseSelector = getattr(self, "_selector")  # noqa: B009
        events = selector.select(0)
        if not events:
            raise VirtualTimeDeadlock(self.describe_waiting())
        process: Callable[..., None] = getattr(self, "_process_events")  # noqa: B009
        process(events)

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """Run `func` here and now; the result arrives in the next round of the loop."""
        future: asyncio.Future[T] = self.create_future()
        try:
            result = func(*args)
        except Exception as error:
            self.call_soon(_settle, future, None, error)
        else:
            self.call_soon(_settle, future, result, None)
        return future

    def describe_waiting(self) -> str:
        """One sentence that names the tasks that wait."""
        names = sorted(task.get_name() for task in asyncio.all_tasks(self) if not task.done())
        return f"Nothing can ever run again; waiting: {', '.join(names) or 'no task'}."


def _settle(future: asyncio.Future[Any], result: Any, error: Exception | None) -> None:
    if future.cancelled():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)


def run_virtual(main: Coroutine[Any, Any, T], *, seed: int | None = None) -> T:
    """Run `main` in virtual time to its end. Raises VirtualTimeDeadlock if it can never end."""
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(seed)) as runner:
        return run_quietly(runner, main)


def run_quietly(runner: asyncio.Runner, main: Coroutine[Any, Any, T]) -> T:
    """Run `main`, without a look at what it returns.

    The runner asks `signal` for the handler of Ctrl+C, which holds the finished task. Up to Python 3.12
    `signal` writes out the handler, with the task and its result, to say to nobody that it is no number, and
    does so twice: with all frames of a call, that takes a part of the time that the call itself takes.
    """
    return runner.run(_out_of_sight(main)).result


class _Kept(Generic[T]):
    """A result that is not written out."""

    __slots__ = ("result",)

    def __init__(self, result: T) -> None:
        self.result = result


async def _out_of_sight(main: Coroutine[Any, Any, T]) -> _Kept[T]:
    return _Kept(await main)


def run_real(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` in real time to its end."""
    return asyncio.run(main)
