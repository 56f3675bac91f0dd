"""Branching pipelines: parallel, together, switched, and nested in one another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from antiphon.clock import run_virtual
from antiphon.dispatch import on
from antiphon.frames import (
    EndFrame,
    Frame,
    ManuallySwitchServiceFrame,
    ResponseEndedFrame,
    StartFrame,
)
from antiphon.pipeline import ParallelPipeline, Pipeline, Switch, SyncParallelPipeline
from antiphon.processor import Processor
from antiphon.session import Ended, Limits, Session
from engine.kit import Alarm, Mark, Note, Recorder, Word, feed, perform, play


class Slow(Processor):
    """Takes some time for a note and passes on a copy with its name on it."""

    def __init__(self, name: str, seconds: float) -> None:
        super().__init__(name)
        self.seconds = seconds

    @on(Note)
    async def note(self, frame: Note) -> Frame:
        await asyncio.sleep(self.seconds)
        return frame.replace(path=(*frame.path, self.name))


def outs(recorder: Recorder) -> list[tuple[int, tuple[str, ...], float]]:
    pairs = zip(recorder.seen, recorder.times, strict=True)
    return [(frame.tag, frame.path, at) for frame, at in pairs if isinstance(frame, Note)]


def test_parallel_branches_work_each_at_its_own_pace() -> None:
    recorder = Recorder()
    play([ParallelPipeline([Slow("a", 3)], [Slow("b", 1)]), recorder], feed(Note(1), Note(2)))
    assert outs(recorder) == [(1, ("b",), 1), (2, ("b",), 2), (1, ("a",), 3), (2, ("a",), 6)]


def test_together_a_group_leaves_whole_first_branch_first() -> None:
    recorder = Recorder()
    play([SyncParallelPipeline([Slow("a", 3)], [Slow("b", 1)]), recorder], feed(Note(1), Note(2)))
    assert outs(recorder) == [(1, ("a",), 3), (1, ("b",), 3), (2, ("a",), 6), (2, ("b",), 6)]


def test_a_frame_sent_twice_comes_out_twice() -> None:
    recorder, note = Recorder(), Note(1)
    branches = ParallelPipeline([Processor()], [Processor()])
    play([branches, recorder], feed(note, note, 1.0, note))
    assert recorder.tags(Note) == [1, 1, 1]


def test_equal_frames_are_not_the_same_frame() -> None:
    recorder = Recorder()
    play([ParallelPipeline([Processor()], [Processor()]), recorder], feed(Note(1), Note(1)))
    assert recorder.tags(Note) == [1, 1]


def test_the_end_comes_out_when_the_slowest_branch_lets_it() -> None:
    recorder = Recorder()
    played = play([ParallelPipeline([Slow("a", 3)], [Processor()]), recorder], feed(Note(1)))
    assert [frame.name for frame in recorder.of(StartFrame, Note, EndFrame)] == [
        "StartFrame",
        "Note",
        "Note",
        "EndFrame",
    ]
    assert played.at == 3


class Calls(Processor):
    """Asks upstream, with an alarm or an ordered word, whenever it takes a note."""

    def __init__(self, kind: type[Alarm] | type[Word]) -> None:
        super().__init__()
        self.kind = kind

    @on(Note)
    async def note(self, frame: Note) -> Frame:
        if not frame.path:
            self.push(self.kind(frame.tag), upstream=True)
        return frame


class Returns(Processor):
    """Answers what comes from below with one more note, at once or later."""

    def __init__(self, seconds: float | None) -> None:
        super().__init__()
        self.seconds = seconds

    @on(Alarm, Word)
    async def ask(self, frame: Alarm | Word) -> AsyncGenerator[Frame, None]:
        if self.seconds is not None:
            await asyncio.sleep(self.seconds)
        self.push(Note(frame.tag, ("again",)))
        return
        yield frame


class ReturnsAtOnce(Processor):
    @on(Alarm, Word)
    def ask(self, frame: Alarm | Word) -> None:
        self.push(Note(frame.tag, ("again",)))


@pytest.mark.parametrize("kind", [Alarm, Word])
@pytest.mark.parametrize("above", [ReturnsAtOnce, lambda: Returns(None), lambda: Returns(2.0)])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_group_never_waits_for_a_frame_that_comes_back_behind_it(
    kind: type[Alarm] | type[Word], above: type[Processor], depth: int
) -> None:
    branches: Processor = SyncParallelPipeline([Calls(kind)], [Slow("b", 1)])
    if depth > 1:
        branches = ParallelPipeline([branches], [Processor()])
    if depth > 2:
        branches = SyncParallelPipeline([branches], [Processor()])
    recorder = Recorder()
    played = play([above(), branches, recorder], feed(Note(1), Note(2), 60.0))
    assert played.result.ended is Ended.ENDED
    assert played.at < 70
    assert sorted({(tag, path) for tag, path, _ in outs(recorder) if path[:1] == ("again",)})[:1]


class EndsFromInside(Processor):
    @on(Note)
    async def note(self, frame: Note) -> None:
        self.session.end("from inside")
        await asyncio.sleep(1)


def test_a_branch_can_end_the_session_from_inside_a_group() -> None:
    together = SyncParallelPipeline([EndsFromInside()], [Slow("b", 3)])
    played = play([together], feed(Note(1), then_end=False), session=Session(limits=Limits(end=30)))
    assert (played.result.ended, played.at) == (Ended.ENDED, 3)


class Timed(Processor):
    """Lets a timer send a note, long after its handler is over."""

    @on(Word)
    def word(self, frame: Word) -> None:
        self.session.clock.after(frame.tag, lambda: self.push(Note(frame.tag)))


def test_a_timer_of_a_group_that_has_left_sends_at_once() -> None:
    recorder = Recorder()
    together = SyncParallelPipeline([Timed(), Slow("a", 0.5)], [Processor()])
    play([together, recorder], feed(Word(1), 10.0))
    assert outs(recorder) == [(1, ("a",), 1.5)]


class Later(Processor):
    """Passes a mark on five seconds later, from a task, and blocks nobody meanwhile."""

    @on(Mark)
    def mark(self, frame: Mark) -> None:
        self.spawn(self.later(frame))

    async def later(self, frame: Mark) -> None:
        await asyncio.sleep(5)
        self.push(frame)


def test_a_timer_that_fires_while_its_group_waits_leaves_with_the_group() -> None:
    recorder = Recorder()
    play([SyncParallelPipeline([Later(), Timed()]), recorder], feed(Mark(0), Word(1), 10.0))
    seen = zip(recorder.seen, recorder.times, strict=True)
    moments = [(frame.name, at) for frame, at in seen if isinstance(frame, (Mark, Note))]
    assert moments == [("Mark", 5), ("Note", 5)]


class Opens(Processor):
    """Opens a response and sends its only note while the fork below is still busy with the frame above."""

    @on(Alarm)
    def alarm(self, frame: Alarm) -> None:
        with self.respond() as response:
            self.push(Note(frame.tag, ("answer",), response=response.id))


class Alarms(Processor):
    @on(Word)
    def word(self, frame: Word) -> Frame:
        self.push(Alarm(frame.tag), upstream=True)
        return frame


@pytest.mark.parametrize("form", [ParallelPipeline, SyncParallelPipeline])
def test_a_frame_that_waits_at_a_busy_fork_keeps_its_response_alive(form: type[ParallelPipeline]) -> None:
    recorder = Recorder()
    play([Opens(), form([Alarms()], [Slow("b", 1)]), recorder], feed(Word(1)))
    assert ("answer",) in [path for _, path, _ in outs(recorder)]
    names = [frame.name for frame in recorder.of(Note, ResponseEndedFrame)]
    assert names[-1] == "ResponseEndedFrame"


def test_together_inside_parallel_inside_together() -> None:
    inner = SyncParallelPipeline([Slow("a", 2)], [Slow("b", 1)])
    middle = ParallelPipeline([inner], [Slow("c", 4)])
    outer = SyncParallelPipeline([middle], [Slow("d", 3)])
    recorder = Recorder()
    play([outer, recorder], feed(Note(1), Note(2)))
    assert outs(recorder) == [(tag, (name,), 4.0 * tag) for tag in (1, 2) for name in ("a", "b", "c", "d")]


def test_a_switch_sends_ordered_frames_through_one_branch_and_urgent_ones_through_all() -> None:
    seen = {name: Recorder(name) for name in ("left", "right")}
    bottom = Recorder("bottom")
    switch = Switch({name: [recorder] for name, recorder in seen.items()}, name="road")
    steps = [Note(1), Alarm(1), ManuallySwitchServiceFrame("road", "right"), Note(2), Alarm(2)]
    play([switch, bottom], feed(*steps))
    assert seen["left"].tags(Note) == [1]
    assert seen["right"].tags(Note) == [2]
    assert seen["left"].tags(Alarm) == seen["right"].tags(Alarm) == [1, 2]
    assert bottom.tags(Note, Alarm) == [1, 1, 2, 2]
    assert switch.active == "right"
    assert [recorder.cleaned for recorder in seen.values()] == [1, 1]


def test_a_switch_says_which_branches_it_has() -> None:
    with pytest.raises(ValueError, match="road has no branch 'up'; it has left, right"):
        Switch({"left": Processor(), "right": Processor()}, active="up", name="road")
    switch = Switch({"left": Processor(), "right": Processor()}, active="right", name="road")
    assert switch.active == "right"
    played = play([switch], feed(ManuallySwitchServiceFrame("road", "up")))
    assert [error.error for error in played.result.errors] == ["road has no branch 'up'; it has left, right"]
    assert switch.active == "right"


@pytest.mark.parametrize("make", [ParallelPipeline, SyncParallelPipeline, lambda: Switch({})])
def test_branches_are_needed(make: type[ParallelPipeline]) -> None:
    with pytest.raises(ValueError, match="needs at least one branch"):
        make()


def test_empty_pipelines_pass_everything() -> None:
    recorder = Recorder()
    play([[], ParallelPipeline([], []), SyncParallelPipeline([]), recorder], feed(Note(1), Alarm(2)))
    assert recorder.tags(Note, Alarm) == [1, 2]


def test_passages_are_forgotten_with_their_frames() -> None:
    branches = ParallelPipeline([Processor()], [Processor()])

    async def main() -> tuple[int, int]:
        session = Session()

        async def script(session: Session) -> None:
            for tag in range(500):
                session.receive(Note(tag))
            session.end()

        await perform(session, [Pipeline([branches])], script)
        return len(branches.fork_down.merge.passages), len(branches.fork_up.merge.passages)

    down, up = run_virtual(main())
    assert down <= 3
    assert up == 0
