"""The engine contract, lines 4 (cancel) and 5 (once): responses cut at every possible point."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from antiphon.dispatch import on
from antiphon.frames import Frame, Outcome, ResponseEndedFrame, ResponseStartedFrame
from antiphon.processor import Processor
from antiphon.session import Limits, Session
from engine.kit import Ask, Event, Log, Note, Play, Prompt, Recorder, Word, examples, feed, play
from engine.strategies import SEEDS, Kind, Plan, Step, build, contract, flat, kinds, plans, scripts
from engine.workers import Answerer, Responder

PATIENT = Limits(end=10_000, failure=10_000)
STEADY = ("idle", "quick", "many", "echo", "slow", "stream", "delegating")
SPEECH = st.lists(st.tuples(st.sampled_from([0.0, 0.005, 0.05]), st.booleans()), min_size=1, max_size=4)


def conversation(gaps: list[tuple[float, bool]]) -> list[Frame | float]:
    """Questions (True) and words (False) from outside, with pauses."""
    steps: list[Frame | float] = []
    for tag, (gap, ask) in enumerate(gaps):
        steps += [gap, Ask(tag) if ask else Word(tag)]
    return steps


def converse(
    line: str,
    plan: Plan,
    kind: Kind,
    steps: list[Frame | float],
    seed: int | None,
    interrupt: Callable[[Session, Log], None] | None = None,
) -> tuple[Play, Log, Recorder, Recorder]:
    """One example: a responder and an answerer above the plan, recorders at both ends."""
    examples[line] += 1
    log = Log()
    top, bottom = Recorder("top", log), Recorder("bottom", log)
    session = Session(limits=PATIENT)
    if interrupt is not None:
        interrupt(session, log)
    parts = [
        top,
        Responder("responder", kind, log),
        Answerer("answerer", kind, log),
        build(plan, log),
        bottom,
    ]
    return play(parts, feed(*steps, 0.05), seed=seed, session=session), log, top, bottom


def cut_at_event(point: int) -> Callable[[Session, Log], None]:
    """Cancel all responses in the very moment of the n-th event, from inside whatever is running."""

    def interrupt(session: Session, log: Log) -> None:
        log.trip(point, lambda: cut(session, log))

    return interrupt


def cut_at_time(moment: float) -> Callable[[Session, Log], None]:
    """Cancel all responses at a moment on the clock."""

    def interrupt(session: Session, log: Log) -> None:
        def arm() -> None:
            session.clock.at(moment, lambda: cut(session, log))

        log.trip(0, arm)

    return interrupt


def cut(session: Session, log: Log) -> None:
    numbers = sorted(session.responses.live)
    session.responses.cancel_all(reason="cut")
    for number in numbers:
        log.add(Event("cut", "test", -1, number, session.now()))


def check_nothing_reaches_a_handler_after_the_cut(log: Log) -> None:
    """Nothing of a response begins after its cut; no task of it takes a step after its end."""
    dead: set[int | None] = set()
    over: set[int | None] = set()
    for event in log.events:
        if event.what == "cut":
            dead.add(event.response)
        elif event.what == "end":
            over.add(event.response)
        elif event.what in ("begin", "out"):
            assert event.response is None or event.response not in dead
        elif event.what == "step":
            assert event.response is None or event.response not in over


def check_each_response_starts_and_ends_once(play_: Play, *recorders: Recorder) -> None:
    for recorder in recorders:
        begun: list[int] = []
        ended: list[int] = []
        for frame in recorder.of(ResponseStartedFrame, ResponseEndedFrame):
            if isinstance(frame, ResponseStartedFrame):
                begun.append(frame.id)
            else:
                assert frame.id in begun
                ended.append(frame.id)
        assert len(set(begun)) == len(begun)
        assert sorted(ended) == sorted(begun)
    assert play_.session.responses.live == {}
    assert play_.session.responses.ending == {}
    assert play_.leftover == []


WORK = kinds("answer")


@contract(80)
@given(plans(), WORK, SPEECH, st.integers(0, 60), SEEDS)
def test_cancel_from_inside_at_every_event(
    plan: Plan, kind: Kind, gaps: list[tuple[float, bool]], point: int, seed: int | None
) -> None:
    played, log, top, bottom = converse("cancel", plan, kind, conversation(gaps), seed, cut_at_event(point))
    check_nothing_reaches_a_handler_after_the_cut(log)
    check_each_response_starts_and_ends_once(played, top, bottom)
    assert played.result.late == ()


@contract(80)
@given(plans(), WORK, SPEECH, st.integers(0, 120), SEEDS)
def test_cancel_at_every_instant(
    plan: Plan, kind: Kind, gaps: list[tuple[float, bool]], half_milliseconds: int, seed: int | None
) -> None:
    interrupt = cut_at_time(half_milliseconds * 0.0005)
    played, log, top, bottom = converse("cancel", plan, kind, conversation(gaps), seed, interrupt)
    check_nothing_reaches_a_handler_after_the_cut(log)
    check_each_response_starts_and_ends_once(played, top, bottom)


@contract(50)
@given(plans(STEADY), WORK, SPEECH, st.integers(0, 60), SEEDS)
def test_cancel_leaves_everything_else_untouched(
    plan: Plan, kind: Kind, gaps: list[tuple[float, bool]], point: int, seed: int | None
) -> None:
    steps = conversation(gaps)
    _, _, _, left_alone = converse("cancel", plan, kind, steps, seed)
    _, _, _, interrupted = converse("cancel", plan, kind, steps, seed, cut_at_event(point))
    expected = sorted((word.tag, word.path) for word in left_alone.of(Word))
    assert sorted((word.tag, word.path) for word in interrupted.of(Word)) == expected


@contract(50)
@given(plans(STEADY), WORK, SPEECH, SEEDS)
def test_once_uncut_responses_complete_with_all_their_output(
    plan: Plan, kind: Kind, gaps: list[tuple[float, bool]], seed: int | None
) -> None:
    played, _, top, bottom = converse("once", plan, kind, conversation(gaps), seed)
    check_each_response_starts_and_ends_once(played, top, bottom)
    ends = bottom.of(ResponseEndedFrame)
    assert [end.outcome for end in ends] == [Outcome.COMPLETED] * len(ends)
    last_note: dict[int | None, int] = {}
    for index, frame in enumerate(bottom.seen):
        if isinstance(frame, Note):
            last_note[frame.response] = index
        elif isinstance(frame, ResponseEndedFrame):
            assert last_note.pop(frame.id, -1) < index
    assert last_note == {}


@contract(50)
@given(plans(), WORK, SPEECH, st.integers(0, 60), st.sampled_from(["cancel", "end", "stop"]), SEEDS)
def test_once_however_the_session_ends(
    plan: Plan, kind: Kind, gaps: list[tuple[float, bool]], point: int, how: str, seed: int | None
) -> None:
    def interrupt(session: Session, log: Log) -> None:
        log.trip(point, lambda: getattr(session, how)("enough"))

    played, _, top, bottom = converse("once", plan, kind, conversation(gaps), seed, interrupt)
    check_each_response_starts_and_ends_once(played, top, bottom)


class CancelsOnStart(Processor):
    """Cancels every response as soon as it hears of its start."""

    @on(ResponseStartedFrame)
    def refuse(self, frame: ResponseStartedFrame) -> Frame:
        self.session.responses.cancel(frame.id, Outcome.ROLLED_BACK, "not now")
        return frame


@contract(20)
@given(st.booleans(), st.booleans(), st.integers(1, 3), SEEDS)
def test_once_also_when_a_listener_cancels_it_on_its_start(
    above: bool, below: bool, asks: int, seed: int | None
) -> None:
    examples["once"] += 1
    log, kind = Log(), Kind("answer", 1, 0.0)
    recorders = [Recorder("top"), Recorder("middle"), Recorder("bottom")]
    refusing = [CancelsOnStart("above")] if above else [], [CancelsOnStart("below")] if below else []
    parts = [recorders[0], *refusing[0], Responder("r", kind, log), recorders[1], *refusing[1], recorders[2]]
    played = play(parts, feed(*(Ask(tag) for tag in range(asks))), seed=seed)
    check_each_response_starts_and_ends_once(played, *recorders)
    if above or below:
        assert {end.outcome for end in recorders[2].of(ResponseEndedFrame)} == {Outcome.ROLLED_BACK}
        assert recorders[2].of(Note, Prompt) == []


@contract(40)
@given(plans(), scripts(), WORK, SEEDS)
def test_a_response_can_be_uninterruptible(
    plan: Plan, steps: list[Step], kind: Kind, seed: int | None
) -> None:
    examples["cancel"] += 1
    log = Log()

    class Insisting(Responder):
        @on(Ask)
        def answer(self, frame: Ask) -> None:
            with self.respond(interruptible=False) as response:
                self.push(Prompt(frame.tag, response=response.id))
            self.session.responses.cancel_all()

    bottom = Recorder("bottom")
    parts = [Insisting("r", kind, log), Answerer("a", kind, log), build(plan, log), bottom]
    played = play(parts, feed(Ask(1), *flat(steps)), seed=seed, session=Session(limits=PATIENT))
    check_each_response_starts_and_ends_once(played, bottom)
    assert [end.outcome for end in bottom.of(ResponseEndedFrame)] == [Outcome.COMPLETED]
