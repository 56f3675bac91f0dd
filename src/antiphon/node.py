"""Nodes: the engine's side of a processor. What waits there, what runs there, and on whose behalf.

A `Processor` is what authors see; its `Node` does the queueing, the draining and the bookkeeping of tasks and
scopes. `antiphon.dispatch` explains how frames travel between nodes.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from antiphon.dispatch import (
    NOT_CONNECTED,
    OVER,
    Arrival,
    Lane,
    LifecycleHandler,
    State,
    SyncHandler,
    Table,
    deliver,
    handler_for,
)
from antiphon.frames import ErrorFrame, Frame, Outcome, Overflow
from antiphon.response import CURRENT_ACTIVITY, CURRENT_RESPONSE, Activity, Response

if TYPE_CHECKING:
    from antiphon.processor import Processor
    from antiphon.session import Session

INBOX_CAPACITY = 4096
"""Frames that may wait at one processor. Beyond it the processor is stuck and the session ends."""

DROPPABLE_CAPACITY = 256
"""Frames of one droppable kind (incoming audio: about five seconds) that may wait at one processor."""


class Waiting(NamedTuple):
    """A frame that waits. What it belongs to is not over before it has been handled."""

    lane: Lane
    frame: Frame
    activity: Activity | None
    response: Response | None

    def hold(self) -> None:
        if self.activity is not None:
            self.activity.hold()
        if self.response is not None:
            self.response.hold()

    def release(self) -> None:
        if self.activity is not None:
            self.activity.release()
        if self.response is not None:
            self.response.release()


class Node:
    """Where the frames of one processor arrive, wait and are handled."""

    def __init__(self, processor: Processor) -> None:
        self.processor = processor
        self.state = State.IDLE
        self.cause: Frame | None = None
        self.held: tuple[Frame, float] | None = None
        self.inbox: deque[Waiting] = deque()
        self.urgent: deque[Waiting] = deque()
        self.dropped: dict[str, int] = {}
        self.live: dict[int, Response] = {}
        self.work = Activity(self._work_is_done)
        down, up = processor._passing
        self.down = Lane(self, Table(lambda kind: self._resolve(kind, self.down), down), upstream=False)
        self.up = Lane(self, Table(lambda kind: self._resolve(kind, self.up), up), upstream=True)
        self.down.next = self.up.next = NOT_CONNECTED
        self._waiters: list[asyncio.Future[None]] = []
        self._draining = False
        self.running: Session | None = None

    @property
    def name(self) -> str:
        return self.processor.name

    @property
    def session(self) -> Session:
        """The session this node runs in. Raises RuntimeError before it is attached."""
        if self.running is None:
            raise RuntimeError(f"{self.name} is not part of a running session yet")
        return self.running

    def attach(self, session: Session) -> None:
        """Become part of a session."""
        self.running = session
        self.live = session.responses.live

    @property
    def attached(self) -> bool:
        """Whether the node is, or was, part of a session. It serves only one."""
        return self.running is not None

    def detach(self) -> None:
        """The session is over: what is pushed from now on goes nowhere."""
        self.down.next = self.up.next = OVER

    def push(self, frame: Frame, *, upstream: bool) -> None:
        """Send a frame on, as part of the response it is caused by."""
        number = frame.response
        if number is None:
            number = self.responsible() if frame.scoped else None
            if number is not None:
                frame = frame.replace(response=number)
        if number is not None and number not in self.live:
            return
        deliver((self.up if upstream else self.down).next, frame)

    @property
    def depth(self) -> int:
        """How many frames wait here."""
        return len(self.inbox) + len(self.urgent)

    def responsible(self) -> int | None:
        """The number of the response on whose behalf the processor is acting now."""
        return self.cause.response if self.cause is not None else CURRENT_RESPONSE.get()

    def emit(self, lane: Lane, cause: Frame, result: Any) -> None:
        """Pass on what a handler returned: a frame, an iterable of frames, or nothing.

        Lifecycle frames pass on by themselves, so one that its handler gives back does not go twice.
        """
        if result is cause:
            if not cause.lifecycle:
                deliver(lane.next, cause)
            return
        if result is None:
            return
        if isinstance(result, Frame):
            if result.response is None and cause.response is not None and result.scoped:
                result = result.replace(response=cause.response)
            deliver(lane.next, result)
            return
        if not isinstance(result, Iterable) or isinstance(result, (str, bytes)):
            raise TypeError(f"a handler returned {type(result).__name__}, not a frame, frames or None")
        for frame in cast(Iterable[Any], result):
            self.emit(lane, cause, frame)

    def report(self, frame: Frame, error: Exception) -> None:
        """A handler raised: tell the session, by name, and go on."""
        fatal = bool(getattr(error, "fatal", False))
        self.session.log_exception(self.name, frame.name, error)
        deliver(self.up.next, ErrorFrame(describe(error), fatal, self.name, frame.name))

    def resume_in_task(self, work: Coroutine[Any, Any, None], frame: Frame) -> asyncio.Task[None]:
        """Run the rest of a handler as a task in the scope of its frame."""
        counted = frame.urgent
        return self.start(work, frame.response, CURRENT_ACTIVITY.get(), frame.name, counted=counted)

    def enqueue(self, lane: Lane, frame: Frame) -> None:
        """Keep a frame until its turn comes, within bounds."""
        activity, response = CURRENT_ACTIVITY.get(), self.session.responses.get(frame.response)
        if frame.response is not None and response is None:
            return
        entry = Waiting(lane, frame, activity, response)
        entry.hold()
        if frame.urgent:
            self.urgent.append(entry)
            return
        self._make_room(frame)
        lane.ahead += 1
        self.inbox.append(entry)

    def drain(self) -> None:
        """Handle what waits, as far as the processor's state allows."""
        if self._draining:
            return
        self._draining = True
        try:
            while self.state is not State.RUNNING:
                if self.urgent:
                    self._handle(self.urgent.popleft())
                elif self.inbox and self.state is State.IDLE:
                    entry = self.inbox.popleft()
                    entry.lane.ahead -= 1
                    self._handle(entry)
                else:
                    break
        finally:
            self._draining = False

    def purge(self, number: int) -> None:
        """Drop what waits here of a cancelled response."""
        gone = [entry for entry in self.inbox if entry.frame.response == number]
        if gone:
            self.inbox = deque(entry for entry in self.inbox if entry.frame.response != number)
            for entry in gone:
                entry.lane.ahead -= 1
                entry.release()

    async def work_done(self) -> None:
        """Wait until no task that this processor spawned for a response or a frame is running."""
        while self.work.count:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter

    # Inside ----------------------------------------------------------------------------------------------

    def _work_is_done(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()

    def _resolve(self, kind: type[Frame], lane: Lane) -> Arrival | None:
        if kind.lifecycle and lane.upstream:
            return None
        method = self.processor._handler_for(kind, upstream=lane.upstream)
        if kind.lifecycle:
            return LifecycleHandler(self, lane, method)
        return None if method is None else handler_for(self, lane, method)

    def _make_room(self, frame: Frame) -> None:
        policy = type(frame).overflow
        if policy is Overflow.NEVER:
            if len(self.inbox) >= INBOX_CAPACITY:
                self.session.stuck(self.processor)
            return
        alike = [entry for entry in self.inbox if type(entry.frame) is type(frame)]
        limit = 1 if policy is Overflow.LATEST else DROPPABLE_CAPACITY
        if len(alike) >= limit:
            self._drop(alike[0])

    def _drop(self, entry: Waiting) -> None:
        for index, waiting in enumerate(self.inbox):
            if waiting is entry:
                del self.inbox[index]
                break
        entry.lane.ahead -= 1
        self.dropped[entry.frame.name] = self.dropped.get(entry.frame.name, 0) + 1
        entry.release()

    def _handle(self, entry: Waiting) -> None:
        token = CURRENT_ACTIVITY.set(entry.activity)
        try:
            handler = entry.lane.table[type(entry.frame)]
            if handler is None:
                deliver(entry.lane.next, entry.frame)
            else:
                cast(SyncHandler, handler).execute(entry.frame)
        finally:
            CURRENT_ACTIVITY.reset(token)
            entry.release()

    def start(
        self,
        work: Coroutine[Any, Any, None],
        number: int | None,
        activity: Activity | None,
        name: str,
        *,
        counted: bool = True,
        ended: Callable[[asyncio.Task[None]], None] | None = None,
    ) -> asyncio.Task[None]:
        context = copy_context()
        context.run(CURRENT_RESPONSE.set, number)
        context.run(CURRENT_ACTIVITY.set, activity)
        task = self.session.spawn(
            work, owner=self.name, name=name, context=context, response=number, ended=ended
        )
        if counted:
            self.work.hold()
            task.add_done_callback(lambda _: self.work.release())
        if activity is not None:
            activity.hold()
            task.add_done_callback(lambda _: activity.release())
        return task

    def report_task(self, task: asyncio.Task[None], number: int | None = None) -> None:
        """A task is over. If it raised, that is told, and the response it worked for has failed."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.session.log_exception(self.name, "a task", error)
            fatal = bool(getattr(error, "fatal", False))
            deliver(self.up.next, ErrorFrame(describe(error), fatal, self.name))
            if number is not None:
                self.session.responses.cancel(number, Outcome.FAILED, f"{self.name}: {describe(error)}")


def describe(error: BaseException) -> str:
    """An exception as one line."""
    return str(error) or type(error).__name__
