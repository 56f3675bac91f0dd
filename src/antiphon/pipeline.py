"""Pipelines: processors connected. A pipeline is itself a processor, so pipelines nest.

- `Pipeline`: one after the other.
- `ParallelPipeline`: every branch sees every frame, each at its own pace. A frame passed along unchanged
  comes out once, at its first emergence; start, end and stop come out when all branches let them through.
- `SyncParallelPipeline`: all that one frame causes in every branch leaves as one group, in order.
- `Switch`: ordered frames go through one of several branches, chosen while it runs.

The branching kinds are made of junctions: a fork, where a frame goes into the branches, and a merge, where it
comes out. Junctions do no work of their own; they never wait and never drop.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from antiphon.dispatch import NOT_CONNECTED, Lane, Table, deliver
from antiphon.frames import Frame, ManuallySwitchServiceFrame
from antiphon.node import INBOX_CAPACITY, Node, Waiting
from antiphon.processor import Ends, Processor
from antiphon.response import CURRENT_ACTIVITY, Activity, Response

if TYPE_CHECKING:
    from antiphon.session import Session


Host = Callable[[object], Processor | None]
"""Makes a processor of something that is not one (a service), or says None."""

_hosts: list[Host] = []


def register_host(host: Host) -> None:
    """Let pipelines accept more kinds of things. `antiphon.services` registers the hosts of services."""
    _hosts.append(host)


def as_processor(part: object) -> Processor:
    """`part` as a processor: itself, a list as a pipeline, a service in its host.

    Raises TypeError, saying what was found, for anything else.
    """
    if isinstance(part, Processor):
        return part
    if isinstance(part, (list, tuple)):
        return Pipeline(cast(Sequence[object], part))
    for host in _hosts:
        processor = host(part)
        if processor is not None:
            return processor
    found = f"the class {part.__name__} (make an instance of it)" if isinstance(part, type) else repr(part)
    raise TypeError(f"a pipeline is made of processors and services, not of {found}")


class Pipeline(Processor):
    """Processors one after the other. Services are put into their hosts."""

    def __init__(self, processors: Sequence[object], name: str | None = None) -> None:
        super().__init__(name)
        self.processors = [as_processor(part) for part in processors]
        if not self.processors:
            self.processors.append(Processor(f"{self.name} (empty)"))

    def _ends(self) -> Ends:
        first, last = self.processors[0]._ends(), self.processors[-1]._ends()
        return Ends(first.first_down, last.last_down, last.first_up, first.last_up)

    def _parts(self) -> list[Processor]:
        return [part for processor in self.processors for part in processor._parts()]

    def _attach(self, session: Session) -> None:
        super()._attach(session)
        for processor in self.processors:
            processor._attach(session)
        for before, after in zip(self.processors, self.processors[1:], strict=False):
            session.link(before, after)


class _Junction:
    """A lane in which every frame arrives: where branches begin or end."""

    def __init__(self, owner: Node, *, upstream: bool) -> None:
        self.lane = Lane(owner, Table(lambda kind: self), upstream=upstream)

    def arrive(self, frame: Frame) -> None:
        raise NotImplementedError


class _Fork(_Junction):
    """Gives each frame to the branches, one frame at a time.

    A branch may cause the next frame while this one is still being given out; that one waits, or it would
    reach the later branches first.
    """

    def __init__(self, owner: Branching, *, upstream: bool) -> None:
        super().__init__(owner._node, upstream=upstream)
        self.owner = owner
        self.merge = _Merge(owner, self, upstream=upstream)
        self.entries: list[Lane] = []
        self.waiting: deque[Waiting] = deque()
        self.busy = False

    def arrive(self, frame: Frame) -> None:
        if self.busy:
            self.keep(frame)
            return
        self.busy = True
        try:
            self.give_out(frame)
            while self.waiting:
                self.resume(self.waiting.popleft())
        finally:
            self.busy = False

    def keep(self, frame: Frame) -> None:
        response = self.owner.session.responses.get(frame.response)
        entry = Waiting(self.lane, frame, CURRENT_ACTIVITY.get(), response)
        entry.hold()
        self.waiting.append(entry)

    def resume(self, entry: Waiting) -> None:
        """Give out a frame that had to wait, on behalf of what caused it."""
        token = CURRENT_ACTIVITY.set(entry.activity)
        try:
            self.give_out(entry.frame)
        finally:
            CURRENT_ACTIVITY.reset(token)
            entry.release()

    def give_out(self, frame: Frame) -> None:
        self.merge.expect(frame)
        for branch in self.owner.route(frame):
            deliver(self.entries[branch], frame)


class _Passage:
    """How often one frame has come out of each branch, while the frame lives."""

    __slots__ = ("counts", "emitted", "reference")

    def __init__(self, reference: weakref.ref[Frame], branches: int) -> None:
        self.reference = reference
        self.counts = [0] * branches
        self.emitted = 0


class _Merge(_Junction):
    """Lets what comes out of the branches through, a frame that went in only once.

    A passage is forgotten when its frame dies, so nothing grows. The same frame may be sent again: it comes
    out as often as the branch that passed it most often passed it.
    """

    def __init__(self, owner: Branching, fork: _Fork, *, upstream: bool) -> None:
        super().__init__(owner._node, upstream=upstream)
        self.owner = owner
        self.fork = fork
        self.passages: dict[int, _Passage] = {}

    def exits(self) -> list[Lane]:
        """One lane per branch, so that the merge knows where a frame comes from."""
        return [_Exit(self, index).lane for index in range(len(self.owner.branches))]

    def expect(self, frame: Frame) -> None:
        key = id(frame)
        known = self.passages.get(key)
        if known is None or known.reference() is not frame:
            reference = weakref.ref(frame, lambda _: self.passages.pop(key, None))
            self.passages[key] = _Passage(reference, len(self.owner.branches))

    def emerge(self, frame: Frame, branch: int) -> None:
        if self.first_time(frame, branch):
            deliver(self.lane.next, frame)

    def first_time(self, frame: Frame, branch: int) -> bool:
        passage = self.passages.get(id(frame))
        if passage is None or passage.reference() is not frame:
            return True
        passage.counts[branch] += 1
        passed = min(passage.counts) if frame.lifecycle else max(passage.counts)
        if passed <= passage.emitted:
            return False
        passage.emitted = passed
        return True


class _Exit(_Junction):
    """The end of one branch."""

    def __init__(self, merge: _Merge, branch: int) -> None:
        super().__init__(merge.owner._node, upstream=merge.lane.upstream)
        self.merge = merge
        self.branch = branch

    def arrive(self, frame: Frame) -> None:
        self.merge.emerge(frame, self.branch)


class Branching(Processor):
    """A processor made of branches between a fork and a merge, in each direction."""

    def __init__(self, branches: Iterable[object], name: str | None = None) -> None:
        super().__init__(name)
        self.branches = [as_processor(branch) for branch in branches]
        if not self.branches:
            raise ValueError(f"{self.name} needs at least one branch")
        self.fork_down = self.make_fork(upstream=False)
        self.fork_up = self.make_fork(upstream=True)
        self._node.down, self._node.up = self.fork_down.merge.lane, self.fork_up.merge.lane
        self._node.down.next = self._node.up.next = NOT_CONNECTED

    def make_fork(self, *, upstream: bool) -> _Fork:
        return _Fork(self, upstream=upstream)

    def route(self, frame: Frame) -> Sequence[int]:
        """The branches that get this frame, by number."""
        return range(len(self.branches))

    def _ends(self) -> Ends:
        down, up = self.fork_down, self.fork_up
        return Ends(down.lane, down.merge.lane, up.lane, up.merge.lane)

    def _parts(self) -> list[Processor]:
        return [part for branch in self.branches for part in branch._parts()]

    def _attach(self, session: Session) -> None:
        super()._attach(session)
        down, up = self.fork_down.merge.exits(), self.fork_up.merge.exits()
        for branch, exit_down, exit_up in zip(self.branches, down, up, strict=True):
            branch._attach(session)
            first, last = branch._parts()[0], branch._parts()[-1]
            ends = branch._ends()
            self.fork_down.entries.append(session.tapped(self, first, ends.first_down))
            self.fork_up.entries.append(session.tapped(self, last, ends.first_up))
            ends.last_down.next = session.tapped(last, self, exit_down)
            ends.last_up.next = session.tapped(first, self, exit_up)


class ParallelPipeline(Branching):
    """Every branch sees every frame; each works at its own pace."""

    def __init__(self, *branches: object, name: str | None = None) -> None:
        super().__init__(branches, name)


class _OutwardFork(_Fork):
    """The way upstream through a sync-parallel pipeline."""

    def __init__(self, owner: Branching, *, upstream: bool) -> None:
        super().__init__(owner, upstream=upstream)
        self.merge = _OutwardMerge(owner, self, upstream=upstream)


class Group(Activity):
    """What one frame causes in the branches of a sync-parallel pipeline, until nothing more can come."""

    __slots__ = ("done", "left", "outer", "outputs", "owner")

    def __init__(self, owner: _SyncFork, branches: int) -> None:
        super().__init__(self._finish)
        self.owner = owner
        self.outer = _outside(CURRENT_ACTIVITY.get(), owner.owner)
        self.outputs: list[list[tuple[Frame, Response | None]]] = [[] for _ in range(branches)]
        self.done = False
        self.left = False
        if self.outer is not None:
            self.outer.hold()

    def _finish(self) -> None:
        self.done = True
        self.owner.release_groups()

    def leave(self) -> None:
        """The group has left: its outer group need not wait for it any longer."""
        if self.outer is not None:
            self.outer.release()


def _outside(activity: Activity | None, owner: Processor) -> Activity | None:
    """What goes on around `owner`: the innermost activity that is neither a group of it nor inside one.

    A group that waited for a later group of the same pipeline would wait for ever, because groups leave in
    order.
    """
    around, inner = activity, activity
    while isinstance(inner, Group):
        if inner.owner.owner is owner:
            around = inner.outer
        inner = inner.outer
    return around


class _SyncFork(_Fork):
    """Opens a group for each ordered frame, and lets groups leave whole, in order."""

    def __init__(self, owner: Branching) -> None:
        super().__init__(owner, upstream=False)
        self.merge = _SyncMerge(owner, self, upstream=False)
        self.groups: deque[Group] = deque()
        self.releasing = False

    def give_out(self, frame: Frame) -> None:
        if frame.urgent:
            super().give_out(frame)
            return
        if len(self.groups) >= INBOX_CAPACITY:
            self.owner.session.stuck(self.owner)
        group = Group(self, len(self.owner.branches))
        self.groups.append(group)
        group.hold()
        token = CURRENT_ACTIVITY.set(group)
        try:
            super().give_out(frame)
        finally:
            CURRENT_ACTIVITY.reset(token)
            group.release()

    def release_groups(self) -> None:
        if self.releasing:
            return
        self.releasing = True
        try:
            while self.groups and self.groups[0].done:
                self._let_go(self.groups.popleft())
        finally:
            self.releasing = False

    def _let_go(self, group: Group) -> None:
        group.left = True
        token = CURRENT_ACTIVITY.set(group.outer)
        try:
            for branch, frames in enumerate(group.outputs):
                for frame, response in frames:
                    if self.merge.first_time(frame, branch):
                        deliver(self.merge.lane.next, frame)
                    if response is not None:
                        response.release()
        finally:
            CURRENT_ACTIVITY.reset(token)
            group.leave()


class _OutwardMerge(_Merge):
    """What comes out here is outside: what it causes there is no matter of the group that caused it."""

    def emerge(self, frame: Frame, branch: int) -> None:
        activity = CURRENT_ACTIVITY.get()
        if activity is None:
            super().emerge(frame, branch)
            return
        token = CURRENT_ACTIVITY.set(_outside(activity, self.owner))
        try:
            super().emerge(frame, branch)
        finally:
            CURRENT_ACTIVITY.reset(token)


class _SyncMerge(_OutwardMerge):
    """Collects what comes out into the group that caused it."""

    def emerge(self, frame: Frame, branch: int) -> None:
        group = CURRENT_ACTIVITY.get()
        if frame.urgent or not isinstance(group, Group) or group.owner is not self.fork or group.left:
            super().emerge(frame, branch)
            return
        response = self.owner.session.responses.get(frame.response)
        if response is not None:
            response.hold()
        group.outputs[branch].append((frame, response))


class SyncParallelPipeline(Branching):
    """Branches run at once, but all that one frame causes in every branch leaves as one group.

    Within a group the frames of the first branch come first. Urgent frames do not wait. What a processor does
    in tasks of its own counts as caused by the frame in whose handler it spawned them.
    """

    def __init__(self, *branches: object, name: str | None = None) -> None:
        super().__init__(branches, name)

    def make_fork(self, *, upstream: bool) -> _Fork:
        return _OutwardFork(self, upstream=True) if upstream else _SyncFork(self)


class Switch(Branching):
    """Ordered frames go through one branch at a time; urgent and lifecycle frames through all of them.

    Change the branch with `to`, or by sending ManuallySwitchServiceFrame with this switch's name.
    """

    def __init__(
        self,
        branches: Mapping[str, object],
        *,
        active: str | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(branches.values(), name)
        self._numbers = {name: number for number, name in enumerate(branches)}
        self._active = next(iter(branches))
        if active is not None:
            self.to(active)

    @property
    def active(self) -> str:
        """The name of the branch in use."""
        return self._active

    def to(self, branch: str) -> None:
        """Use another branch from the next frame on. Raises ValueError if there is none of that name."""
        if branch not in self._numbers:
            raise ValueError(f"{self.name} has no branch {branch!r}; it has {', '.join(self._numbers)}")
        self._active = branch

    def route(self, frame: Frame) -> Sequence[int]:
        if isinstance(frame, ManuallySwitchServiceFrame) and frame.switch == self.name:
            try:
                self.to(frame.to)
            except ValueError as error:
                self.fail(error)
        if frame.urgent or frame.lifecycle:
            return range(len(self.branches))
        return (self._numbers[self._active],)
