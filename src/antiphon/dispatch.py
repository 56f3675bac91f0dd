"""Dispatch: how a frame finds its handler, and how handlers run.

Delivery to an idle node is a plain call in the sender's stack: no queue, no task switch. `deliver` walks
the chain until somebody handles the frame. Only a node that is suspended in an `await`, or busy in its
own handler, queues.

Each node has two lanes, one per direction. Order is kept per lane, and handlers run one at a time
over both. A frame that nobody handles passes a suspended node if nothing is ahead of it *in its lane*:
waiting in one direction never blocks the other.
"""

from __future__ import annotations

import asyncio
import enum
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar, cast

from antiphon.frames import Frame

if TYPE_CHECKING:
    from antiphon.node import Node

F = TypeVar("F", bound=Callable[..., Any])


class Direction(enum.Enum):
    """The way a frame travels."""

    DOWNSTREAM = "downstream"
    UPSTREAM = "upstream"


class Declaration(NamedTuple):
    """What `on` leaves on a method."""

    kinds: tuple[type[Frame], ...] = ()
    direction: Direction | None = None
    consumes: bool = False


class HandlerSpec(NamedTuple):
    """A handler as declared: the method's name, its direction if it has one, whether it means to consume."""

    method: str
    direction: Direction | None
    consumes: bool = False


def on(*kinds: type[Frame], direction: Direction | None = None, consumes: bool = False) -> Callable[[F], F]:
    """Declare a method as the handler of frames of these kinds and of their subclasses.

    The most specific kind wins. The method may be a plain function, a coroutine, a generator or an async
    generator; what it returns or yields goes on in the direction of the frame it handled, None is consumed.

    A method that never gives anything on is refused before the start if another processor waits for what it
    takes (`antiphon.forgetting`), unless it says that it means it: `consumes`.
    """

    def declare(method: F) -> F:
        setattr(method, "__antiphon_on__", Declaration(kinds, direction, consumes))  # noqa: B010
        return method

    return declare


class Arrival(Protocol):
    """Whatever takes a frame that has come to the end of a walk."""

    def arrive(self, frame: Frame) -> None: ...


class Table(dict[type[Frame], Arrival | None]):
    """Which handler takes a kind of frame; filled as kinds are first seen.

    `passing` holds the kinds that are known to have none, for all tables that share it: a new session need
    not ask again.
    """

    def __init__(
        self,
        resolve: Callable[[type[Frame]], Arrival | None],
        passing: dict[type[Frame], None] | None = None,
    ) -> None:
        super().__init__(passing or ())
        self._resolve = resolve
        self._passing = passing

    def __missing__(self, kind: type[Frame]) -> Arrival | None:
        handler = self[kind] = self._resolve(kind)
        if handler is None and self._passing is not None:
            self._passing[kind] = None
        return handler


class Lane:
    """One direction through one node."""

    __slots__ = ("ahead", "next", "owner", "table", "upstream")

    def __init__(self, owner: Inbox, table: Table, *, upstream: bool) -> None:
        self.owner = owner
        self.table = table
        self.upstream = upstream
        self.ahead = 0
        self.next: Lane = self

    @property
    def direction(self) -> Direction:
        return Direction.UPSTREAM if self.upstream else Direction.DOWNSTREAM


class Inbox(Protocol):
    """Who keeps the frames that cannot be handled yet."""

    def enqueue(self, lane: Lane, frame: Frame) -> None: ...


class _NotConnected:
    """Where a processor's frames go while it is in no session."""

    def arrive(self, frame: Frame) -> None:
        raise RuntimeError(
            f"{frame.name} was pushed by a processor that is in no session: push from `setup` on, not before"
        )

    def enqueue(self, lane: Lane, frame: Frame) -> None:
        self.arrive(frame)


class _Over:
    """Where a processor's frames go once its session is over: nobody handles them any more."""

    def arrive(self, frame: Frame) -> None:
        """The frame is lost, as all that comes too late."""

    def enqueue(self, lane: Lane, frame: Frame) -> None:
        """Nothing is kept."""


def _dead_end(end: _NotConnected | _Over) -> Lane:
    return Lane(end, Table(lambda kind: end), upstream=False)


NOT_CONNECTED = _dead_end(_NotConnected())
OVER = _dead_end(_Over())


def deliver(lane: Lane, frame: Frame) -> None:
    """Carry `frame` from `lane` on to the first node that handles it or must keep it waiting."""
    kind = frame.__class__
    while True:
        if lane.ahead and not kind.urgent:
            lane.owner.enqueue(lane, frame)
            return
        handler = lane.table[kind]
        if handler is not None:
            handler.arrive(frame)
            return
        lane = lane.next


class State(enum.Enum):
    """What a node is doing."""

    IDLE = enum.auto()
    RUNNING = enum.auto()
    SUSPENDED = enum.auto()


_IDLE, _RUNNING = State.IDLE, State.RUNNING
"""Bound once: until Python 3.12, looking up a member costs a third of a hop."""


class SyncHandler:
    """Runs a plain function or a generator in the sender's stack."""

    __slots__ = ("lane", "method", "node")

    def __init__(self, node: Node, lane: Lane, method: Callable[[Frame], Any]) -> None:
        self.node = node
        self.lane = lane
        self.method = method

    def arrive(self, frame: Frame) -> None:
        node = self.node
        if (node.state is not _IDLE or node.inbox) and (node.state is _RUNNING or not frame.urgent):
            node.enqueue(self.lane, frame)
        else:
            self.execute(frame)

    def execute(self, frame: Frame) -> None:
        node, number = self.node, frame.response
        if number is not None and number not in node.live:
            return
        lane, ordered = self.lane, not frame.urgent
        state, cause = node.state, node.cause
        if ordered:
            lane.ahead += 1
        node.state, node.cause = _RUNNING, frame
        try:
            result = self.method(frame)
            if result is frame and not frame.lifecycle:
                deliver(lane.next, frame)
            elif result is not None:
                node.emit(lane, frame, result)
        except Exception as error:
            node.report(frame, error)
        finally:
            if ordered:
                lane.ahead -= 1
            node.state, node.cause = state, cause
        if node.inbox or node.urgent:
            node.drain()


class AsyncHandler(SyncHandler):
    """Runs a coroutine or an async generator as a task in the frame's scope."""

    __slots__ = ()

    def execute(self, frame: Frame) -> None:
        node = self.node
        if frame.response is not None and frame.response not in node.live:
            return
        if frame.urgent:
            node.resume_in_task(self._drive(frame), frame)
            return
        node.state = State.SUSPENDED
        node.held = (frame, node.session.clock.now())
        self.lane.ahead += 1
        node.resume_in_task(self._drive(frame), frame).add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self.lane.ahead -= 1
        node = self.node
        node.state = State.IDLE
        node.held = None
        node.drain()

    async def _drive(self, frame: Frame) -> None:
        try:
            await self.run(frame)
        except asyncio.CancelledError:
            if _asked_to_stop():
                raise
            self.node.report(frame, RuntimeError("something that the handler waited for was cancelled"))

    async def run(self, frame: Frame) -> None:
        """Run the handler to its end, passing on what it gives and reporting what it raises."""
        node = self.node
        try:
            work = self.method(frame)
            if inspect.isasyncgen(work):
                async with aclosing(cast(AsyncGenerator[Any, None], work)) as results:
                    async for result in results:
                        node.emit(self.lane, frame, result)
            else:
                node.emit(self.lane, frame, await cast(Awaitable[Any], work))
        except Exception as error:
            node.report(frame, error)


class LifecycleHandler:
    """Start, end, stop and cancel: handled like any other frame, but they always pass on.

    A start passes before its handler runs, so that what the handler emits comes after it. An end waits until
    the processor's own work is done, is handled, and then passes.
    """

    __slots__ = ("lane", "method", "node")

    def __init__(self, node: Node, lane: Lane, method: Callable[[Frame], Any] | None) -> None:
        self.node = node
        self.lane = lane
        self.method = method

    def arrive(self, frame: Frame) -> None:
        if frame.urgent:
            deliver(self.lane.next, frame)
            if self.method is not None:
                handler_for(self.node, self.lane, self.method).arrive(frame)
        elif self.node.state is not State.IDLE or self.node.inbox:
            self.node.enqueue(self.lane, frame)
        else:
            self.execute(frame)

    def execute(self, frame: Frame) -> None:
        if frame.urgent:
            if self.method is not None:
                handler_for(self.node, self.lane, self.method).execute(frame)
            return
        if self.node.work.count == 0 and self.method is None:
            deliver(self.lane.next, frame)
            return
        AsyncHandler(self.node, self.lane, self._finish).execute(frame)

    async def _finish(self, frame: Frame) -> None:
        await self.node.work_done()
        if self.method is not None:
            handler = handler_for(self.node, self.lane, self.method)
            if isinstance(handler, AsyncHandler):
                await handler.run(frame)
            else:
                handler.execute(frame)
            await self.node.work_done()
        deliver(self.lane.next, frame)


def handler_for(node: Node, lane: Lane, method: Callable[..., Any]) -> SyncHandler:
    kind = AsyncHandler if _may_suspend(getattr(method, "__func__", method)) else SyncHandler
    return kind(node, lane, method)


@lru_cache(maxsize=1024)
def _may_suspend(function: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def _asked_to_stop() -> bool:
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
