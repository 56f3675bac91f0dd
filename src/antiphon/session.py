"""A session: one conversation running. One pipeline, one clock, one set of tasks.

`Session.run` links the pipeline, sets every processor up at once, sends the StartFrame, and returns when
the session has ended: gracefully (`end`: all that is ahead of the EndFrame finishes first), at once
(`cancel`), or because it could not go on. It always returns: a processor that ignores cancellation is named
and left behind.
"""

from __future__ import annotations

import asyncio
import enum
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextvars import Context
from typing import Any, Protocol

import msgspec

from antiphon.clock import Clock
from antiphon.dispatch import Lane
from antiphon.frames import (
    CancelFrame,
    EndFrame,
    ErrorFrame,
    Frame,
    Outcome,
    ResponseEndedFrame,
    StartFrame,
    StopFrame,
)
from antiphon.ledger import Ledger, Playout
from antiphon.node import describe
from antiphon.processor import Holding, Processor
from antiphon.response import CURRENT_ACTIVITY, CURRENT_RESPONSE, Response, Responses
from antiphon.terminals import Sink, Source, Tap
from antiphon.wiring import check_wiring

log = logging.getLogger("antiphon")

ERRORS_KEPT = 1000
"""Errors that a session remembers. Beyond it the oldest are forgotten."""

EARLY_CAPACITY = 256
"""Frames from outside that wait for the start. Beyond it the oldest are dropped."""


class _Phase(enum.Enum):
    NEW = enum.auto()
    SETTING_UP = enum.auto()
    STARTING = enum.auto()
    RUNNING = enum.auto()
    ENDING = enum.auto()
    CLOSED = enum.auto()


_NOT_YET = (_Phase.NEW, _Phase.SETTING_UP, _Phase.STARTING)


class Ended(enum.Enum):
    """How a session ended."""

    ENDED = "ended"
    STOPPED = "stopped"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Verdict(enum.Enum):
    """What to do about an error."""

    CONTINUE = "continue"
    END = "end"
    CANCEL = "cancel"


class SessionResult(msgspec.Struct, frozen=True):
    """How it went: the end, its reason, the errors on the way, and who had to be left behind."""

    ended: Ended
    reason: str
    errors: tuple[ErrorFrame, ...] = ()
    late: tuple[str, ...] = ()


class Limits(msgspec.Struct, frozen=True):
    """Deadlines of a session, in seconds. None switches one off."""

    setup: float = 120.0
    end: float = 60.0
    failure: float = 10.0
    cancel: float = 5.0
    idle: float | None = None
    held: float | None = 30.0


class Observer(Protocol):
    """Sees every frame on every link. Called inline: be quick, never raise."""

    def on_frame(self, frame: Frame, source: Processor, target: Processor, *, upstream: bool) -> None: ...


class Transport(Protocol):
    """The gateway to the real world: its two ends are processors."""

    def input(self) -> Processor: ...
    def output(self) -> Processor: ...


class SetupError(Exception):
    """A processor could not be set up."""

    def __init__(self, processor: str, error: BaseException) -> None:
        super().__init__(f"{processor}: {describe(error)}")
        self.processor = processor


def default_policy(error: ErrorFrame) -> Verdict:
    """A fatal error ends the session; any other is survived."""
    return Verdict.END if error.fatal else Verdict.CONTINUE


class Session:
    """One conversation running.

    `pipeline` and the options are fixed when `run` starts. `data` is whatever came with the request that
    opened the session.
    """

    now: Callable[[], float]
    """Seconds on the session's clock, from `run` on."""

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        observers: Sequence[Observer] = (),
        policy: Callable[[ErrorFrame], Verdict] = default_policy,
        start: StartFrame | None = None,
        transport: Transport | None = None,
        data: Any = None,
    ) -> None:
        self.limits = limits or Limits()
        self.observers = list(observers)
        self.policy = policy
        self.start_frame = start or StartFrame()
        self.data = data
        self.ledger = Ledger()
        self._transport = transport
        self.responses = Responses(self)
        self.errors: list[ErrorFrame] = []
        self.late: list[str] = []
        self.pipeline: Processor | None = None
        self._tasks: dict[asyncio.Task[None], str] = {}
        self._source = Source(self)
        self._sink = Sink(self)
        self._phase = _Phase.NEW
        self._done: asyncio.Future[None] | None = None
        self._early: deque[Frame] = deque(maxlen=EARLY_CAPACITY)
        self._early_end: tuple[EndFrame | StopFrame, float] | None = None
        self._end_waits: tuple[EndFrame | StopFrame, set[int]] | None = None
        self._end: tuple[Ended, str] | None = None
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._last_activity = 0.0

    # Running ---------------------------------------------------------------------------------------------

    async def run(self, pipeline: Processor) -> SessionResult:
        """Hold the conversation, once.

        Raises WiringError, SetupError when a processor cannot be set up, RuntimeError the second time.
        """
        if self.pipeline is not None:
            raise RuntimeError("a session runs once: make a new Session for each conversation")
        check_wiring(pipeline)
        self.pipeline = pipeline
        self._loop = asyncio.get_running_loop()
        self.clock = Clock(self._loop)
        self.now = self.clock.now
        done = self._done = self._loop.create_future()
        if self._phase is _Phase.CLOSED:
            self._finish()
        self._attach(pipeline)
        cancellations = _cancellations()
        try:
            await self._prepare(done)
            await done
        except asyncio.CancelledError:
            self.cancel("the task running the session was cancelled")
            raise
        finally:
            await self._close()
        if _cancellations() > cancellations:
            raise asyncio.CancelledError
        ended, reason = self._end or (Ended.ENDED, "")
        return SessionResult(ended, reason, tuple(self.errors), tuple(self.late))

    def end(self, reason: str = "", *, deadline: float | None = None) -> None:
        """End gracefully: what is under way finishes first, within the deadline."""
        self._send_end(EndFrame(reason), deadline if deadline is not None else self.limits.end)

    def stop(self, reason: str = "") -> None:
        """End gracefully, but leave the transports connected."""
        self._send_end(StopFrame(reason), self.limits.end)

    def cancel(self, reason: str = "", *, ended: Ended = Ended.CANCELLED) -> None:
        """End at once."""
        phase, self._phase = self._phase, _Phase.CLOSED
        if phase is _Phase.CLOSED:
            return
        if self._end is None:
            self._end = (ended, reason)
        if phase not in (_Phase.NEW, _Phase.SETTING_UP):
            self._send(CancelFrame(reason))
        self._finish()

    def receive(self, frame: Frame) -> None:
        """A frame from outside for the start of the pipeline. It waits for the session's start."""
        if self._phase in _NOT_YET:
            self._early.append(frame)
        elif self._phase is not _Phase.CLOSED:
            self._send(frame)

    @property
    def transport(self) -> Transport:
        """What the session talks through. Raises RuntimeError if it was given none."""
        if self._transport is None:
            raise RuntimeError("this session has no transport: give Session(transport=...) one")
        return self._transport

    @property
    def ending(self) -> bool:
        """Whether the end has begun, or been asked for."""
        return self._phase in (_Phase.ENDING, _Phase.CLOSED) or self._early_end is not None

    # What processors use ---------------------------------------------------------------------------------

    @property
    def processors(self) -> list[Processor]:
        """Every processor of the pipeline, in order."""
        return self.pipeline._parts() if self.pipeline is not None else []

    @property
    def closed(self) -> bool:
        """Whether it is over, or about to be: nothing new is to begin."""
        return self._phase is _Phase.CLOSED

    def spawn(
        self,
        work: Coroutine[Any, Any, None],
        *,
        owner: str,
        name: str = "",
        context: Context | None = None,
        response: int | None = None,
        ended: Callable[[asyncio.Task[None]], None] | None = None,
    ) -> asyncio.Task[None]:
        """Run a task that ends with its response, or with the session at the latest.

        `ended` is told when it is over, before its response learns of it.
        """
        task = self._loop.create_task(work, name=f"{owner}: {name}" if name else owner, context=context)
        self._tasks[task] = owner
        if ended is not None:
            task.add_done_callback(ended)
        scope = self.responses.get(response)
        if scope is not None:
            scope.add_task(task, owner)
        if self._phase is _Phase.CLOSED or (response is not None and scope is None):
            task.cancel()
        task.add_done_callback(lambda done: self._task_ended(done, scope))
        return task

    def holding(self) -> list[Holding]:
        """Which processor holds which frame since when: the answer to "where is it stuck?"."""
        held = (processor.holding() for processor in self.processors)
        return [holding for holding in held if holding is not None]

    def depths(self) -> dict[str, int]:
        """How many frames wait at each processor."""
        return {processor.name: processor.depth for processor in self.processors}

    def stuck(self, processor: Processor) -> None:
        """A processor's inbox is full of frames that must not be dropped: the session cannot go on."""
        if self._phase is not _Phase.CLOSED:
            reason = f"{processor.name} is stuck: {processor.depth} frames wait for it"
            self._remember(ErrorFrame(reason, fatal=True, processor=processor.name))
            self.cancel(reason, ended=Ended.FAILED)

    def log_exception(self, processor: str, frame: str, error: BaseException) -> None:
        """Write an exception to the log, with its traceback at debug level."""
        log.error("%s failed on %s: %s", processor, frame, describe(error))
        log.debug("traceback", exc_info=error)

    def handle_error(self, error: ErrorFrame) -> None:
        """An error has come to the top: the policy decides."""
        self._remember(error)
        log.warning("error in %s: %s", error.processor or "the pipeline", error.error)
        verdict = self._judge(error)
        if verdict is Verdict.END:
            self._end = self._end or (Ended.FAILED, error.error)
            self.end(error.error, deadline=self.limits.failure)
        elif verdict is Verdict.CANCEL:
            self.cancel(error.error, ended=Ended.FAILED)

    def reached_end(self, frame: EndFrame | StopFrame) -> None:
        """The EndFrame has passed everything."""
        if self._end is None:
            ended = Ended.STOPPED if isinstance(frame, StopFrame) else Ended.ENDED
            self._end = (ended, frame.reason)
        self._finish()

    def touch(self) -> None:
        """Something happened: the idle timeout starts anew."""
        self._last_activity = self.clock.now()

    # Responses announce themselves -----------------------------------------------------------------------

    def response_cancelled(self, response: Response) -> None:
        self.ledger.open(response.id).cut = True
        self.responses.refuse(response)
        for processor in self.processors:
            processor._node.purge(response.id)
        if response.tasks and self._phase is not _Phase.CLOSED:
            self._set_timer(f"response {response.id}", self.limits.cancel, lambda: self._give_up(response))

    def response_ended(self, response: Response) -> None:
        self.responses.forget(response)
        self._drop_timer(f"response {response.id}")
        assert response.outcome is not None
        self.ledger.close(response.id, complete=response.outcome is Outcome.COMPLETED)
        self._send(ResponseEndedFrame(response.id, response.outcome, response.reason))
        self._release_end(response.id)

    def playout(self, response: Response) -> Playout:
        return self.ledger.open(response.id)

    # Wiring ----------------------------------------------------------------------------------------------

    def link(self, before: Processor, after: Processor) -> None:
        """Connect two processors both ways, through the observers if there are any."""
        first, second = before._parts()[-1], after._parts()[0]
        above, below = before._ends(), after._ends()
        above.last_down.next = self.tapped(first, second, below.first_down)
        below.last_up.next = self.tapped(second, first, above.first_up)

    def tapped(self, source: Processor, target: Processor, lane: Lane) -> Lane:
        """`lane`, or a lane that shows its frames to the observers first."""
        return Tap(self.observers, source, target, lane).lane if self.observers else lane

    # Inside ----------------------------------------------------------------------------------------------

    def _attach(self, pipeline: Processor) -> None:
        for processor in (self._source, pipeline, self._sink):
            processor._attach(self)
        self.link(self._source, pipeline)
        self.link(pipeline, self._sink)

    def _send(self, frame: Frame) -> None:
        """Send a frame through the pipeline, on behalf of nobody: the caller may be acting for a response."""
        if CURRENT_ACTIVITY.get() is None and CURRENT_RESPONSE.get() is None:
            self._source.push(frame)
            return
        activity, response = CURRENT_ACTIVITY.set(None), CURRENT_RESPONSE.set(None)
        try:
            self._source.push(frame)
        finally:
            CURRENT_RESPONSE.reset(response)
            CURRENT_ACTIVITY.reset(activity)

    def _remember(self, error: ErrorFrame) -> None:
        if len(self.errors) >= ERRORS_KEPT:
            del self.errors[0]
        self.errors.append(error)

    def _judge(self, error: ErrorFrame) -> Verdict:
        try:
            return self.policy(error)
        except Exception as broken:
            self.log_exception("the session's policy", error.name, broken)
            return Verdict.END

    async def _prepare(self, done: asyncio.Future[None]) -> None:
        """Set up and start, unless the session is cancelled before that."""
        if self._phase is _Phase.NEW:
            self._phase = _Phase.SETTING_UP
            await self._setup(done)
        if self._phase is _Phase.SETTING_UP:
            self._begin()

    async def _setup(self, done: asyncio.Future[None]) -> None:
        some = [each for each in self.processors if type(each).setup is not Processor.setup]
        if not some:
            return
        tasks = {asyncio.create_task(each.setup(), name=f"{each.name}: setup"): each.name for each in some}
        ready = asyncio.create_task(
            asyncio.wait(tasks, timeout=self.limits.setup, return_when=asyncio.FIRST_EXCEPTION)
        )
        try:
            await asyncio.wait((ready, done), return_when=asyncio.FIRST_COMPLETED)
            unready = [name for task, name in tasks.items() if not task.done()]
        finally:
            await self._stop({**tasks, ready: "setup"})
        if self._phase is _Phase.CLOSED:
            return
        for task, name in tasks.items():
            error = _failure(task)
            if error is not None and name not in unready:
                raise SetupError(name, error) from error
        if unready:
            raise SetupError(", ".join(unready), TimeoutError(f"not ready after {self.limits.setup:g} s"))

    def _begin(self) -> None:
        self.touch()
        if self.limits.idle is not None:
            self._watch_idle(self.limits.idle)
        if self.limits.held is not None:
            self._watch_held(self.limits.held)
        self._phase = _Phase.STARTING
        self._send(self.start_frame)
        if self._phase is _Phase.STARTING:
            self._phase = _Phase.RUNNING
        while self._early:
            self.receive(self._early.popleft())
        if self._early_end is not None:
            self._send_end(*self._early_end)

    def _send_end(self, frame: EndFrame | StopFrame, deadline: float) -> None:
        if self._phase in _NOT_YET:
            self._early_end = self._early_end or (frame, deadline)
        elif self._phase is _Phase.RUNNING:
            self._phase = _Phase.ENDING
            self._set_timer("end", deadline, lambda: self._end_overdue(deadline))
            self._hold_back(frame)

    def _hold_back(self, frame: EndFrame | StopFrame) -> None:
        """Send the frame once the responses that are under way have ended; what is not certain is undone.

        Sent at once, it would wait at a processor that works for a response, and the ordered frames that this
        work needs (the results of tools, the next request to the model) would queue up behind it.
        """
        ahead = tuple(self.responses.live.values())
        self._end_waits = (frame, {response.id for response in ahead if not response.gated})
        for response in ahead:
            if response.gated:
                response.cancel(Outcome.ROLLED_BACK, "the session ends")
        self._release_end(None)

    def _release_end(self, ended: int | None) -> None:
        if self._end_waits is None or self._phase is not _Phase.ENDING:
            return
        frame, waited_for = self._end_waits
        waited_for.discard(ended or 0)
        if not waited_for:
            self._end_waits = None
            self._send(frame)

    def _end_overdue(self, deadline: float) -> None:
        ahead = sorted(self._end_waits[1]) if self._end_waits is not None else []
        holders = ", ".join(
            [*(f"{h.processor} (on {h.frame})" for h in self.holding()), *(f"response {n}" for n in ahead)]
        )
        holders = holders or "no processor"
        working = ", ".join(sorted({p.name for p in self.processors if p._node.work.count})) or "nobody"
        reason = f"the end took longer than {deadline:g} s; held by {holders}; still at work: {working}"
        log.warning("%s", reason)
        self.late.append(holders if holders != "no processor" else working)
        self.cancel(reason)

    def _finish(self) -> None:
        self._phase = _Phase.CLOSED
        if self._done is not None and not self._done.done():
            self._done.set_result(None)

    async def _close(self) -> None:
        self._phase = _Phase.CLOSED
        for purpose in tuple(self._timers):
            self._drop_timer(purpose)
        for processor in self.processors:
            processor._node.inbox.clear()
            processor._node.urgent.clear()
        ended = self._end[1] if self._end else "the session ended"
        for response in tuple(self.responses.live.values()):
            response.cancel(reason=ended)
        await self._end_tasks()
        for response in tuple(self.responses.ending.values()):
            response.abandon()
        await self._cleanup()
        await self._end_tasks()
        for processor in self.processors:
            processor._node.detach()

    async def _end_tasks(self) -> None:
        await self._stop(self._tasks)
        self._tasks.clear()

    async def _stop(self, tasks: Mapping[asyncio.Task[Any], str]) -> None:
        """Cancel tasks, wait for their end and for that of tasks they start; name those that go on."""
        for task in tasks:
            task.cancel()
        until = self.now() + self.limits.cancel
        while (running := [task for task in tasks if not task.done()]) and self.now() < until:
            await _shielded_wait(running, until - self.now())
        for task in running:
            self._name_late(tasks[task])

    async def _cleanup(self) -> None:
        some = [each for each in self.processors if type(each).cleanup is not Processor.cleanup]
        tasks = {
            asyncio.create_task(each.cleanup(), name=f"{each.name}: cleanup"): each.name for each in some
        }
        if tasks:
            await _shielded_wait(tuple(tasks), self.limits.cancel)
        for task, name in tasks.items():
            if not task.done():
                self._name_late(name)
            elif (error := _failure(task)) is not None:
                self.log_exception(name, "cleanup", error)
        await self._stop({task: name for task, name in tasks.items() if not task.done()})

    def _name_late(self, owner: str) -> None:
        log.error("%s did not stop when it was cancelled; left behind", owner)
        if owner not in self.late:
            self.late.append(owner)

    def _task_ended(self, task: asyncio.Task[None], scope: Response | None) -> None:
        self._tasks.pop(task, None)
        if scope is not None:
            scope.remove_task(task)

    def _give_up(self, response: Response) -> None:
        if response.id in self.responses.ending and self._phase is not _Phase.CLOSED:
            for owner in response.abandon():
                self._name_late(owner)

    def _watch_idle(self, limit: float) -> None:
        quiet = self.clock.now() - self._last_activity
        if quiet >= limit:
            self.end(f"nothing happened for {limit:g} s")
            return
        self._set_timer("idle", limit - quiet, lambda: self._watch_idle(limit))

    def _watch_held(self, limit: float) -> None:
        now = self.clock.now()
        for held in self.holding():
            if now - held.since >= limit:
                log.warning(
                    "%s has been at work on %s for %.0f s; %d frames wait behind it",
                    held.processor, held.frame, now - held.since, held.waiting,
                )  # fmt: skip
        self._set_timer("held", limit, lambda: self._watch_held(limit))

    def _set_timer(self, purpose: str, delay: float, callback: Callable[[], None]) -> None:
        self._drop_timer(purpose)
        self._timers[purpose] = self.clock.after(delay, callback)

    def _drop_timer(self, purpose: str) -> None:
        timer = self._timers.pop(purpose, None)
        if timer is not None:
            timer.cancel()


def _cancellations() -> int:
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()


async def _shielded_wait(tasks: Sequence[asyncio.Task[Any]], timeout: float) -> None:
    """Wait for tasks although we may be cancelled again; the timeout bounds it."""
    waiting = asyncio.ensure_future(asyncio.wait(tasks, timeout=timeout))
    while not waiting.done():
        try:
            await asyncio.shield(waiting)
        except asyncio.CancelledError:
            if waiting.cancelled():
                return


def _failure(task: asyncio.Task[Any]) -> BaseException | None:
    """Why a finished task failed, if it did."""
    if task.cancelled():
        return RuntimeError("it was cancelled")
    return task.exception()
