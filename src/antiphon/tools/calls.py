"""The tool calls of one answer as a pure state machine: which may begin, which never will, when to go on.

Everything is told to it (calls, results, the gate, the end of the answer, a cancellation), and every method
returns what is to be done now. It runs nothing and knows no clock; the caller runs what `Step.start` names
and reports each outcome with `finish`.

An answer that is only speculative keeps the gate closed: pure tools may begin, others wait until it is
certain. A cancelled answer begins nothing more; what has begun and changes something goes on, and its result
is still reported. Once all results are there, `Step.infer` says, exactly once, that the model is to be asked
again.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable

import msgspec

from antiphon.context import ToolCall
from antiphon.tools.tool import ToolKind
from antiphon.tools.toolbox import ToolOutcome


class Order(enum.Enum):
    """PARALLEL begins every call as soon as it is known. ORDERED waits for the result of the one before."""

    PARALLEL = "parallel"
    ORDERED = "ordered"


class Step(msgspec.Struct, frozen=True):
    """What is to be done now.

    `start`: run these. `stop`: cancel these, their results no longer matter. `results`: add to the
    conversation. `late`: results of background calls, which the model has not been waiting for. `infer`: all
    results are in, ask the model once more. `background`: of `start`, those to whose calls the model gets an
    interim result at once, as nothing waits for them.
    """

    start: tuple[ToolCall, ...] = ()
    stop: tuple[ToolCall, ...] = ()
    results: tuple[ToolOutcome, ...] = ()
    late: tuple[ToolOutcome, ...] = ()
    background: tuple[ToolCall, ...] = ()
    infer: bool = False


class _State(enum.Enum):
    WAITING = enum.auto()
    RUNNING = enum.auto()
    ENDED = enum.auto()


class _Entry(msgspec.Struct):
    call: ToolCall
    kind: ToolKind
    state: _State = _State.WAITING

    @property
    def awaited(self) -> bool:
        """Whether the answer cannot go on without it."""
        in_background = self.kind is ToolKind.BACKGROUND and self.state is not _State.WAITING
        return self.state is not _State.ENDED and not in_background


class CallGroup:
    """One answer's calls. `gate_open` is False while the answer is speculative.

    Calls are told apart by their ids: the same id a second time is the same call, and is ignored.
    """

    def __init__(self, *, order: Order = Order.PARALLEL, gate_open: bool = True) -> None:
        self._order = order
        self._gate_open = gate_open
        self._entries: dict[str, _Entry] = {}
        self._all_known = False
        self._cancelled = False
        self._inferred = False

    def add(self, calls: Iterable[tuple[ToolCall, ToolKind]]) -> Step:
        """The model has asked for these. After a cancellation they are ignored.

        Raises ValueError after `close`.
        """
        if self._all_known and not self._cancelled:
            raise ValueError("the answer was said to be whole: a call cannot be added to it")
        if not self._cancelled:
            for call, kind in calls:
                self._entries.setdefault(call.id, _Entry(call, kind))
        return self._next()

    def close(self) -> Step:
        """The answer is whole: no call will be added."""
        self._all_known = True
        return self._next()

    def open_gate(self) -> Step:
        """The answer is certain: what changes something may begin."""
        self._gate_open = True
        return self._next()

    def finish(self, outcome: ToolOutcome) -> Step:
        """A call has ended. One that was stopped, or has ended already, is ignored.

        Raises ValueError for a call that was never begun.
        """
        entry = self._entries.get(outcome.call.id)
        if entry is None or entry.state is _State.WAITING:
            raise ValueError(f"the call {outcome.call.id} was never begun")
        if entry.state is _State.ENDED:
            return Step()
        entry.state = _State.ENDED
        return self._next((outcome,), late=entry.kind is ToolKind.BACKGROUND)

    def cancel(self) -> Step:
        """The answer is no longer wanted. Calls that wait never run; pure ones that run are to be stopped."""
        self._cancelled = True
        stop: list[ToolCall] = []
        for entry in self._entries.values():
            if entry.state is _State.RUNNING and entry.kind is ToolKind.PURE:
                stop.append(entry.call)
                entry.state = _State.ENDED
        self._entries = {
            id: entry for id, entry in self._entries.items() if entry.state is not _State.WAITING
        }
        return Step(stop=tuple(stop))

    @property
    def running(self) -> tuple[ToolCall, ...]:
        """Begun and not ended."""
        return tuple(entry.call for entry in self._entries.values() if entry.state is _State.RUNNING)

    @property
    def waiting(self) -> tuple[ToolCall, ...]:
        """Known and not begun."""
        return tuple(entry.call for entry in self._entries.values() if entry.state is _State.WAITING)

    @property
    def complete(self) -> bool:
        """Whether nothing more will come of this group, background calls included."""
        return (self._all_known or self._cancelled) and not self.running and not self.waiting

    def _next(self, outcomes: tuple[ToolOutcome, ...] = (), *, late: bool = False) -> Step:
        begun = [] if self._cancelled else self._begin()
        return Step(
            start=tuple(entry.call for entry in begun),
            background=tuple(entry.call for entry in begun if entry.kind is ToolKind.BACKGROUND),
            results=() if late else outcomes,
            late=outcomes if late else (),
            infer=self._infer_now(),
        )

    def _begin(self) -> list[_Entry]:
        begun: list[_Entry] = []
        for entry in self._entries.values():
            if entry.state is _State.WAITING and self._may_begin(entry):
                entry.state = _State.RUNNING
                begun.append(entry)
            if self._order is Order.ORDERED and entry.awaited:
                break
        return begun

    def _may_begin(self, entry: _Entry) -> bool:
        return self._gate_open or entry.kind is ToolKind.PURE

    def _infer_now(self) -> bool:
        if self._inferred or self._cancelled or not self._all_known or not self._entries:
            return False
        self._inferred = not any(entry.awaited for entry in self._entries.values())
        return self._inferred
