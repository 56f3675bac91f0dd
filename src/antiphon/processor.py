"""Processors: anything frames pass through.

A processor declares handlers by kind of frame (`@on(Kind)`); every other frame passes along. It sends frames
with `push`, runs tasks with `spawn`, and answers through a `respond` scope. How frames travel is explained in
`antiphon.dispatch`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, cast

from antiphon.dispatch import (
    Arrival,
    Declaration,
    Direction,
    HandlerSpec,
    Lane,
    LifecycleHandler,
    State,
    SyncHandler,
    Table,
    deliver,
    handler_for,
)
from antiphon.frames import ErrorFrame, Frame, Overflow, ResponseStartedFrame
from antiphon.response import CURRENT_ACTIVITY, CURRENT_RESPONSE, Activity, Response

if TYPE_CHECKING:
    from antiphon.session import Session

INBOX_CAPACITY = 4096
"""Frames that may wait at one processor. Beyond it the processor is stuck and the session ends."""

DROPPABLE_CAPACITY = 256
"""Frames of one droppable kind (incoming audio: about five seconds) that may wait at one processor."""


class _Waiting(NamedTuple):
    lane: Lane
    frame: Frame
    activity: Activity | None
    response: Response | None


class Holding(NamedTuple):
    """A processor that is at work on a frame since a time, and how many frames wait behind it."""

    processor: str
    frame: str
    since: float
    waiting: int


class Processor:
    """Anything frames pass through. Subclass it and declare handlers with `@on(Kind)`.

    `needs` names kinds of which at least one must come from upstream for the processor to make sense,
    `gives` the kinds it adds to the stream (None: unknown), `hint` what to do when the need is not met. They
    serve only to refuse wiring mistakes before the start.
    """

    needs: ClassVar[tuple[type[Frame], ...]] = ()
    gives: ClassVar[tuple[type[Frame], ...] | None] = None
    hint: ClassVar[str] = ""
    handlers: ClassVar[dict[type[Frame], list[HandlerSpec]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        handlers: dict[type[Frame], list[HandlerSpec]] = {}
        for klass in reversed(cls.__mro__):
            for name, value in vars(klass).items():
                for kind, direction in _declared(value):
                    specs = handlers.setdefault(kind, [])
                    specs[:] = [s for s in specs if s.direction is not direction and s.method != name]
                    specs.append(HandlerSpec(name, direction))
        cls.handlers = handlers

    def __init__(self, name: str | None = None) -> None:
        self.name = name or type(self).__name__
        self.state = State.IDLE
        self.cause: Frame | None = None
        self.held: tuple[Frame, float] | None = None
        self.inbox: deque[_Waiting] = deque()
        self.urgent: deque[_Waiting] = deque()
        self.dropped: dict[str, int] = {}
        self.live: dict[int, Response] = {}
        self.work = Activity(self._work_is_done)
        self._idle_waiters: list[asyncio.Future[None]] = []
        self._draining = False
        self._session: Session | None = None
        self._down = Lane(self, Table(lambda kind: self._resolve(kind, self._down)), upstream=False)
        self._up = Lane(self, Table(lambda kind: self._resolve(kind, self._up)), upstream=True)

    def __repr__(self) -> str:
        return self.name

    # What authors use ------------------------------------------------------------------------------------

    @property
    def session(self) -> Session:
        """The session this processor runs in. Raises RuntimeError before `setup`."""
        if self._session is None:
            raise RuntimeError(f"{self.name} is not part of a running session yet")
        return self._session

    async def setup(self) -> None:
        """Prepare, before the first frame. All processors of a session set up at the same time."""

    async def cleanup(self) -> None:
        """Release what `setup` took. Called once, whatever happened."""

    def push(self, frame: Frame, *, upstream: bool = False) -> None:
        """Send a frame on. Never blocks. The frame joins the response it is caused by."""
        number = frame.response
        if number is None:
            number = self.responsible() if frame.scoped else None
            if number is not None:
                frame = frame.replace(response=number)
        if number is not None and number not in self.live:
            return
        deliver((self._up if upstream else self._down).next, frame)

    def broadcast(self, frame: Frame) -> None:
        """Send a frame both ways, upstream first."""
        self.push(frame, upstream=True)
        self.push(frame)

    def spawn(self, work: Coroutine[Any, Any, None], *, name: str = "") -> asyncio.Task[None]:
        """Run `work` as a task of what caused it: the current response, or the session.

        It is cancelled with its response. A graceful end waits for it.
        """
        task = self._start(work, self.responsible(), CURRENT_ACTIVITY.get(), name)
        task.add_done_callback(self._report_task)
        return task

    def spawn_background(self, work: Coroutine[Any, Any, None], *, name: str = "") -> asyncio.Task[None]:
        """Run `work` beside the conversation. It belongs to the session; an end cancels it."""
        context = copy_context()
        context.run(CURRENT_RESPONSE.set, None)
        context.run(CURRENT_ACTIVITY.set, None)
        task = self.session.spawn(work, owner=self.name, name=name, context=context)
        task.add_done_callback(self._report_task)
        return task

    def respond(self, *, interruptible: bool = True) -> Response:
        """Begin a response and announce it. Enter it (`with`) while you start its work."""
        response = self.session.responses.open(interruptible=interruptible)
        self.broadcast(ResponseStartedFrame(response.id))
        return response

    def fail(self, error: str | Exception, *, fatal: bool = False) -> None:
        """Report an error upstream. A fatal one ends the session."""
        message = error if isinstance(error, str) else describe(error)
        frame = self.cause.name if self.cause is not None else ""
        self.push(ErrorFrame(message, fatal, self.name, frame), upstream=True)

    @property
    def depth(self) -> int:
        """How many frames wait here."""
        return len(self.inbox) + len(self.urgent)

    def holding(self) -> Holding | None:
        """The frame this processor is suspended on, if any."""
        if self.held is None:
            return None
        frame, since = self.held
        return Holding(self.name, frame.name, since, self.depth)

    # What the engine uses --------------------------------------------------------------------------------

    @property
    def first_down(self) -> Lane:
        """Where frames that travel downstream come in."""
        return self._down

    @property
    def last_down(self) -> Lane:
        """The lane whose `next` leads out downstream."""
        return self._down

    @property
    def first_up(self) -> Lane:
        return self._up

    @property
    def last_up(self) -> Lane:
        return self._up

    def parts(self) -> list[Processor]:
        """The processors that this one is made of (itself, for a plain one)."""
        return [self]

    def exclusive(self) -> list[object]:
        """What must not be in a pipeline twice."""
        return [self]

    def attach(self, session: Session) -> None:
        """Become part of a session; wire what is inside."""
        self._session = session
        self.live = session.responses.live

    def responsible(self) -> int | None:
        """The number of the response on whose behalf the processor is acting now."""
        return self.cause.response if self.cause is not None else CURRENT_RESPONSE.get()

    def emit(self, lane: Lane, cause: Frame, result: Any, keep: Frame | None = None) -> None:
        """Pass on what a handler returned: a frame, an iterable of frames, or nothing."""
        if result is None or result is keep:
            return
        if isinstance(result, Frame):
            if result.response is None and cause.response is not None and result.scoped:
                result = result.replace(response=cause.response)
            deliver(lane.next, result)
            return
        if not isinstance(result, Iterable):
            raise TypeError(f"a handler returned {type(result).__name__}, not a frame, frames or None")
        for frame in cast(Iterable[Any], result):
            self.emit(lane, cause, frame, keep)

    def report(self, frame: Frame, error: Exception) -> None:
        """A handler raised: tell the session, by name, and go on."""
        fatal = bool(getattr(error, "fatal", False))
        self.session.log_exception(self.name, frame.name, error)
        deliver(self._up.next, ErrorFrame(describe(error), fatal, self.name, frame.name))

    def start(self, work: Coroutine[Any, Any, None], frame: Frame) -> asyncio.Task[None]:
        """Run the rest of a handler as a task in the scope of its frame."""
        counted = frame.urgent
        return self._start(work, frame.response, CURRENT_ACTIVITY.get(), frame.name, counted=counted)

    def enqueue(self, lane: Lane, frame: Frame) -> None:
        """Keep a frame until its turn comes, within bounds."""
        activity, response = CURRENT_ACTIVITY.get(), self.session.responses.get(frame.response)
        if frame.response is not None and response is None:
            return
        entry = _Waiting(lane, frame, activity, response)
        _hold(entry)
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
                _release(entry)

    async def work_done(self) -> None:
        """Wait until no task that this processor spawned for a response or a frame is running."""
        while self.work.count:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._idle_waiters.append(waiter)
            await waiter

    # Inside ----------------------------------------------------------------------------------------------

    def _work_is_done(self) -> None:
        for waiter in self._idle_waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._idle_waiters.clear()

    def _resolve(self, kind: type[Frame], lane: Lane) -> Arrival | None:
        method = self._method_for(kind, lane.direction)
        if kind.lifecycle:
            return LifecycleHandler(self, lane, method)
        return None if method is None else handler_for(self, lane, method)

    def _method_for(self, kind: type[Frame], direction: Direction) -> Callable[..., Any] | None:
        for base in kind.__mro__:
            for spec in self.handlers.get(base, ()):
                if spec.direction in (None, direction):
                    return getattr(self, spec.method)
        return None

    def _make_room(self, frame: Frame) -> None:
        policy = type(frame).overflow
        if policy is Overflow.NEVER:
            if len(self.inbox) >= INBOX_CAPACITY:
                self.session.stuck(self)
            return
        alike = [entry for entry in self.inbox if type(entry.frame) is type(frame)]
        limit = 1 if policy is Overflow.LATEST else DROPPABLE_CAPACITY
        if len(alike) >= limit:
            self._drop(alike[0])

    def _drop(self, entry: _Waiting) -> None:
        for index, waiting in enumerate(self.inbox):
            if waiting is entry:
                del self.inbox[index]
                break
        entry.lane.ahead -= 1
        self.dropped[entry.frame.name] = self.dropped.get(entry.frame.name, 0) + 1
        _release(entry)

    def _handle(self, entry: _Waiting) -> None:
        token = CURRENT_ACTIVITY.set(entry.activity)
        try:
            handler = entry.lane.table[type(entry.frame)]
            if handler is None:
                deliver(entry.lane.next, entry.frame)
            else:
                cast(SyncHandler, handler).execute(entry.frame)
        finally:
            CURRENT_ACTIVITY.reset(token)
            _release(entry)

    def _start(
        self,
        work: Coroutine[Any, Any, None],
        number: int | None,
        activity: Activity | None,
        name: str,
        *,
        counted: bool = True,
    ) -> asyncio.Task[None]:
        context = copy_context()
        context.run(CURRENT_RESPONSE.set, number)
        context.run(CURRENT_ACTIVITY.set, activity)
        task = self.session.spawn(work, owner=self.name, name=name, context=context, response=number)
        if counted:
            self.work.hold()
            task.add_done_callback(lambda _: self.work.release())
        if activity is not None:
            activity.hold()
            task.add_done_callback(lambda _: activity.release())
        return task

    def _report_task(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.session.log_exception(self.name, "a task", error)
            fatal = bool(getattr(error, "fatal", False))
            deliver(self._up.next, ErrorFrame(describe(error), fatal, self.name))


def describe(error: BaseException) -> str:
    """An exception as one line."""
    return str(error) or type(error).__name__


def _declared(value: object) -> list[tuple[type[Frame], Direction | None]]:
    kinds, direction = cast(Declaration, getattr(value, "__antiphon_on__", ((), None)))
    return [(kind, direction) for kind in kinds]


def _hold(entry: _Waiting) -> None:
    if entry.activity is not None:
        entry.activity.hold()
    if entry.response is not None:
        entry.response.hold()


def _release(entry: _Waiting) -> None:
    if entry.activity is not None:
        entry.activity.release()
    if entry.response is not None:
        entry.response.release()
