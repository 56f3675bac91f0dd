"""What the engine's tests are written with: frames that say what caused them, and a log of everything.

Every frame carries the `tag` of the outside frame that caused it and the `path` of workers it went through,
so that order, completeness and belonging can be read off the log.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NamedTuple

from antiphon.clock import run_virtual
from antiphon.dispatch import on
from antiphon.frames import (
    ControlFrame,
    DataFrame,
    EndFrame,
    Frame,
    ResponseEndedFrame,
    ResponseStartedFrame,
    SystemFrame,
)
from antiphon.pipeline import Pipeline
from antiphon.processor import Processor
from antiphon.session import Session, SessionResult

examples: Counter[str] = Counter()
"""How many sessions the properties have run, by property."""


class Note(DataFrame, frozen=True):
    """Ordered content that may belong to a response."""

    tag: int
    path: tuple[str, ...] = ()


class Word(DataFrame, frozen=True):
    """Ordered content that never belongs to a response."""

    scoped = False

    tag: int
    path: tuple[str, ...] = ()


class Mark(ControlFrame, frozen=True):
    """Ordered, and handled by nobody."""

    scoped = False

    tag: int


class Alarm(SystemFrame, frozen=True):
    """Urgent."""

    tag: int


class Ask(ControlFrame, frozen=True):
    """Asks a responder for an answer."""

    scoped = False

    tag: int


class Prompt(DataFrame, frozen=True):
    """A question in the scope of a response."""

    tag: int


class Event(NamedTuple):
    """Something that happened: what, at whom, because of which tag, for which response, when."""

    what: str
    who: str
    tag: int
    response: int | None
    at: float


class Log:
    """Everything that happens, in order. `trip` calls a function in the very moment of the n-th event."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._trips: dict[int, Callable[[], None]] = {}

    def trip(self, index: int, action: Callable[[], None]) -> None:
        self._trips[index] = action

    def add(self, event: Event) -> None:
        self.events.append(event)
        action = self._trips.pop(len(self.events) - 1, None)
        if action is not None:
            action()

    def of(self, *whats: str, who: str | None = None) -> list[Event]:
        return [event for event in self.events if event.what in whats and who in (None, event.who)]


class Recorder(Processor):
    """Keeps every frame that passes, both ways, with the time, and logs the ends of responses."""

    def __init__(self, name: str = "recorder", log: Log | None = None) -> None:
        super().__init__(name)
        self.seen: list[Frame] = []
        self.times: list[float] = []
        self.log = log or Log()
        self.cleaned = 0

    @on(Frame)
    def see(self, frame: Frame) -> Frame:
        self.seen.append(frame)
        self.times.append(self.session.now())
        if isinstance(frame, ResponseStartedFrame):
            self.log.add(Event("start", self.name, -1, frame.id, self.session.now()))
        elif isinstance(frame, ResponseEndedFrame):
            self.log.add(Event("end", self.name, -1, frame.id, self.session.now()))
        elif isinstance(frame, (Note, Word)):
            self.log.add(Event("out", self.name, frame.tag, frame.response, self.session.now()))
        return frame

    async def cleanup(self) -> None:
        self.cleaned += 1

    def of(self, *kinds: type[Any]) -> list[Any]:
        """What was seen of these kinds, in order."""
        return [frame for frame in self.seen if isinstance(frame, kinds)]

    def tags(self, *kinds: type[Any]) -> list[int]:
        return [frame.tag for frame in self.of(*kinds)]

    def before_end(self) -> list[Frame]:
        """What was seen before the EndFrame."""
        ends = [index for index, frame in enumerate(self.seen) if isinstance(frame, EndFrame)]
        return self.seen[: ends[0]] if ends else self.seen


class Play(NamedTuple):
    """How a session went, who is left running, and when it was over."""

    result: SessionResult
    session: Session
    leftover: list[str]
    at: float


Script = Callable[[Session], Coroutine[Any, Any, None]]


async def perform(session: Session, parts: Sequence[object], script: Script) -> Play:
    """Run a session over `parts` while `script` plays the outside world."""
    main = asyncio.current_task()
    driver = asyncio.create_task(script(session), name="script")
    try:
        result = await session.run(Pipeline(parts))
    finally:
        driver.cancel()
        await asyncio.gather(driver, return_exceptions=True)
    if not driver.cancelled() and (error := driver.exception()) is not None:
        raise error
    leftover = sorted(task.get_name() for task in asyncio.all_tasks() if task is not main)
    return Play(result, session, leftover, session.now())


def play(
    parts: Sequence[object], script: Script, *, seed: int | None = None, session: Session | None = None
) -> Play:
    """`perform` in virtual time."""
    return run_virtual(perform(session or Session(), parts, script), seed=seed)


def feed(*steps: Frame | float, then_end: bool = True) -> Script:
    """A script that sends frames and waits for numbers of seconds, then ends the session."""

    async def script(session: Session) -> None:
        for step in steps:
            if isinstance(step, Frame):
                session.receive(step)
            else:
                await asyncio.sleep(step)
        if then_end:
            session.end()

    return script
