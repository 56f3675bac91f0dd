"""The engine contract, lines 1 to 3, 6, 7, 10 and 11: properties over generated pipelines in virtual time.

Lines 4 and 5 are in `test_contract_responses`, line 9 in `test_bounds`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from antiphon.frames import EndFrame
from antiphon.pipeline import SyncParallelPipeline
from antiphon.session import Ended, Limits, Session
from engine.kit import Alarm, Log, Mark, Note, Play, Recorder, Word, examples, feed, play
from engine.strategies import (
    SEEDS,
    Branches,
    Plan,
    Step,
    build,
    contract,
    count_out,
    flat,
    kinds,
    plans,
    scripts,
)

ORDERLY = ("idle", "quick", "many", "echo", "slow", "stream", "failing")
PATIENT = Limits(end=10_000, failure=10_000)


def run(
    line: str, plan: Plan, steps: list[Step], seed: int | None, log: Log | None = None
) -> tuple[Play, Recorder]:
    """One example: the plan between nothing and a recorder, the steps from outside, a graceful end."""
    examples[line] += 1
    recorder = Recorder()
    parts = [build(plan, log or Log()), recorder]
    return play(parts, feed(*flat(steps)), seed=seed, session=Session(limits=PATIENT)), recorder


@contract(80)
@given(plans(ORDERLY), scripts(), SEEDS)
def test_order_what_a_causes_leaves_before_what_b_causes(
    plan: Plan, steps: list[Step], seed: int | None
) -> None:
    _, recorder = run("order", plan, steps, seed)
    by_path: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for frame in recorder.of(Note, Word):
        by_path[frame.path].append(frame.tag)
    for tags in by_path.values():
        assert tags == sorted(tags)


@contract(40)
@given(plans(ORDERLY, ("together", "switch")), scripts(), SEEDS)
def test_order_holds_over_all_paths_where_branches_do_not_race(
    plan: Plan, steps: list[Step], seed: int | None
) -> None:
    _, recorder = run("order", plan, steps, seed)
    tags = recorder.tags(Note, Word)
    assert tags == sorted(tags)


@contract(40)
@given(plans(), scripts(), SEEDS)
def test_order_each_processor_handles_one_frame_at_a_time(
    plan: Plan, steps: list[Step], seed: int | None
) -> None:
    log = Log()
    run("order", plan, steps, seed, log)
    busy: set[str] = set()
    for event in log.of("begin", "finish"):
        assert (event.who in busy) == (event.what == "finish")
        busy ^= {event.who}


@contract(40)
@given(plans(ORDERLY, ("together", "switch")), scripts("note", "mark"), SEEDS)
def test_pass_along_unhandled_frames_come_out_unchanged_and_in_order(
    plan: Plan, steps: list[Step], seed: int | None
) -> None:
    _, recorder = run("pass along", plan, steps, seed)
    tags = recorder.tags(Mark, Note)
    assert tags == sorted(tags)
    assert recorder.of(Mark) == [Mark(step.tag) for step in steps if step.kind == "mark"]


@contract(40)
@given(plans(), st.integers(1, 5), SEEDS)
def test_pass_along_every_frame_comes_out_once_of_any_branches(
    plan: Plan, number: int, seed: int | None
) -> None:
    steps = [Step(0.001, "mark", tag) for tag in range(number)]
    _, recorder = run("pass along", plan, steps, seed)
    assert recorder.tags(Mark) == list(range(number))


@contract(40)
@given(plans(forms=("parallel", "together")), scripts("note", "word", "alarm"), SEEDS)
def test_urgency_alarms_are_handled_in_the_instant_they_come(
    plan: Plan, steps: list[Step], seed: int | None
) -> None:
    log = Log()
    run("urgency", plan, steps, seed, log)
    sent: dict[int, float] = {}
    now = 0.0
    for step in steps:
        now += step.gap
        sent[step.tag] = now
    workers = {event.who for event in log.of("alarm")}
    outside = {step.tag for step in steps if step.kind == "alarm"}
    for who in workers:
        heard = [event for event in log.of("alarm", who=who) if event.tag in outside]
        assert {event.tag for event in heard} == outside
        assert all(abs(event.at - sent[event.tag]) < 1e-9 for event in heard)


@contract(40)
@given(plans(("quick", "many", "echo", "idle")), scripts("note", "word", "alarm"), SEEDS)
def test_urgency_never_in_the_middle_of_a_synchronous_handler(
    plan: Plan, steps: list[Step], seed: int | None
) -> None:
    log = Log()
    run("urgency", plan, steps, seed, log)
    inside: set[str] = set()
    for event in log.of("begin", "finish", "alarm"):
        assert event.what == "finish" or event.who not in inside
        if event.what != "alarm":
            inside ^= {event.who}


@contract(80)
@given(plans(), scripts(), SEEDS)
def test_end_lets_all_that_is_ahead_of_it_finish(plan: Plan, steps: list[Step], seed: int | None) -> None:
    played, recorder = run("end", plan, steps, seed)
    assert played.result.ended is Ended.ENDED
    assert played.result.late == ()
    assert played.leftover == []
    counted = Counter(frame.tag for frame in recorder.before_end() if isinstance(frame, (Note, Word)))
    assert counted == +Counter({step.tag: count_out(plan, step.tag).total for step in steps})
    assert recorder.tags(Note, Word) == [f.tag for f in recorder.before_end() if isinstance(f, (Note, Word))]
    assert len(recorder.of(EndFrame)) == 1
    assert {part.cleaned for part in played.session.processors if hasattr(part, "cleaned")} == {1}  # type: ignore[attr-defined]


@contract(80)
@given(plans(), scripts(), st.integers(0, 40), st.sampled_from(["cancel", "end", "stop"]), SEEDS)
def test_end_at_every_point_leaves_nothing_behind(
    plan: Plan, steps: list[Step], point: int, how: str, seed: int | None
) -> None:
    examples["end"] += 1
    log, recorder, session = Log(), Recorder(), Session(limits=PATIENT)
    log.trip(point, lambda: getattr(session, how)("enough"))
    played = play([build(plan, log), recorder], feed(*flat(steps), 1.0), seed=seed, session=session)
    tripped = len(log.events) > point
    expected = {"cancel": Ended.CANCELLED, "end": Ended.ENDED, "stop": Ended.STOPPED}[how]
    assert played.result.ended is (expected if tripped else Ended.ENDED)
    assert played.leftover == []
    assert played.result.late == ()
    assert recorder.cleaned == 1


@contract(40)
@given(plans(), scripts(), SEEDS)
def test_errors_are_reported_by_name_and_survived(plan: Plan, steps: list[Step], seed: int | None) -> None:
    played, recorder = run("errors", plan, steps, seed)
    errors = played.result.errors
    assert len(errors) == sum(count_out(plan, step.tag).errors for step in steps)
    for error in errors:
        assert error.error.startswith(f"{error.processor} cannot stand ")
        assert error.frame in ("Note", "Word")
    assert len(recorder.of(Note, Word)) == sum(count_out(plan, step.tag).total for step in steps)


@contract(40)
@given(plans(), scripts("note", "word", "alarm", "mark"), SEEDS)
def test_deterministic_same_seed_same_everything(plan: Plan, steps: list[Step], seed: int | None) -> None:
    logs = [Log(), Log()]
    recorders = [run("deterministic", plan, steps, seed, log)[1] for log in logs]
    assert logs[0].events == logs[1].events
    assert repr(recorders[0].seen) == repr(recorders[1].seen)
    assert recorders[0].times == recorders[1].times


@contract(80)
@given(st.lists(plans(), min_size=1, max_size=3), scripts(), SEEDS)
def test_together_what_one_frame_causes_leaves_as_one_group(
    branches: list[Plan], steps: list[Step], seed: int | None
) -> None:
    plan = Branches("together", tuple(branches))
    _, recorder = run("together", plan, steps, seed)
    tags = recorder.tags(Note, Word)
    assert tags == sorted(tags)
    moments: dict[int, set[float]] = defaultdict(set)
    for frame, at in zip(recorder.seen, recorder.times, strict=True):
        if isinstance(frame, (Note, Word)):
            moments[frame.tag].add(at)
    assert all(len(at) == 1 for at in moments.values())


@contract(40)
@given(st.lists(kinds("slow", "stream", "delegating", "quick"), min_size=2, max_size=3), scripts(), SEEDS)
def test_together_the_first_branch_comes_first_in_a_group(
    workers: list[Plan], steps: list[Step], seed: int | None
) -> None:
    examples["together"] += 1
    log, recorder = Log(), Recorder()
    branches = [build(worker, log) for worker in workers]
    for number, branch in enumerate(branches):
        branch.name = str(number)
    play([SyncParallelPipeline(*branches), recorder], feed(*flat(steps)), seed=seed)
    order = [(frame.tag, frame.path) for frame in recorder.of(Note, Word)]
    assert all(before <= after for before, after in pairwise(order))


@contract(30)
@given(plans(), scripts("alarm"), SEEDS)
def test_urgency_alarms_come_out_once(plan: Plan, steps: list[Step], seed: int | None) -> None:
    _, recorder = run("urgency", plan, steps, seed)
    assert recorder.tags(Alarm) == [step.tag for step in steps]
