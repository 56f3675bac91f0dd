"""Counts instead of timings: what an idle processor costs a frame, what a thousand sessions leave behind."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import tracemalloc
import weakref
from collections.abc import Coroutine
from typing import Any

import pytest

from antiphon.clock import run_virtual
from antiphon.dispatch import on
from antiphon.frames import Frame
from antiphon.pipeline import ParallelPipeline, Pipeline, SyncParallelPipeline
from antiphon.processor import Processor
from antiphon.response import Response
from antiphon.session import Session
from engine.kit import Ask, Note, Prompt, Word, perform


def test_a_frame_passing_idle_processors_creates_no_task() -> None:
    async def main() -> tuple[int, int]:
        created: list[str] = []

        def factory(loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, Any], **options: Any) -> Any:
            created.append(coro.__qualname__)
            return asyncio.Task(coro, loop=loop, **options)

        counts: list[int] = []

        async def script(session: Session) -> None:
            await asyncio.sleep(1)
            asyncio.get_running_loop().set_task_factory(factory)  # type: ignore[arg-type]
            for tag in range(100):
                session.receive(Note(tag))
            counts.append(len(created))
            session.spawn(asyncio.sleep(0), owner="test")
            counts.append(len(created))
            asyncio.get_running_loop().set_task_factory(None)
            session.end()

        await perform(Session(), [Processor() for _ in range(20)], script)
        return counts[0], counts[1]

    assert run_virtual(main()) == (0, 1)


def peak_of_a_frame(idle: int) -> int:
    """The most bytes in use at once while frames pass a number of idle processors."""

    async def main() -> int:
        peaks: list[int] = []

        async def script(session: Session) -> None:
            await asyncio.sleep(1)
            note = Note(0)
            session.receive(note)
            tracemalloc.start()
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            for _ in range(10):
                session.receive(note)
            now, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            peaks.extend((peak - before, now - before))
            session.end()

        await perform(Session(), [Processor() for _ in range(idle)], script)
        return peaks[0]

    return run_virtual(main())


def test_a_hop_allocates_nothing() -> None:
    assert peak_of_a_frame(200) <= peak_of_a_frame(2) + 256


class Answers(Processor):
    """A response per question, with a task of its own."""

    @on(Ask)
    def ask(self, frame: Ask) -> None:
        with self.respond() as response:
            self.push(Prompt(frame.tag, response=response.id))


class Speaks(Processor):
    @on(Prompt)
    async def speak(self, frame: Prompt) -> Frame:
        self.spawn(asyncio.sleep(0.01))
        await asyncio.sleep(0.02)
        return Note(frame.tag)

    @on(Word)
    async def word(self, frame: Word) -> Frame:
        await asyncio.sleep(0.01)
        return frame


def short_session() -> tuple[Session, Pipeline]:
    branches = ParallelPipeline([Speaks()], [SyncParallelPipeline([Processor()], [Speaks()])])
    return Session(), Pipeline([Answers(), branches])


async def converse(number: int) -> tuple[weakref.ref[Session], weakref.ref[Pipeline]]:
    """A short conversation that ends in one of several ways."""
    session, pipeline = short_session()
    task = asyncio.create_task(session.run(pipeline))
    session.receive(Ask(1))
    session.receive(Word(2))
    await asyncio.sleep(0.015)
    if number % 3 == 0:
        session.responses.cancel_all()
    if number % 2:
        session.cancel()
    else:
        session.end()
    await task
    return weakref.ref(session), weakref.ref(pipeline)


def alive() -> int:
    gc.collect()
    return sum(isinstance(thing, (Processor, Response, Session)) for thing in gc.get_objects())


@pytest.mark.slow
def test_a_thousand_sessions_leave_nothing_behind() -> None:
    async def main() -> tuple[int, int, int, list[int]]:
        await converse(0)
        threads, before = threading.active_count(), alive()
        sizes: list[int] = []
        references: list[weakref.ref[Any]] = []
        for number in range(1000):
            references += await converse(number)
            if number in (499, 999):
                gc.collect()
                references = [reference for reference in references if reference() is not None]
                sizes.append(sys.getallocatedblocks())
        assert len(asyncio.all_tasks()) == 1
        assert references == []
        return threads, before, alive(), sizes

    threads, before, after, sizes = run_virtual(main())
    assert threading.active_count() == threads
    assert after == before
    assert sizes[1] - sizes[0] < 500
