"""Processors of every temper, for the properties: quick, slow, multiplying, failing, spawning, echoing.

Each worker takes notes and words, logs when it begins, steps and finishes, and passes on new frames with its
name added to their path. What it passes on for one frame is a fixed number, so that outcomes can be counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import NamedTuple

from antiphon.dispatch import on
from antiphon.frames import Frame
from antiphon.processor import Processor
from engine.kit import Alarm, Ask, Event, Log, Note, Prompt, Word

Item = Note | Word


class Kind(NamedTuple):
    """A worker as data: its temper, how many frames it makes of one, how long a step takes."""

    temper: str
    number: int
    delay: float


class Worker(Processor):
    """What all workers share."""

    def __init__(self, name: str, kind: Kind, log: Log) -> None:
        super().__init__(name)
        self.kind = kind
        self.log = log
        self.cleaned = 0

    def tell(self, what: str, frame: Note | Word | Alarm | Ask | Prompt, response: int | None = None) -> None:
        number = frame.response if response is None else response
        self.log.add(Event(what, self.name, frame.tag, number, self.session.now()))

    def copy(self, frame: Item) -> Item:
        return frame.replace(path=(*frame.path, self.name))

    async def cleanup(self) -> None:
        self.cleaned += 1


class Attentive(Worker):
    """Logs alarms as they come and passes them on."""

    @on(Alarm)
    def alarm(self, frame: Alarm) -> Frame:
        self.tell("alarm", frame)
        return frame


class Quick(Attentive):
    """A plain function that gives one frame."""

    @on(Note, Word)
    def work(self, frame: Item) -> Frame:
        self.tell("begin", frame)
        result = self.copy(frame)
        self.tell("finish", frame)
        return result


class Many(Attentive):
    """A generator."""

    @on(Note, Word)
    def work(self, frame: Item) -> Iterator[Frame]:
        self.tell("begin", frame)
        for _ in range(self.kind.number):
            yield self.copy(frame)
        self.tell("finish", frame)


class Echo(Attentive):
    """Sends an alarm upstream in the middle of its work, and one more frame downstream."""

    @on(Note, Word)
    def work(self, frame: Item) -> Frame:
        self.tell("begin", frame)
        self.push(Alarm(frame.tag), upstream=True)
        result = self.copy(frame)
        self.tell("finish", frame)
        return result


class Slow(Attentive):
    """A coroutine that waits."""

    @on(Note, Word)
    async def work(self, frame: Item) -> Frame:
        self.tell("begin", frame)
        await asyncio.sleep(self.kind.delay)
        self.tell("step", frame)
        self.tell("finish", frame)
        return self.copy(frame)


class Stream(Attentive):
    """An async generator that waits before each frame."""

    @on(Note, Word)
    async def work(self, frame: Item) -> AsyncGenerator[Frame, None]:
        self.tell("begin", frame)
        for _ in range(self.kind.number):
            await asyncio.sleep(self.kind.delay)
            self.tell("step", frame)
            yield self.copy(frame)
        self.tell("finish", frame)


class Failing(Attentive):
    """Raises on every tag that `count` divides."""

    @on(Note, Word)
    async def work(self, frame: Item) -> Frame:
        self.tell("begin", frame)
        await asyncio.sleep(self.kind.delay)
        self.tell("finish", frame)
        if frame.tag % self.kind.number == 0:
            raise ValueError(f"{self.name} cannot stand {frame.tag}")
        return self.copy(frame)


class Delegating(Attentive):
    """Works in tasks: the handler is over at once, the frames come later."""

    @on(Note, Word, consumes=True)
    def work(self, frame: Item) -> None:
        self.tell("begin", frame)
        self.spawn(self.later(frame), name="later")
        self.tell("finish", frame)

    async def later(self, frame: Item) -> None:
        for _ in range(self.kind.number):
            await asyncio.sleep(self.kind.delay)
            self.tell("step", frame)
            self.push(self.copy(frame))


class Idle(Worker):
    """Has no handlers."""


TEMPERS: dict[str, type[Worker]] = {
    "idle": Idle,
    "quick": Quick,
    "many": Many,
    "echo": Echo,
    "slow": Slow,
    "stream": Stream,
    "failing": Failing,
    "delegating": Delegating,
}


class Responder(Worker):
    """Opens a response for each Ask and hands the question on in its scope."""

    @on(Ask)
    def answer(self, frame: Ask) -> None:
        with self.respond() as response:
            self.tell("ask", frame, response.id)
            self.push(Prompt(frame.tag, response=response.id))


class Answerer(Worker):
    """Answers a prompt: `count` notes from the handler, as many from a task that starts another task."""

    @on(Prompt)
    async def answer(self, frame: Prompt) -> AsyncGenerator[Frame, None]:
        self.spawn(self.aside(frame), name="aside")
        for _ in range(self.kind.number):
            yield Note(frame.tag)
            await asyncio.sleep(self.kind.delay)
            self.tell("step", frame)

    async def aside(self, frame: Prompt) -> None:
        await asyncio.sleep(self.kind.delay)
        self.tell("step", frame)
        self.spawn(self.deeper(frame), name="deeper")

    async def deeper(self, frame: Prompt) -> None:
        for _ in range(self.kind.number):
            await asyncio.sleep(self.kind.delay)
            self.tell("step", frame)
            self.push(Note(frame.tag))
