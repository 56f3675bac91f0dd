"""Life of a session: setup, start, graceful end, deadlines, cancel at every phase, cleanup once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from antiphon.clock import run_virtual
from antiphon.dispatch import Direction, on
from antiphon.frames import (
    CancelFrame,
    EndFrame,
    ErrorFrame,
    Frame,
    Outcome,
    ResponseEndedFrame,
    StartFrame,
    StopFrame,
)
from antiphon.pipeline import ParallelPipeline, Pipeline, SyncParallelPipeline
from antiphon.processor import Processor
from antiphon.session import Ended, Limits, Session, SetupError, Verdict
from engine.kit import Alarm, Ask, Mark, Note, Prompt, Recorder, Word, feed, perform, play


class Member(Recorder):
    """Sets up, and may take long, refuse, or cling to life while it does."""

    def __init__(self, seconds: float = 0.0, error: BaseException | None = None, clings: float = 0.0) -> None:
        super().__init__("member")
        self.seconds = seconds
        self.error = error
        self.clings = clings
        self.story: list[str] = []

    async def setup(self) -> None:
        try:
            await asyncio.sleep(self.seconds)
        except asyncio.CancelledError:
            self.story.append("setup cancelled")
            await asyncio.sleep(self.clings)
            raise
        if self.error is not None:
            raise self.error
        self.story.append("set up")


class Holds(Processor):
    """Takes a fixed time for each note, and can refuse to be cancelled meanwhile."""

    def __init__(self, seconds: float, *, clings: bool = False) -> None:
        super().__init__()
        self.seconds = seconds
        self.clings = clings

    @on(Note)
    async def hold(self, frame: Note) -> Frame:
        until = self.session.now() + self.seconds
        while self.session.now() < until:
            try:
                await asyncio.sleep(until - self.session.now())
            except asyncio.CancelledError:
                if not self.clings:
                    raise
        return frame


def names(recorder: Recorder) -> list[str]:
    return [frame.name for frame in recorder.of(StartFrame, EndFrame, StopFrame, CancelFrame)]


def test_everybody_sets_up_at_once_before_the_start() -> None:
    members = [Member(3.0), Member(2.0), Member(3.0)]
    played = play(members, feed())
    assert all(member.story == ["set up"] for member in members)
    assert [member.times[0] for member in members] == [3.0, 3.0, 3.0]
    assert played.at == 3.0


@pytest.mark.parametrize(
    "error", [ValueError("no key"), asyncio.CancelledError()], ids=["raises", "cancelled"]
)
def test_a_setup_that_fails_names_the_processor_and_everybody_is_cleaned_up(error: BaseException) -> None:
    good, bad, slow = Member(), Member(1.0, error), Member(50.0)
    bad.name = "bad"
    with pytest.raises(SetupError, match="bad: ") as caught:
        play([good, bad, slow], feed())
    assert caught.value.processor == "bad"
    assert [member.cleaned for member in (good, bad, slow)] == [1, 1, 1]
    assert slow.story == (["setup cancelled"] if isinstance(error, ValueError) else ["set up"])
    assert good.seen == []


def test_of_two_setups_that_fail_the_first_in_the_pipeline_is_named() -> None:
    for seed in range(5):
        first, second = Member(1.0, ValueError("one")), Member(1.0, ValueError("two"))
        first.name, second.name = "first", "second"
        with pytest.raises(SetupError, match="first: one"):
            play([first, second], feed(), seed=seed)


def test_a_setup_that_is_too_slow_is_named() -> None:
    slow = Member(50.0)
    with pytest.raises(SetupError, match="member: not ready after 10 s"):
        play([slow, Recorder()], feed(), session=Session(limits=Limits(setup=10.0)))
    assert slow.cleaned == 1


@pytest.mark.parametrize("clings", [0.0, 1000.0])
def test_cancel_during_setup_does_not_wait_for_it(clings: float) -> None:
    slow, recorder, session = Member(50.0, clings=clings), Recorder(), Session()

    async def main() -> tuple[Any, float]:
        asyncio.get_running_loop().call_later(1.0, session.cancel, "hung up")
        return await session.run(Pipeline([slow, recorder])), session.now()

    result, at = run_virtual(main())
    assert (result.ended, result.reason) == (Ended.CANCELLED, "hung up")
    assert at == (1.0 if not clings else 6.0)
    assert result.late == (("member",) if clings else ())
    assert (slow.cleaned, recorder.cleaned) == (1, 1)
    assert recorder.seen == []


@pytest.mark.parametrize("how", ["end", "stop", "cancel"])
def test_a_session_can_be_ended_before_it_runs(how: str) -> None:
    session, recorder = Session(), Recorder()
    getattr(session, how)("at once")
    played = play([recorder], feed(then_end=False), session=session)
    assert played.result.reason == "at once"
    assert (
        names(recorder)
        == {
            "end": ["StartFrame", "EndFrame"],
            "stop": ["StartFrame", "StopFrame"],
            "cancel": [],
        }[how]
    )
    assert recorder.cleaned == 1


@pytest.mark.parametrize("where", ["setup", "first start", "last start"])
@pytest.mark.parametrize("how", ["end", "stop", "cancel"])
def test_ending_during_setup_or_start_comes_after_the_start(where: str, how: str) -> None:
    class Ends(Recorder):
        async def setup(self) -> None:
            if where == "setup":
                getattr(self.session, how)()

        @on(StartFrame)
        def start(self, frame: StartFrame) -> None:
            self.see(frame)
            if where != "setup":
                getattr(self.session, how)()

    first, last = Recorder("first"), Recorder("last")
    parts = [Ends("ends"), first, last] if where == "first start" else [first, last, Ends("ends")]
    played = play(parts, feed(then_end=False))
    order = {"end": ["StartFrame", "EndFrame"], "stop": ["StartFrame", "StopFrame"], "cancel": []}[how]
    if how == "cancel" and where != "setup":
        assert sorted(names(first)) == ["CancelFrame", "StartFrame"]
    else:
        assert names(first) == names(last) == order
    assert first.cleaned == last.cleaned == 1
    assert played.leftover == []


def test_frames_from_outside_wait_for_the_start() -> None:
    recorder = Recorder()
    play([Member(2.0), recorder], feed(Note(1), 1.0, Note(2), 5.0))
    assert [frame.name for frame in recorder.seen[:3]] == ["StartFrame", "Note", "Note"]
    assert recorder.times[:3] == [2.0, 2.0, 2.0]


def test_a_session_runs_once() -> None:
    session = Session()
    play([Recorder()], feed(), session=session)
    with pytest.raises(RuntimeError, match="a session runs once"):
        play([Recorder()], feed(), session=session)


def test_a_graceful_end_waits_for_work_and_passes_afterwards() -> None:
    recorder = Recorder()
    played = play([Holds(3.0), Holds(2.0), recorder], feed(Note(1), Note(2)))
    assert [frame.name for frame in recorder.of(Note, EndFrame)] == ["Note", "Note", "EndFrame"]
    assert played.at == 8.0
    assert played.result.ended is Ended.ENDED


@pytest.mark.parametrize("clings", [False, True])
def test_an_end_that_takes_too_long_is_cut_at_its_deadline_and_says_who_held_it(clings: bool) -> None:
    async def script(session: Session) -> None:
        session.receive(Note(1))
        session.end("bye", deadline=4.0)

    recorder = Recorder()
    played = play([Holds(1000.0, clings=clings), recorder], script)
    assert played.result.ended is Ended.CANCELLED
    assert "held by Holds (on Note)" in played.result.reason
    assert played.at == (9.0 if clings else 4.0)
    assert "Holds (on Note)" in played.result.late
    assert ("Holds" in played.result.late) == clings
    assert names(recorder) == ["StartFrame", "CancelFrame"]
    assert recorder.cleaned == 1


def test_a_blocked_processor_cannot_prevent_cancel() -> None:
    async def script(session: Session) -> None:
        session.receive(Note(1))
        session.end()
        await asyncio.sleep(1)
        session.cancel("enough")

    played = play([Holds(1000.0, clings=True), Recorder()], script)
    assert (played.result.ended, played.result.late) == (Ended.CANCELLED, ("Holds",))
    assert played.at == 6.0


class Boom(Recorder):
    async def cleanup(self) -> None:
        await super().cleanup()
        raise ValueError("boom")


class Lingers(Recorder):
    async def cleanup(self) -> None:
        await super().cleanup()
        await asyncio.sleep(1000)


def test_cleanup_runs_for_everybody_although_one_raises_and_one_never_ends() -> None:
    parts = [Recorder(), Boom(), Lingers("lingers"), Recorder()]
    played = play(parts, feed())
    assert [part.cleaned for part in parts] == [1, 1, 1, 1]
    assert played.result.late == ("lingers",)
    assert played.at == 5.0
    assert played.leftover == []


class SpawnsAtCleanup(Recorder):
    async def cleanup(self) -> None:
        self.spawn(self.linger(), name="late work")

    async def linger(self) -> None:
        await asyncio.sleep(1000)


def test_a_task_spawned_after_the_close_is_cancelled() -> None:
    played = play([SpawnsAtCleanup()], feed())
    assert played.leftover == []
    assert played.result.late == ()


class PushesAfterTheEnd(Recorder):
    async def cleanup(self) -> None:
        asyncio.get_running_loop().call_later(1.0, self.push, Mark(1))


def test_what_is_pushed_after_the_end_reaches_nobody() -> None:
    recorder = Recorder()

    async def main() -> None:
        await perform(Session(), [PushesAfterTheEnd(), recorder], feed())
        await asyncio.sleep(2)

    run_virtual(main())
    assert recorder.of(Mark) == []


@pytest.mark.parametrize("when", [0.5, 1.5, 3.5])
def test_cancelling_the_task_that_runs_a_session_cleans_up_and_is_not_swallowed(when: float) -> None:
    parts = [Member(1.0), Holds(10.0), Lingers("lingers")]

    async def main() -> float:
        session = Session()
        task = asyncio.create_task(perform(session, parts, feed(2.0, Note(1))))
        await asyncio.sleep(when)
        task.cancel()
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return session.now()

    assert run_virtual(main()) == when + 5.0
    assert [part.cleaned for part in parts if isinstance(part, Recorder)] == [1, 1]


def test_a_cancel_that_comes_during_the_cleanup_is_not_swallowed() -> None:
    lingers = Lingers("lingers")

    async def main() -> float:
        session = Session()
        task = asyncio.create_task(perform(session, [lingers], feed()))
        await asyncio.sleep(2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return session.now()

    assert run_virtual(main()) == 5.0
    assert lingers.cleaned == 1


class Asks(Processor):
    """Asks for an end from inside the pipeline."""

    def __init__(self, kind: type[Frame]) -> None:
        super().__init__()
        self.kind = kind

    @on(Ask, Alarm)
    def ask(self, frame: Ask | Alarm) -> None:
        self.push(self.kind(), upstream=True)


class HandlesEnd(Recorder):
    @on(EndFrame, StopFrame, CancelFrame)
    def end(self, frame: Frame) -> None:
        self.see(frame)


@pytest.mark.parametrize("kind", [EndFrame, StopFrame, CancelFrame])
@pytest.mark.parametrize("nest", [list, ParallelPipeline, SyncParallelPipeline])
def test_an_end_asked_for_from_inside_is_seen_once_and_not_held_up(kind: type[Frame], nest: Any) -> None:
    above, below = HandlesEnd("above"), HandlesEnd("below")
    asks = [Asks(kind)] if nest is list else nest([Asks(kind)], [Processor()])
    played = play([above, asks, Holds(3.0), below], feed(Note(1), Ask(1), then_end=False))
    assert names(above) == names(below) == ["StartFrame", kind.__name__]
    assert played.at == (0.0 if kind is CancelFrame else 3.0)


def test_a_request_to_end_passes_a_processor_suspended_on_a_downstream_frame() -> None:
    top, bottom = Recorder("top"), Recorder("bottom")
    played = play([top, Holds(30.0), Asks(EndFrame), bottom], feed(Note(1), 1.0, Alarm(1), then_end=False))
    assert top.of(EndFrame) == [EndFrame()]
    assert top.times[top.seen.index(EndFrame())] == 1.0
    assert bottom.seen[-2:] == [Note(1), EndFrame()]
    assert played.at == 30.0


class Fails(Processor):
    @on(Note, consumes=True)
    def note(self, frame: Note) -> None:
        self.fail(f"note {frame.tag}", fatal=frame.tag > 1)


def test_a_fatal_error_ends_the_session_gracefully_and_others_do_not() -> None:
    recorder = Recorder()
    played = play([Fails(), Holds(3.0), recorder], feed(Note(1), 20.0, Note(2), then_end=False))
    assert played.result.ended is Ended.FAILED
    assert played.result.reason == "note 2"
    assert [error.error for error in played.result.errors] == ["note 1", "note 2"]
    assert names(recorder) == ["StartFrame", "EndFrame"]


@pytest.mark.parametrize("verdict", list(Verdict))
def test_the_policy_decides_what_an_error_means(verdict: Verdict) -> None:
    seen: list[ErrorFrame] = []

    def policy(error: ErrorFrame) -> Verdict:
        seen.append(error)
        return verdict

    recorder = Recorder()
    steps = [Note(1), 1.0, Word(2)]
    played = play([Fails(), recorder], feed(*steps), session=Session(policy=policy))
    assert [error.error for error in seen] == ["note 1"]
    assert played.result.ended is (Ended.ENDED if verdict is Verdict.CONTINUE else Ended.FAILED)
    assert recorder.tags(Word) == ([2] if verdict is Verdict.CONTINUE else [])
    assert names(recorder)[-1] == ("CancelFrame" if verdict is Verdict.CANCEL else "EndFrame")


def test_a_policy_that_raises_ends_the_session() -> None:
    def policy(error: ErrorFrame) -> Verdict:
        raise KeyError(error.error)

    played = play([Fails()], feed(Note(1), then_end=False), session=Session(policy=policy))
    assert played.result.ended is Ended.FAILED


def test_a_session_ends_after_silence_and_activity_puts_that_off() -> None:
    from antiphon.frames import UserStartedSpeakingFrame

    steps = [6.0, UserStartedSpeakingFrame(), 6.0, Word(1), 60.0]
    played = play([Recorder()], feed(*steps), session=Session(limits=Limits(idle=10.0)))
    assert played.at == 16.0
    assert played.result.reason == "nothing happened for 10 s"


def test_upstream_handlers_of_an_end_need_not_be_declared_for_it() -> None:
    class OnlyUp(Recorder):
        @on(EndFrame, direction=Direction.UPSTREAM)
        def end(self, frame: EndFrame) -> None:
            raise AssertionError("a request to end is the session's matter")

    played = play([OnlyUp(), Asks(EndFrame)], feed(Ask(1), then_end=False))
    assert played.result.errors == ()


class AsksBack(Processor):
    """Answers a prompt only when the note that it asks for, upstream, has come back down: as tools do."""

    def __init__(self) -> None:
        super().__init__()
        self.came: asyncio.Future[None] | None = None

    @on(Prompt)
    def prompt(self, frame: Prompt) -> None:
        self.came = asyncio.get_running_loop().create_future()
        self.spawn(self.work(self.came))

    async def work(self, came: asyncio.Future[None]) -> None:
        self.push(Note(1), upstream=True)
        await came
        self.push(Note(2))

    @on(Word, direction=Direction.DOWNSTREAM)
    def result(self, frame: Word) -> None:
        if self.came is not None:
            self.came.set_result(None)


class FetchesSlowly(Processor):
    """Opens a response for each Ask; for a note from below it sends a word down, a second later."""

    @on(Ask)
    def ask(self, frame: Ask) -> None:
        with self.respond() as response:
            self.push(Prompt(frame.tag, response=response.id))

    @on(Note, direction=Direction.UPSTREAM)
    def fetch(self, frame: Note) -> None:
        self.spawn_background(self.later())

    async def later(self) -> None:
        await asyncio.sleep(1)
        self.push(Word(1))


@pytest.mark.parametrize("how", ["end", "stop"])
def test_an_end_does_not_block_the_ordered_frames_that_a_response_waits_for(how: str) -> None:
    async def script(session: Session) -> None:
        session.receive(Ask(1))
        getattr(session, how)("bye")

    recorder = Recorder()
    played = play([FetchesSlowly(), AsksBack(), recorder], script)
    assert recorder.tags(Note) == [2]
    assert recorder.seen[-1].name == {"end": "EndFrame", "stop": "StopFrame"}[how]
    assert played.at == 1.0


class OpensAndHolds(Processor):
    """Opens a response that never ends by itself: one that is certain, or one behind the gate."""

    @on(Ask)
    def ask(self, frame: Ask) -> None:
        self.respond(gated=frame.tag == 0).hold()


def test_an_end_undoes_what_waits_behind_the_gate() -> None:
    recorder = Recorder()
    played = play([OpensAndHolds(), recorder], feed(Ask(0)))
    assert [end.outcome for end in recorder.of(ResponseEndedFrame)] == [Outcome.ROLLED_BACK]
    assert (played.result.ended, played.at) == (Ended.ENDED, 0.0)


def test_a_response_that_never_ends_is_named_when_the_end_is_overdue() -> None:
    played = play([OpensAndHolds(), Recorder()], feed(Ask(1)))
    assert "held by response 1" in played.result.reason
    assert (played.result.ended, played.at) == (Ended.CANCELLED, 60.0)
