"""Handlers: every kind of them, what they may return, which one takes a frame, and how they fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import pytest

from antiphon.dispatch import Direction, on
from antiphon.frames import (
    CancelFrame,
    DataFrame,
    EndFrame,
    ErrorFrame,
    Frame,
    LLMTextFrame,
    StartFrame,
    StopFrame,
    TextFrame,
)
from antiphon.processor import Processor
from antiphon.routing import Tee
from antiphon.session import Session
from engine.kit import Alarm, Mark, Note, Recorder, Word, feed, play


class Plain(Processor):
    @on(Note)
    def take(self, frame: Note) -> Frame:
        return Mark(frame.tag)


class Coroutine(Processor):
    @on(Note)
    async def take(self, frame: Note) -> Frame:
        await asyncio.sleep(1)
        return Mark(frame.tag)


class Generator(Processor):
    @on(Note)
    def take(self, frame: Note) -> Iterator[Frame]:
        yield Mark(frame.tag)
        yield Mark(frame.tag)


class AsyncGeneratorHandler(Processor):
    @on(Note)
    async def take(self, frame: Note) -> AsyncGenerator[Frame | None, None]:
        yield Mark(frame.tag)
        await asyncio.sleep(1)
        yield None
        yield Mark(frame.tag)


class Listing(Processor):
    @on(Note)
    def take(self, frame: Note) -> list[Any]:
        return [Mark(frame.tag), None, [Mark(frame.tag)]]


class CoroutineListing(Processor):
    @on(Note)
    async def take(self, frame: Note) -> list[Frame]:
        return [Mark(frame.tag), frame]


@pytest.mark.parametrize(
    ("processor", "out"),
    [
        (Plain(), [Mark(1)]),
        (Coroutine(), [Mark(1)]),
        (Generator(), [Mark(1), Mark(1)]),
        (AsyncGeneratorHandler(), [Mark(1), Mark(1)]),
        (Listing(), [Mark(1), Mark(1)]),
        (CoroutineListing(), [Mark(1), Note(1)]),
        (Processor(), [Note(1)]),
    ],
    ids=lambda value: value.name if isinstance(value, Processor) else "",
)
def test_what_a_handler_gives_goes_on(processor: Processor, out: list[Frame]) -> None:
    recorder = Recorder()
    play([processor, recorder], feed(Note(1)))
    assert recorder.of(Mark, Note) == out


class Both(Processor):
    """Passes notes from either side on, as marks."""

    @on(Note)
    def take(self, frame: Note) -> Frame:
        return Mark(frame.tag)


class Returner(Processor):
    """Sends every word back as a note."""

    @on(Word)
    def back(self, frame: Word) -> None:
        self.push(Note(frame.tag), upstream=True)


def test_a_frame_goes_on_in_its_own_direction() -> None:
    top, bottom = Recorder("top"), Recorder("bottom")
    play([top, Both(), Returner(), bottom], feed(Word(1), Note(2)))
    assert top.of(Mark) == [Mark(1)]
    assert bottom.of(Mark) == [Mark(2)]


class Directed(Processor):
    """One handler per direction and one for both: the one with a direction wins."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    @on(Note)
    def either(self, frame: Note) -> None:
        self.calls.append("either")

    @on(Note, direction=Direction.UPSTREAM)
    def up(self, frame: Note) -> None:
        self.calls.append("up")

    @on(Word, direction=Direction.UPSTREAM)
    def only_up(self, frame: Word) -> None:
        self.calls.append("only up")


def test_a_handler_limited_to_a_direction_wins_in_it_and_is_not_asked_in_the_other() -> None:
    directed, bottom = Directed(), Recorder()
    play([directed, Returner(), bottom], feed(Word(1), Note(2)))
    assert directed.calls == ["up", "either"]


class Specific(Processor):
    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    @on(DataFrame)
    def data(self, frame: DataFrame) -> None:
        self.calls.append("data")

    @on(TextFrame)
    def text(self, frame: TextFrame) -> None:
        self.calls.append("text")


class MoreSpecific(Specific):
    """Overrides one handler by name, without declaring it again, and adds another."""

    def data(self, frame: DataFrame) -> None:
        self.calls.append("overridden")

    @on(LLMTextFrame)
    def model_text(self, frame: LLMTextFrame) -> None:
        self.calls.append("model text")


def test_the_most_specific_kind_wins() -> None:
    specific, more = Specific(), MoreSpecific()
    play([specific], feed(TextFrame("a"), LLMTextFrame("b"), Note(1)))
    play([more], feed(TextFrame("a"), LLMTextFrame("b"), Note(1)))
    assert specific.calls == ["text", "text", "data"]
    assert more.calls == ["text", "model text", "overridden"]


class Returning(Processor):
    """Returns something that is no frame."""

    def __init__(self, rubbish: object) -> None:
        super().__init__()
        self.rubbish = rubbish

    @on(Note)
    def take(self, frame: Note) -> object:
        return self.rubbish

    @on(Word)
    async def wait(self, frame: Word) -> object:
        return self.rubbish


@pytest.mark.parametrize(
    "rubbish",
    [42, "text", b"bytes", {"a": 1}, [Mark(1), 3], pytest.param(object(), id="an object")],
    ids=repr,
)
def test_rubbish_becomes_an_error_and_the_processor_goes_on(rubbish: object) -> None:
    recorder = Recorder()
    played = play([Returning(rubbish), recorder], feed(Note(1), Word(2), Mark(7)))
    assert [(error.processor, error.frame) for error in played.result.errors] == [
        ("Returning", "Note"),
        ("Returning", "Word"),
    ]
    assert all("not a frame" in error.error for error in played.result.errors)
    assert recorder.tags(Mark)[-1] == 7


class Raising(Processor):
    @on(Note)
    def take(self, frame: Note) -> Frame:
        if frame.tag == 1:
            raise ValueError("no ones")
        return frame

    @on(Word)
    async def wait(self, frame: Word) -> AsyncGenerator[Frame, None]:
        yield Mark(frame.tag)
        if frame.tag == 1:
            raise ValueError("no ones")
        yield Mark(frame.tag)

    @on(Alarm)
    def alarm(self, frame: Alarm) -> Iterator[Frame]:
        yield frame
        raise KeyError("late")


def test_an_exception_names_the_processor_and_the_frame_and_the_next_frame_is_handled() -> None:
    top, bottom = Recorder("top"), Recorder("bottom")
    steps = [Note(1), Note(2), Word(1), Word(2), 1.0, Alarm(3)]
    played = play([top, Raising(), bottom], feed(*steps))
    names = [(error.processor, error.frame, error.error) for error in played.result.errors]
    assert names == [
        ("Raising", "Note", "no ones"),
        ("Raising", "Word", "no ones"),
        ("Raising", "Alarm", "'late'"),
    ]
    assert len(top.of(ErrorFrame)) == 3
    assert bottom.of(ErrorFrame) == []
    assert bottom.of(Note, Mark, Alarm) == [Note(2), Mark(1), Mark(2), Mark(2), Alarm(3)]


class AwaitsSomethingCancelled(Processor):
    @on(Note)
    async def take(self, frame: Note) -> Frame:
        inner = asyncio.get_running_loop().create_future()
        inner.cancel()
        await inner
        return frame


def test_a_handler_whose_own_wait_is_cancelled_is_reported_not_lost() -> None:
    recorder = Recorder()
    played = play([AwaitsSomethingCancelled(), recorder], feed(Note(1), Mark(2)))
    assert [error.frame for error in played.result.errors] == ["Note"]
    assert recorder.tags(Mark) == [2]


class GivesEverythingBack(Processor):
    """The habit of frameworks in which every frame must be forwarded by hand."""

    @on(Frame)
    def forward(self, frame: Frame) -> Frame:
        return frame


class GivesEverythingBackLater(Processor):
    @on(StartFrame, EndFrame, StopFrame, CancelFrame)
    async def forward(self, frame: Frame) -> Frame:
        await asyncio.sleep(0)
        return frame


@pytest.mark.parametrize("processor", [GivesEverythingBack(), GivesEverythingBackLater(), Tee(print, Mark)])
@pytest.mark.parametrize("how", ["end", "stop", "cancel"])
def test_lifecycle_frames_that_a_handler_gives_back_pass_only_once(processor: Processor, how: str) -> None:
    fresh = type(processor)() if not isinstance(processor, Tee) else Tee(print, Mark)
    recorder = Recorder()

    async def script(session: Session) -> None:
        await asyncio.sleep(1)
        getattr(session, how)()

    play([fresh, recorder], script)
    assert [frame.name for frame in recorder.of(StartFrame, EndFrame, StopFrame, CancelFrame)] == [
        "StartFrame",
        {"end": "EndFrame", "stop": "StopFrame", "cancel": "CancelFrame"}[how],
    ]


class GreetsOnStart(Processor):
    @on(StartFrame)
    def start(self, frame: StartFrame) -> Frame:
        return Mark(1)


def test_what_a_start_handler_gives_comes_after_the_start() -> None:
    recorder = Recorder()
    play([GreetsOnStart(), recorder], feed())
    assert [frame.name for frame in recorder.of(StartFrame, Mark)] == ["StartFrame", "Mark"]


class SaysGoodbye(Processor):
    """Says goodbye at the end, in several ways."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how

    @on(EndFrame)
    def end(self, frame: EndFrame) -> Any:
        return {"frame": Mark(1), "list": [Mark(1), frame], "generator": iter([Mark(1)])}[self.how]


class StreamsGoodbye(Processor):
    @on(EndFrame)
    async def end(self, frame: EndFrame) -> AsyncGenerator[Frame, None]:
        await asyncio.sleep(1)
        yield Mark(1)


@pytest.mark.parametrize("how", ["frame", "list", "generator", "stream"])
def test_what_an_end_handler_gives_comes_before_the_end(how: str) -> None:
    recorder = Recorder()
    played = play([StreamsGoodbye() if how == "stream" else SaysGoodbye(how), recorder], feed())
    assert [frame.name for frame in recorder.of(Mark, EndFrame)] == ["Mark", "EndFrame"]
    assert played.result.errors == ()
