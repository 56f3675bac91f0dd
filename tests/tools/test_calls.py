"""Which call begins when. Lists in, lists out; and any order of events at all."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from antiphon.context import ToolCall
from antiphon.tools import CallGroup, Order, Step, ToolKind, ToolOutcome
from effort import examples

PURE, EFFECTFUL, BACKGROUND = ToolKind.PURE, ToolKind.EFFECTFUL, ToolKind.BACKGROUND


def call(name: str) -> ToolCall:
    return ToolCall(name, name, {})


def done(name: str) -> ToolOutcome:
    return ToolOutcome(call(name), "ok")


def names(calls: tuple[ToolCall, ...]) -> str:
    return "".join(call.id for call in calls)


def group(kinds: dict[str, ToolKind], **options: Any) -> tuple[CallGroup, Step]:
    made = CallGroup(**options)
    return made, made.add([(call(name), kind) for name, kind in kinds.items()])


def test_parallel_calls_begin_at_once_and_the_model_is_asked_once_after_all() -> None:
    calls, step = group({"a": EFFECTFUL, "b": PURE})
    assert (names(step.start), step.infer) == ("ab", False)
    assert calls.close() == Step()
    assert calls.finish(done("b")) == Step(results=(done("b"),))
    assert calls.finish(done("a")) == Step(results=(done("a"),), infer=True)
    assert calls.complete


def test_the_model_is_not_asked_while_the_answer_may_still_ask_for_more() -> None:
    calls, _ = group({"a": PURE})
    assert not calls.finish(done("a")).infer
    assert calls.close().infer


def test_an_answer_without_calls_asks_for_nothing() -> None:
    calls = CallGroup()
    assert calls.close() == Step()
    assert calls.complete


def test_ordered_calls_wait_for_each_other() -> None:
    calls, step = group({"a": EFFECTFUL, "b": PURE, "c": PURE}, order=Order.ORDERED)
    assert names(step.start) == "a"
    assert names(calls.finish(done("a")).start) == "b"
    assert names(calls.finish(done("b")).start) == "c"


def test_behind_a_closed_gate_only_pure_calls_begin() -> None:
    calls, step = group({"a": EFFECTFUL, "b": PURE, "c": BACKGROUND}, gate_open=False)
    assert names(step.start) == "b"
    calls.close()
    assert not calls.finish(done("b")).infer
    step = calls.open_gate()
    assert (names(step.start), names(step.background)) == ("ac", "c")


def test_behind_a_closed_gate_order_holds() -> None:
    calls, step = group({"a": EFFECTFUL, "b": PURE}, gate_open=False, order=Order.ORDERED)
    assert step.start == ()
    assert names(calls.open_gate().start) == "a"


def test_nothing_waits_for_a_background_call() -> None:
    calls, step = group({"a": BACKGROUND, "b": PURE}, order=Order.ORDERED)
    assert (names(step.start), names(step.background)) == ("ab", "a")
    calls.close()
    assert calls.finish(done("b")).infer
    assert not calls.complete
    assert calls.finish(done("a")) == Step(late=(done("a"),))
    assert calls.complete


def test_after_a_cancellation_what_waits_never_runs_and_what_changes_something_goes_on() -> None:
    calls, _ = group({"a": EFFECTFUL, "b": EFFECTFUL}, order=Order.ORDERED)
    assert calls.cancel() == Step()
    assert calls.finish(done("a")) == Step(results=(done("a"),))
    assert calls.complete
    assert calls.open_gate() == calls.add([(call("z"), PURE)]) == calls.close() == Step()


def test_a_cancellation_stops_pure_calls() -> None:
    calls, _ = group({"a": PURE, "b": EFFECTFUL})
    assert names(calls.cancel().stop) == "a"
    assert calls.finish(done("a")) == Step()
    assert names(calls.running) == "b"


def test_the_same_call_twice_is_one_call() -> None:
    calls, _ = group({"a": PURE})
    assert calls.add([(call("a"), PURE)]) == Step()


def test_misuse_is_refused() -> None:
    calls, _ = group({"a": EFFECTFUL}, gate_open=False)
    with pytest.raises(ValueError, match="never begun"):
        calls.finish(done("a"))
    calls.close()
    with pytest.raises(ValueError, match="whole"):
        calls.add([(call("b"), PURE)])


class AnyOrderOfEvents(RuleBasedStateMachine):
    """Checks every promise from outside, knowing only what it said and what it was told to do."""

    def __init__(self) -> None:
        super().__init__()
        self.kinds: dict[str, ToolKind] = {}
        self.group = CallGroup()
        self.gate_open = True
        self.ordered = False
        self.closed = self.cancelled = self.fresh = False
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.inferences = 0

    @rule(ordered=st.booleans(), gate_open=st.booleans())
    @precondition(lambda self: not self.fresh and not self.kinds and not self.closed and not self.cancelled)
    def begin(self, ordered: bool, gate_open: bool) -> None:
        self.group = CallGroup(order=Order.ORDERED if ordered else Order.PARALLEL, gate_open=gate_open)
        self.ordered, self.gate_open, self.fresh = ordered, gate_open, True

    @rule(kinds=st.lists(st.sampled_from(ToolKind), max_size=3))
    @precondition(lambda self: not self.closed)
    def ask(self, kinds: list[ToolKind]) -> None:
        new = {f"c{len(self.kinds) + index}": kind for index, kind in enumerate(kinds)}
        if not self.cancelled:
            self.kinds |= new
        self.follow(self.group.add([(call(name), kind) for name, kind in new.items()]))

    @rule()
    def close(self) -> None:
        self.closed = True
        self.follow(self.group.close())

    @rule()
    def open(self) -> None:
        self.gate_open = True
        self.follow(self.group.open_gate())

    @rule(data=st.data())
    @precondition(lambda self: self.open_calls)
    def finish(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(self.open_calls))
        self.ended.append(name)
        step = self.group.finish(done(name))
        assert [outcome.call.id for outcome in (*step.results, *step.late)] == [name]
        assert bool(step.late) is (self.kinds[name] is BACKGROUND)
        self.follow(step)

    @rule()
    def cancel(self) -> None:
        self.cancelled = True
        self.follow(self.group.cancel())

    @property
    def open_calls(self) -> list[str]:
        return [name for name in self.begun if name not in self.ended]

    def follow(self, step: Step) -> None:
        for stopped in step.stop:
            assert stopped.id in self.open_calls
            assert self.kinds[stopped.id] is PURE
            self.ended.append(stopped.id)
        for begun in step.start:
            assert not self.cancelled
            assert self.gate_open or self.kinds[begun.id] is PURE
            if self.ordered:
                assert not [name for name in self.open_calls if self.kinds[name] is not BACKGROUND]
            self.begun.append(begun.id)
        self.inferences += step.infer

    @invariant()
    def no_call_runs_twice_or_ends_twice(self) -> None:
        assert len(self.begun) == len(set(self.begun))
        assert len(self.ended) == len(set(self.ended))
        assert names(self.group.running) == "".join(sorted(self.open_calls, key=list(self.kinds).index))

    @invariant()
    def none_is_lost(self) -> None:
        if not self.cancelled:
            assert {*self.begun, *(call.id for call in self.group.waiting)} == set(self.kinds)
        if not self.cancelled and self.gate_open and not self.open_calls:
            assert self.begun == list(self.kinds)

    @invariant()
    def one_inference_when_all_that_is_awaited_has_ended(self) -> None:
        awaited = [
            name for name, kind in self.kinds.items() if kind is not BACKGROUND or name not in self.begun
        ]
        assert self.inferences <= 1
        if self.inferences and not self.cancelled:
            assert set(awaited) <= set(self.ended)
        if self.closed and self.kinds and not self.cancelled and set(awaited) <= set(self.ended):
            assert self.inferences == 1

    @invariant()
    def complete_means_that_nothing_is_left(self) -> None:
        if self.group.complete:
            assert not self.open_calls
            assert self.group.waiting == ()


TestAnyOrderOfEvents = AnyOrderOfEvents.TestCase
TestAnyOrderOfEvents.settings = settings(examples(60), stateful_step_count=25)
