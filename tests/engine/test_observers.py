"""Observers see every frame on every link, cannot break anything, and cost nothing when there are none."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from antiphon.clock import run_virtual
from antiphon.frames import Frame
from antiphon.pipeline import ParallelPipeline, SyncParallelPipeline
from antiphon.processor import Processor
from antiphon.session import Session
from engine.kit import Alarm, Note, Recorder, feed, perform, play


class Watch:
    """Writes down which link each frame crossed."""

    def __init__(self) -> None:
        self.links: list[tuple[str, str, str, bool]] = []

    def on_frame(self, frame: Frame, source: Processor, target: Processor, *, upstream: bool) -> None:
        self.links.append((frame.name, source.name, target.name, upstream))

    def of(self, name: str) -> list[tuple[str, str]]:
        return [(source, target) for kind, source, target, _ in self.links if kind == name]


class Broken:
    def on_frame(self, frame: Frame, source: Processor, target: Processor, *, upstream: bool) -> None:
        raise ValueError("broken observer")


def test_an_observer_sees_every_link() -> None:
    watch = Watch()
    play(
        [Processor("a"), [Processor("b")], Processor("c")], feed(Note(1)), session=Session(observers=[watch])
    )
    assert watch.of("Note") == [("source", "a"), ("a", "b"), ("b", "c"), ("c", "sink")]


@pytest.mark.parametrize("form", [ParallelPipeline, SyncParallelPipeline])
def test_an_observer_sees_the_links_of_branches(form: type[ParallelPipeline]) -> None:
    watch = Watch()
    branches = form([Processor("a")], [Processor("b")], name="fork")
    play([branches, Processor("c")], feed(Note(1)), session=Session(observers=[watch]))
    links = watch.of("Note")
    assert {("fork", "a"), ("fork", "b"), ("a", "fork"), ("b", "fork")} <= set(links)
    assert len(links) == len(set(links)) == 7


def test_a_broken_observer_breaks_nothing() -> None:
    watch, recorder = Watch(), Recorder()
    session = Session(observers=[Broken(), watch])
    played = play([Processor("a"), recorder], feed(Note(1), Alarm(2)), session=session)
    assert recorder.tags(Note, Alarm) == [1, 2]
    assert len(watch.of("Note")) == 3
    assert played.result.errors == ()


def calls_per_frame(idle: int, observers: list[Any]) -> int:
    """Python calls made while one frame passes a number of idle processors."""

    async def main() -> int:
        session, calls = Session(observers=observers), 0

        def count(frame: Any, event: str, arg: Any) -> None:
            nonlocal calls
            calls += event == "call"

        async def script(session: Session) -> None:
            import asyncio

            await asyncio.sleep(1)
            session.receive(Note(0))
            sys.setprofile(count)
            session.receive(Note(1))
            sys.setprofile(None)
            session.end()

        await perform(session, [Processor() for _ in range(idle)], script)
        return calls

    return run_virtual(main())


def test_without_observers_a_hop_makes_no_call_at_all() -> None:
    assert calls_per_frame(50, []) == calls_per_frame(1, [])
    assert calls_per_frame(50, [Watch()]) >= 50
