"""Waiting: bounds and policies of inboxes (contract line 9), what may pass a suspended processor."""

from __future__ import annotations

import asyncio
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.dispatch import on
from antiphon.frames import DataFrame, Frame, Overflow
from antiphon.node import DROPPABLE_CAPACITY, INBOX_CAPACITY
from antiphon.pipeline import SyncParallelPipeline
from antiphon.processor import Holding, Processor
from antiphon.session import Ended, Limits, Session
from engine.kit import Alarm, Mark, Note, Recorder, Word, examples, feed, play
from engine.strategies import SEEDS, contract


class Sound(DataFrame, frozen=True):
    scoped = False
    overflow = Overflow.DROP_OLDEST

    tag: int


class Picture(DataFrame, frozen=True):
    scoped = False
    overflow = Overflow.LATEST

    tag: int


class Slow(Processor):
    """Takes a second for each sound, picture or note, and remembers them."""

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name)
        self.handled: list[Frame] = []
        self.deepest = 0

    @on(Sound, Picture, Note)
    async def take(self, frame: Frame) -> Frame:
        self.handled.append(frame)
        self.deepest = max(self.deepest, self.depth)
        await asyncio.sleep(1)
        return frame


@contract(30)
@given(st.lists(st.sampled_from("spn"), max_size=30), st.integers(0, 2 * DROPPABLE_CAPACITY), SEEDS)
def test_bounded_droppable_kinds_are_dropped_and_counted_others_never(
    burst: list[str], sounds: int, seed: int | None
) -> None:
    examples["bounded"] += 1
    kinds: dict[str, type[Sound] | type[Picture] | type[Note]] = {"s": Sound, "p": Picture, "n": Note}
    letters = [*burst, *"s" * sounds]
    frames = [kinds[letter](tag) for tag, letter in enumerate(letters)]
    slow = Slow()
    play([slow], feed(1.0, *frames), seed=seed, session=Session(limits=Limits(end=1e6)))
    assert slow.deepest <= DROPPABLE_CAPACITY + 1 + len(burst) + 1
    assert [f for f in slow.handled if isinstance(f, Note)] == [f for f in frames if isinstance(f, Note)]
    for kind in (Sound, Picture):
        handled = [frame for frame in slow.handled if isinstance(frame, kind)]
        sent = [frame for frame in frames if isinstance(frame, kind)]
        assert len(sent) == len(handled) + slow.dropped.get(kind.__name__, 0)
        assert handled[-1:] == sent[-1:]
        assert [frame.tag for frame in handled] == sorted(frame.tag for frame in handled)


def test_drop_oldest_keeps_the_newest() -> None:
    slow = Slow()
    sounds = [Sound(tag) for tag in range(DROPPABLE_CAPACITY + 11)]
    play([slow], feed(1.0, *sounds), session=Session(limits=Limits(end=1e6)))
    assert slow.handled == [sounds[0], *sounds[11:]]
    assert slow.dropped == {"Sound": 10}


def test_latest_keeps_only_the_latest() -> None:
    slow = Slow()
    play([slow], feed(Note(0), *(Picture(tag) for tag in range(5)), Note(1)))
    assert slow.handled == [Note(0), Picture(4), Note(1)]
    assert slow.dropped == {"Picture": 4}


def test_an_inbox_full_of_frames_that_must_not_be_dropped_ends_the_session_with_a_reason() -> None:
    slow = Slow("tired")
    notes = [Note(tag) for tag in range(INBOX_CAPACITY + 5)]
    played = play([slow], feed(1.0, *notes, then_end=False))
    assert played.result.ended is Ended.FAILED
    assert played.result.reason == f"tired is stuck: {INBOX_CAPACITY} frames wait for it"
    assert played.result.errors[-1].fatal


def test_groups_of_a_sync_parallel_pipeline_are_bounded_too() -> None:
    class Never(Processor):
        @on(Note)
        def note(self, frame: Note) -> None:
            self.spawn(asyncio.sleep(1e6))

    together = SyncParallelPipeline([Never()], [Processor()], name="together")
    marks = [Mark(tag) for tag in range(INBOX_CAPACITY + 5)]
    played = play([together], feed(1.0, Note(0), *marks, then_end=False))
    assert played.result.ended is Ended.FAILED
    assert played.result.reason.startswith("together is stuck")


def test_depths_and_holders_are_visible() -> None:
    seen: list[tuple[dict[str, int], list[Holding]]] = []

    async def script(session: Session) -> None:
        for tag in range(4):
            session.receive(Note(tag))
        await asyncio.sleep(1.5)
        seen.append((session.depths(), session.holding()))
        session.end()

    played = play([Slow("first"), Slow("second")], script)
    depths, holding = seen[0]
    assert depths == {"first": 2, "second": 0}
    assert holding == [Holding("first", "Note", 1.0, 2), Holding("second", "Note", 1.0, 0)]
    assert played.session.holding() == []


def test_a_heartbeat_names_who_holds_what_too_long(caplog: pytest.LogCaptureFixture) -> None:
    class Stuck(Processor):
        @on(Note)
        async def note(self, frame: Note) -> None:
            await asyncio.sleep(25)

    with caplog.at_level(logging.WARNING, logger="antiphon"):
        session = Session(limits=Limits(held=10.0))
        play([Stuck()], feed(Note(1), Note(2), then_end=True), session=session)
    assert "Stuck has been at work on Note for 10 s; 2 frames wait behind it" in caplog.messages[0]


class Answers(Processor):
    """Sends a word upstream for each mark."""

    @on(Mark)
    def mark(self, frame: Mark) -> None:
        self.push(Word(frame.tag), upstream=True)


def test_a_frame_travelling_upstream_is_not_blocked_by_a_processor_suspended_downstream() -> None:
    top, slow = Recorder("top"), Slow()
    play([top, slow, Answers()], feed(Mark(0), Note(1), Mark(2), Alarm(3)))
    assert top.tags(Word) == [0, 2]
    assert top.times[top.seen.index(Word(2))] == 1.0

    class Feeds(Processor):
        @on(Alarm)
        def alarm(self, frame: Alarm) -> None:
            self.push(Word(frame.tag), upstream=True)

    top, slow = Recorder("top"), Slow()
    play([top, slow, Feeds()], feed(Note(1), 0.5, Alarm(2), 2.0))
    assert top.times[top.seen.index(Word(2))] == 0.5


def test_an_unhandled_frame_waits_behind_a_frame_of_its_own_direction() -> None:
    bottom = Recorder()
    play([Slow(), bottom], feed(Mark(0), Note(1), Mark(2), 5.0))
    assert bottom.tags(Mark, Note) == [0, 1, 2]
    assert bottom.times[bottom.seen.index(Mark(2))] == 1.0


class Splits(Processor):
    """Gives two marks for a note; between them somebody below makes the processor above send a third."""

    @on(Note)
    def note(self, frame: Note) -> list[Frame]:
        return [Mark(1), Mark(2)]


class Mirrors(Processor):
    """Sends the first mark back as a word."""

    @on(Mark)
    def mark(self, frame: Mark) -> Frame:
        if frame.tag == 1:
            self.push(Word(1), upstream=True)
        return frame


class Turns(Processor):
    """Turns an upstream word into a downstream mark, which the splitter does not handle."""

    @on(Word)
    def word(self, frame: Word) -> None:
        self.push(Mark(3))


@pytest.mark.parametrize("between", [0, 1, 3])
def test_what_comes_back_into_a_running_processor_leaves_after_all_that_it_is_giving(between: int) -> None:
    bottom = Recorder()
    idle = [Processor() for _ in range(between)]
    play([Turns(), *idle, Splits(), Mirrors(), bottom], feed(Note(0)))
    assert bottom.tags(Mark) == [1, 2, 3]
