"""The event loop of an exact replay: the session's own steps run when the score says so, and not before.

Whatever a step of the session sets up (a task's next part, a timer, a callback) is held until its turn in the
score. Between two steps everything else runs that is ready: what stands in for services, and observers. When
the score has been played to its end, or left far behind, things run by themselves, in virtual time.

A thing that the score does not know had not run when the log ends, so it does not run. If the frames are no
longer those of the log (the bot has changed), it does, `GRACE` seconds after it was due: the run goes on.

A bot that has changed may also wait for what never comes, or run in circles. A run always ends: one that has
set up `MOST_ALONE` callbacks since the log was last played is told to end, and stopped if it does not.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterable
from contextvars import Context
from datetime import datetime
from typing import Any, NamedTuple

from antiphon.clock import VirtualTimeLoop
from antiphon.record.records import Entry
from antiphon.record.scores import Due
from antiphon.record.steps import Callback, Key, Numbered, Stage, Step, SteppedTask, Steps, numbered

GRACE = 1.0
"""Seconds until a thing that the score does not know runs by itself, once the frames differ."""

MOST_ALONE = 50_000
"""Callbacks that may be set up without anything of the log being played: many minutes of a conversation."""


class _Held(NamedTuple):
    due: float
    handle: asyncio.Handle


class ReplayLoop(VirtualTimeLoop):
    """Virtual time that begins at `began`, with a score to follow if it is given one.

    `in_circles` is called when too much has run alone. If that does not end it, the loop stops, and `stopped`
    names the tasks that there were.
    """

    def __init__(self, began: float, epoch: datetime) -> None:
        super().__init__()
        self.stopped: list[str] = []
        self.in_circles: Callable[[], None] | None = None
        self._alone = 0
        self.epoch = epoch
        self._virtual_now = began
        self.stage = Stage()
        self.score: Score | None = None
        self.set_task_factory(self.stage.made)

    def played(self) -> None:
        """Something of the log was played."""
        self._alone = 0

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        self._count()
        callback = numbered(self.stage, callback)
        key = None if self.score is None else _key_of(callback)
        if self.score is None or key is None:
            return super().call_soon(callback, *args, context=context)
        handle = asyncio.Handle(callback, args, self, context)
        self.score.hold(key, self.time(), handle)
        return handle

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        self._count()
        callback = numbered(self.stage, callback)
        key = None if self.score is None else _key_of(callback)
        if self.score is None or key is None:
            return super().call_at(when, callback, *args, context=context)
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        self.score.hold(key, when, timer)
        return timer

    def go_on(self, handle: asyncio.Handle) -> None:
        """Run a handle as soon as what is ready has run; a timer when its time has come."""
        if isinstance(handle, asyncio.TimerHandle) and handle.when() > self.time():
            super().call_at(handle.when(), _run, handle)
        else:
            super().call_soon(_run, handle)

    def _count(self) -> None:
        self._alone += 1
        if self._alone <= MOST_ALONE:
            return
        self._alone = 0
        ends, self.in_circles = self.in_circles, None
        if ends is None:
            self.stopped = sorted(task.get_name() for task in asyncio.all_tasks(self))
            self.stop()
        else:
            super().call_soon(self.stage.run, None, ends)

    def _run_once(self) -> None:
        ready = self._ready
        while self.score is not None and not self._stopping:
            if not ready:
                self.score.play()
            for _ in range(len(ready)):
                handle = ready.popleft()
                if not handle.cancelled():
                    handle._run()
        super()._run_once()


def _run(handle: asyncio.Handle) -> None:
    if not handle.cancelled():
        handle._run()


def _key_of(callback: Callback) -> Key | None:
    """The name of what the session's code is to run; None for what does not belong to it."""
    if isinstance(callback, Numbered):
        return callback.key
    task = getattr(callback, "__self__", None)
    return task.work.key if isinstance(task, SteppedTask) and not task.work.inside else None


class Score(Steps):
    """Plays the steps of a log. `perform` lets in what came from outside, in a step; `over` ends the run.

    `differs` tells whether, at a time, the frames are known not to be those of the log.
    """

    def __init__(
        self,
        loop: ReplayLoop,
        score: Iterable[Due],
        perform: Callable[[Entry, Step], None],
        over: Callable[[], None],
        differs: Callable[[float], bool],
    ) -> None:
        super().__init__(loop.stage)
        self.missing = 0
        """Steps of the log that the run did not have."""
        self.loose = 0
        """Steps of the run that the log did not have."""
        self._loop = loop
        self._left = deque(score)
        self._expected = Counter(due.what for due in self._left if isinstance(due.what, Key))
        self._perform = perform
        self._over = over
        self._differs = differs
        self._held: dict[Key, _Held] = {}
        self._unknown: deque[Key] = deque()
        self._playing: Due | None = None
        self._number = 0

    @property
    def ended(self) -> bool:
        """Whether all steps of the log have been played."""
        return not self._left

    def hold(self, key: Key, due: float, handle: asyncio.Handle) -> None:
        """Something is to run when its turn comes."""
        self._held[key] = _Held(due, handle)
        if not self._expected[key]:
            self._unknown.append(key)

    def next(self, key: Key) -> Step:
        """The step of what runs now: as the score numbers it, or with a number of its own."""
        playing, self._playing = self._playing, None
        if playing is not None and playing.what == key:
            return Step(self, playing.number, playing.at)
        self.loose += bool(self._left)
        self._number -= 1
        return Step(self, self._number, self._loop.time())

    def cancelled(self, task: SteppedTask, cancel: Callable[[], bool]) -> bool:
        """Somebody outside cancels a task of the session; the score does not know of it."""
        return cancel()

    def cancel(self, key: Key, step: Step) -> None:
        """Cancel the task of this name, as somebody did."""
        held = next((task for task in asyncio.all_tasks(self._loop) if _is_named(task, key)), None)
        if held is not None:
            self.stage.run(step, held.cancel)

    def play(self) -> None:
        """Play the next step. After the last one, time goes on by itself."""
        if not self._left:
            self._release()
            return
        due = self._left.popleft()
        self._loop.played()
        self._loop.jump(max(due.at, self._loop.time()))
        if self._unknown and self._differs(due.at):
            self._let_loose(due.at)
        if isinstance(due.what, Key):
            self._run(due, due.what)
        else:
            self._perform(due.what, Step(self, due.number, due.at))

    def play_within(self, fits: Callable[[Entry], bool]) -> None:
        """Play what the score has at once, in the middle of a step."""
        while self._left and isinstance(entry := self._left[0].what, Entry) and fits(entry):
            due = self._left.popleft()
            self._perform(entry, Step(self, due.number, due.at))

    def _run(self, due: Due, key: Key) -> None:
        self._expected[key] -= 1
        held = self._held.pop(key, None)
        if held is None or held.handle.cancelled():
            self.missing += 1
            return
        self._playing = due
        held.handle._run()
        self._playing = None

    def _let_loose(self, now: float) -> None:
        """Run what the score does not know and what has waited long enough."""
        for _ in range(len(self._unknown)):
            key = self._unknown.popleft()
            held = self._held.get(key)
            if held is None or held.handle.cancelled():
                self._held.pop(key, None)
            elif held.due + GRACE > now:
                self._unknown.append(key)
            else:
                self._loop.go_on(self._held.pop(key).handle)

    def _release(self) -> None:
        """The score is over: what is held runs by itself."""
        self._loop.score = None
        held, self._held = self._held, {}
        for _, handle in held.values():
            if not handle.cancelled():
                self._loop.go_on(handle)
        self._over()


def _is_named(task: asyncio.Task[Any], key: Key) -> bool:
    return isinstance(task, SteppedTask) and task.work.key == key
