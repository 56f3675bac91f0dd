"""The doors of a session, guarded: what comes in through them from outside is told to the recorder.

A guard takes the place of a method on one object. It tells only of what nobody inside caused, except at the
input transport: whatever that lets in is from outside, also when a task of its own does it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from antiphon.frames import (
    Frame,
    InputAudioRawFrame,
    InputDTMFFrame,
    InputImageRawFrame,
    InputTextRawFrame,
    InputTransportMessageFrame,
    TalkKeyFrame,
    UserImageRawFrame,
)
from antiphon.node import describe
from antiphon.processor import Processor
from antiphon.record.records import AnyRecord, Asked, Entry, Lost, Signalled, Told
from antiphon.record.steps import Stage
from antiphon.session import Ended, Session
from antiphon.transports.acknowledged import AcknowledgedOutput
from antiphon.transports.input import InputTransport
from antiphon.transports.output import Line, OutputTransport

SESSION = -1
"""The part that stands for the session itself."""

OUTSIDE = (
    InputAudioRawFrame,
    InputTextRawFrame,
    InputImageRawFrame,
    UserImageRawFrame,
    InputDTMFFrame,
    InputTransportMessageFrame,
    TalkKeyFrame,
)
"""Kinds that an input transport gives because of something outside."""

WRITES = ("write_audio", "write_message", "write_digit", "write_mark", "write_clear", "clear_audio")
"""What an output does to its peer. Those that it has are counted, each call once."""

SIGNALS = ("acknowledge", "hang_up", "set_line")
"""What the peer's side may call."""


class Receiver(Protocol):
    """Lets frames in."""

    def receive(self, frame: Frame, part: int, callback: Callable[..., Any], *args: Any) -> None: ...

    @property
    def steps(self) -> Writer: ...


class Writer(Protocol):
    """Writes records; entries begin a step."""

    stage: Stage

    def now(self) -> float: ...
    def write(self, record: AnyRecord) -> None: ...
    def enter(self, record: Entry, callback: Callable[..., Any], *args: Any) -> Any: ...


def guard_input(source: InputTransport, part: int, receiver: Receiver) -> None:
    """Tell of every frame that the input transport lets in."""
    push = source.push

    def guarded(frame: Frame, *, upstream: bool = False) -> None:
        if upstream or not isinstance(frame, OUTSIDE):
            push(frame, upstream=upstream)
        else:
            receiver.receive(frame, part, push, frame)

    source.push = guarded
    set_outside(source, receiver.steps.stage)


def set_outside(end: Processor, stage: Stage) -> None:
    """Tasks of a transport's end are outside: what they do comes in through the doors, like anything else."""
    for name in ("spawn", "spawn_background"):
        setattr(end, name, partial(stage.run, None, getattr(end, name)))


class Door:
    """A method of the session that can be guarded later, also for those who hold it already."""

    def __init__(self, method: Callable[..., None]) -> None:
        self.method = method

    def __call__(self, *args: Any, **options: Any) -> None:
        self.method(*args, **options)


def make_doors(session: Session) -> dict[str, Door]:
    """Put doors in place of what somebody outside calls on the session."""
    doors = {name: Door(getattr(session, name)) for name in ("receive", "end", "stop", "cancel")}
    for name, door in doors.items():
        setattr(session, name, door)
    return doors


def guard_session(session: Session, doors: dict[str, Door], receiver: Receiver) -> None:
    """Tell of what somebody outside gives to the session, also of what waits for its start already."""
    steps = receiver.steps
    receive, end, stop, cancel = (doors[name].method for name in ("receive", "end", "stop", "cancel"))
    waiting, session._early = session._early, type(session._early)(maxlen=session._early.maxlen)

    def guarded_receive(frame: Frame) -> None:
        if steps.stage.running is None:
            receiver.receive(frame, SESSION, receive, frame)
        else:
            receive(frame)

    def guarded_end(reason: str = "", *, deadline: float | None = None) -> None:
        def ends() -> None:
            end(reason, deadline=deadline)

        _ask(steps, Asked(steps.now(), "end", reason, deadline), ends)

    def guarded_stop(reason: str = "") -> None:
        _ask(steps, Asked(steps.now(), "stop", reason), lambda: stop(reason))

    def guarded_cancel(reason: str = "", *, ended: Ended = Ended.CANCELLED) -> None:
        _ask(steps, Asked(steps.now(), ended.value, reason), lambda: cancel(reason, ended=ended))

    doors["receive"].method, doors["end"].method = guarded_receive, guarded_end
    doors["stop"].method, doors["cancel"].method = guarded_stop, guarded_cancel
    for frame in waiting:
        guarded_receive(frame)


def _ask(steps: Writer, record: Asked, callback: Callable[[], None]) -> None:
    if steps.stage.running is None:
        steps.enter(record, callback)
    else:
        callback()


def guard_output(sink: OutputTransport, part: int, steps: Writer) -> None:
    """Tell of what writing gives, and of what the peer's side calls."""
    set_outside(sink, steps.stage)
    writes = iter(range(2**62))
    for name in WRITES:
        if hasattr(sink, name) and not (name == "clear_audio" and isinstance(sink, AcknowledgedOutput)):
            setattr(sink, name, _written(getattr(sink, name), part, writes.__next__, steps))
    for name in SIGNALS:
        if hasattr(sink, name):
            setattr(sink, name, _signalled(getattr(sink, name), name, part, steps))


def _written(
    write: Callable[..., Any], part: int, number: Callable[[], int], steps: Writer
) -> Callable[..., Any]:
    def guarded(*args: Any) -> Any:
        write_number = number()
        try:
            result = write(*args)
        except Exception as error:
            steps.write(Lost(steps.now(), part, write_number, describe(error)))
            raise
        if result:
            steps.write(Told(part, write_number, float(result)))
        return result

    return guarded


def _signalled(call: Callable[[Any], None], name: str, part: int, steps: Writer) -> Callable[[Any], None]:
    def guarded(value: Any) -> None:
        if steps.stage.running is None:
            text = value.name if isinstance(value, Line) else str(value)
            steps.enter(Signalled(steps.now(), part, name, text), call, value)
        else:
            call(value)

    return guarded
