"""Handlers that forget to pass on what others wait for are refused; those that mean it are not."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any

import pytest

from antiphon.dispatch import Direction, on
from antiphon.forgetting import forgotten, gives_nothing
from antiphon.frames import ErrorFrame, Frame, LLMTextFrame, StartFrame, TextFrame
from antiphon.pipeline import ParallelPipeline, Pipeline, Switch
from antiphon.processor import Processor
from antiphon.routing import Filter, Gate, Tee


class Keeps(Processor):
    """Keeps text of any kind."""

    @on(TextFrame)
    def keep(self, frame: TextFrame) -> None:
        print(frame.text)


class Means(Keeps):
    """Keeps it, and says so."""

    @on(TextFrame, consumes=True)
    def keep(self, frame: TextFrame) -> None:
        super().keep(frame)


class Spares(Keeps):
    """Keeps text, but not that of the model."""

    @on(LLMTextFrame)
    def pass_on(self, frame: LLMTextFrame) -> LLMTextFrame:
        return frame


class Hushes(Processor):
    """Keeps errors that come up."""

    @on(ErrorFrame)
    def hush(self, frame: ErrorFrame) -> None:
        self.last = frame


class Begins(Processor):
    @on(StartFrame)
    def begin(self, frame: StartFrame) -> None:
        self.began = True


class Reads(Processor):
    @on(LLMTextFrame)
    def read(self, frame: LLMTextFrame) -> Frame:
        return frame


class ReadsBelow(Processor):
    @on(LLMTextFrame, direction=Direction.UPSTREAM)
    def read(self, frame: LLMTextFrame) -> Frame:
        return frame


def mistakes(*parts: object) -> list[tuple[str, str, str]]:
    return [(m.taker.name, m.kind.__name__, m.waiter.name) for m in forgotten(Pipeline(parts))]


KEPT = [("Keeps", "LLMTextFrame", "Reads")]


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ([Keeps(), Reads()], KEPT),
        ([Keeps(), Processor(), [Reads()]], KEPT),
        ([[Keeps()], ParallelPipeline([Processor()], [Reads()])], KEPT),
        ([ParallelPipeline([Keeps(), Reads()], [Processor()])], KEPT),
        ([Switch({"a": Keeps(), "b": Processor()}), Reads()], KEPT),
        ([Hushes(), Reads()], [("Hushes", "ErrorFrame", "the session")]),
        ([ReadsBelow(), Keeps(), Processor()], [("Keeps", "LLMTextFrame", "ReadsBelow")]),
        ([Reads(), Keeps()], []),
        ([Means(), Reads()], []),
        ([Spares(), Reads()], []),
        ([ParallelPipeline([Keeps()], [Processor()]), Reads()], []),
        ([Keeps(), ReadsBelow()], []),
        ([Begins(), Begins()], []),
        ([Filter(LLMTextFrame), Gate(), Tee(print), Reads()], []),
        ([Keeps(), Tee(print)], []),
    ],
)
def test_who_keeps_what_another_waits_for(parts: list[Any], found: list[Any]) -> None:
    assert mistakes(*parts) == found


def silent(self: Any, frame: Frame) -> None:
    if frame.urgent:
        return
    with open("x") as file:
        file.read()


async def silent_too(self: Any, frame: Frame) -> None:
    await self.write(frame)


def raises(self: Any, frame: Frame) -> None:
    raise ValueError(frame)


def returns(self: Any, frame: Frame) -> Frame | None:
    return frame if frame.urgent else None


def returns_at_times(self: Any, frame: Frame) -> Frame | None:
    if frame.urgent:
        return None
    return frame


def gives_what_another_gives(self: Any, frame: Frame) -> Any:
    return self.other(frame)


def pushes(self: Any, frame: Frame) -> None:
    self.push(frame, upstream=True)


def pushes_later(self: Any, frame: Frame) -> None:
    self.response.on_commit(lambda: self.push(frame))


def yields(self: Any, frame: Frame) -> Iterator[Frame]:
    yield frame


async def yields_too(self: Any, frame: Frame) -> AsyncGenerator[Frame]:
    yield frame


@pytest.mark.parametrize("handler", [silent, silent_too, Keeps.keep])
def test_what_gives_nothing(handler: Callable[..., Any]) -> None:
    assert gives_nothing(handler)


@pytest.mark.parametrize(
    "handler",
    [
        raises,
        returns,
        returns_at_times,
        gives_what_another_gives,
        pushes,
        pushes_later,
        yields,
        yields_too,
        print,
    ],
)
def test_what_may_give_something(handler: Callable[..., Any]) -> None:
    assert not gives_nothing(handler)
