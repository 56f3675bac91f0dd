"""Generated pipelines and scripts, as plain data that can be built anew for every run.

A plan is a tree: a `Kind` of worker, a line of plans, or branches of plans. `count_out` says from the plan
alone how many frames come out for one that goes in: the properties compare sessions with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any, NamedTuple

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from antiphon.frames import Frame
from antiphon.pipeline import ParallelPipeline, Switch, SyncParallelPipeline
from effort import examples
from engine.kit import Alarm, Log, Mark, Note, Word
from engine.workers import TEMPERS, Kind


def contract(number: int) -> settings:
    """Hypothesis settings of a property that so many examples are enough for, if there is time."""
    return settings(examples(number), suppress_health_check=[HealthCheck.too_slow])


class Line(NamedTuple):
    """One after the other."""

    parts: tuple[Plan, ...]


class Branches(NamedTuple):
    """Side by side: parallel, together (sync-parallel) or switch (the first branch is active)."""

    form: str
    branches: tuple[Plan, ...]


Plan = Kind | Line | Branches

DELAYS = (0.0, 0.001, 0.01, 0.1)
SEEDS = st.one_of(st.none(), st.integers(0, 2**16))


def kinds(*tempers: str) -> st.SearchStrategy[Kind]:
    return st.builds(Kind, st.sampled_from(tempers), st.integers(1, 3), st.sampled_from(DELAYS))


def plans(
    tempers: tuple[str, ...] = tuple(TEMPERS), forms: tuple[str, ...] = ("parallel", "together", "switch")
) -> st.SearchStrategy[Line]:
    """A line of workers and branches, nested up to a few levels."""

    def wider(inner: st.SearchStrategy[Plan]) -> st.SearchStrategy[Plan]:
        line = st.builds(Line, st.lists(inner, max_size=2).map(tuple))
        branch = st.builds(
            Branches, st.sampled_from(forms), st.lists(inner, min_size=1, max_size=3).map(tuple)
        )
        return st.one_of(line, branch) if forms else line

    tree: st.SearchStrategy[Plan] = st.recursive(kinds(*tempers), wider, max_leaves=5)
    return st.builds(Line, st.lists(tree, min_size=1, max_size=3).map(tuple))


def build(plan: Plan, log: Log, numbers: Iterator[int] | None = None) -> Any:
    """Fresh processors for a plan; workers are numbered in order."""
    numbers = numbers or count()
    if isinstance(plan, Kind):
        return TEMPERS[plan.temper](f"{plan.temper}{next(numbers)}", plan, log)
    if isinstance(plan, Line):
        return [build(part, log, numbers) for part in plan.parts]
    branches = [build(branch, log, numbers) for branch in plan.branches]
    if plan.form == "switch":
        return Switch({str(number): branch for number, branch in enumerate(branches)})
    return ParallelPipeline(*branches) if plan.form == "parallel" else SyncParallelPipeline(*branches)


class Outcome(NamedTuple):
    """What comes out for one frame that goes in: the frame itself or not, new frames, errors raised."""

    itself: bool
    new: int
    errors: int

    @property
    def total(self) -> int:
        return self.new + self.itself


def count_out(plan: Plan, tag: int) -> Outcome:
    """What a plan makes of one note or word with this tag."""
    if isinstance(plan, Kind):
        return _of_worker(plan, tag)
    if isinstance(plan, Line):
        out = Outcome(True, 0, 0)
        for part in plan.parts:
            once = count_out(part, tag)
            errors = out.errors + out.total * once.errors
            out = Outcome(out.itself and once.itself, out.new * once.itself + out.total * once.new, errors)
        return out
    branches = plan.branches[:1] if plan.form == "switch" else plan.branches
    outs = [count_out(branch, tag) for branch in branches]
    return Outcome(any(o.itself for o in outs), sum(o.new for o in outs), sum(o.errors for o in outs))


def _of_worker(kind: Kind, tag: int) -> Outcome:
    if kind.temper == "idle":
        return Outcome(True, 0, 0)
    if kind.temper == "failing" and tag % kind.number == 0:
        return Outcome(False, 0, 1)
    return Outcome(False, kind.number if kind.temper in ("many", "stream", "delegating") else 1, 0)


class Step(NamedTuple):
    """Something from outside: wait, then send a frame of a kind with a tag."""

    gap: float
    kind: str
    tag: int

    def frame(self) -> Frame:
        return {"note": Note, "word": Word, "mark": Mark, "alarm": Alarm}[self.kind](self.tag)


def scripts(*kinds_: str, size: int = 6) -> st.SearchStrategy[list[Step]]:
    """Steps with rising tags."""
    bare = st.tuples(st.sampled_from(DELAYS), st.sampled_from(kinds_ or ("note", "word")))
    listed = st.lists(bare, min_size=1, max_size=size)
    return listed.map(lambda steps: [Step(gap, kind, tag) for tag, (gap, kind) in enumerate(steps)])


def flat(steps: list[Step]) -> list[Frame | float]:
    """Steps as `feed` takes them."""
    return [part for step in steps for part in (step.gap, step.frame())]
