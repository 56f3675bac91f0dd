"""Wiring mistakes are refused before the start, each in one sentence that says what to do."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.dispatch import on
from antiphon.frames import Frame, LLMTextFrame, TextFrame, TranscriptionFrame
from antiphon.pipeline import ParallelPipeline, Pipeline, Switch, SyncParallelPipeline, as_processor
from antiphon.processor import Processor
from antiphon.routing import Gate
from antiphon.wiring import WiringError, check_wiring
from engine.kit import Note, Recorder, feed, play


class Hears(Processor):
    gives = (TranscriptionFrame,)


class Thinks(Processor):
    needs = (TranscriptionFrame,)
    gives = (LLMTextFrame,)
    hint = "Put a speech recogniser before it."


class Speaks(Processor):
    needs = (TextFrame,)
    gives = ()


class Unknown(Processor):
    """Handles something, and does not say what it gives."""

    @on(Note)
    def note(self, frame: Note) -> Frame:
        return frame


@pytest.mark.parametrize(
    "parts",
    [
        [Hears(), Thinks(), Speaks()],
        [Unknown(), Thinks(), Speaks()],
        [ParallelPipeline([Hears()], []), Thinks()],
        [SyncParallelPipeline([Hears(), Thinks()], []), Speaks()],
        [Hears(), Switch({"a": Thinks(), "b": Processor()}), Speaks()],
        [Hears(), [Gate(), Thinks()], ParallelPipeline([Speaks()], [])],
    ],
)
def test_what_works_is_accepted(parts: list[Any]) -> None:
    check_wiring(Pipeline(parts))


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            [Thinks(), Hears()],
            "Thinks needs TranscriptionFrame, but nothing before it (up to the start of the pipeline) "
            "gives that. Put a speech recogniser before it.",
        ),
        (
            [Hears(), Speaks()],
            "Speaks needs TextFrame, but nothing before it (up to Hears) gives that.",
        ),
        (
            [ParallelPipeline([Hears()], [Thinks()])],
            "Thinks needs TranscriptionFrame, but nothing before it (up to the start of the pipeline) "
            "gives that. Put a speech recogniser before it.",
        ),
    ],
)
def test_a_need_that_is_not_met_is_told_with_its_hint(parts: list[Any], message: str) -> None:
    with pytest.raises(WiringError) as caught:
        check_wiring(Pipeline(parts))
    assert str(caught.value) == message


def test_one_instance_cannot_be_in_two_places() -> None:
    twice = Recorder("twice")
    with pytest.raises(
        WiringError, match=r"twice is in the pipeline twice .* make one instance for each place"
    ):
        play([twice, ParallelPipeline([Processor()], [twice])], feed())


def test_a_processor_serves_one_session() -> None:
    used = Recorder("used")
    play([used], feed())
    with pytest.raises(WiringError, match="used has been in a session before: make new"):
        play([used], feed())


class Shared(Processor):
    """Two hosts of one thing."""

    def __init__(self, thing: object) -> None:
        super().__init__()
        self.thing = thing

    def _exclusive(self) -> list[object]:
        return [self, self.thing]


def test_one_service_cannot_be_hosted_twice() -> None:
    thing = object()
    with pytest.raises(WiringError, match="Shared is in the pipeline twice"):
        check_wiring(Pipeline([Shared(thing), Shared(thing)]))


@pytest.mark.parametrize("part", [42, "text", Recorder])
def test_only_processors_and_services_are_accepted(part: object) -> None:
    with pytest.raises(TypeError, match="a pipeline is made of processors and services, not of"):
        as_processor(part)


def test_a_class_instead_of_an_instance_is_told() -> None:
    with pytest.raises(TypeError, match=r"the class Recorder \(make an instance of it\)"):
        Pipeline([Recorder])


def test_pushing_outside_a_session_says_so() -> None:
    with pytest.raises(RuntimeError, match="Note was pushed by a processor that is in no session"):
        Recorder().push(Note(1))
    with pytest.raises(RuntimeError, match="recorder is not part of a running session yet"):
        _ = Recorder().session
