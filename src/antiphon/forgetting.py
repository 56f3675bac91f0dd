"""Handlers that forget to pass on what others wait for, found before the start.

A handler gives on what it returns or yields; a frame for which it gives nothing ends there. That is right for
a filter and a mistake for an observer that forgot `return frame`: whoever waits further on waits in vain, and
nothing says so. So a handler that *never* gives anything on (no return with a value, no yield, no push) is a
mistake if another processor further on handles what it takes, unless it is declared with `consumes=True`.

It is read off the compiled handlers, once per shape of a pipeline: no frame pays for it. The limits: a
handler that gives something on some paths may have its reasons and is not looked at, nor is one that returns
what another function gives; handlers of all data or all control frames (gates, tees) do not count as waiting.
In a branch of a parallel pipeline only those in the same branch can wait in vain: the other branches let the
frame pass.

Rejected: taking the annotation `-> None` for the declaration (who forgets the return writes that too, or
nothing), and frames that pass whatever a handler returns (a filter would need a special value to say no, and
one that replaces a frame would give both). Counting at run time which frames vanish where would cost every
frame, and tell a filter from a mistake no better.
"""

from __future__ import annotations

import dis
import inspect
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import pairwise
from types import CodeType
from typing import Any, NamedTuple

from antiphon.dispatch import Direction, HandlerSpec, on
from antiphon.frames import ControlFrame, DataFrame, ErrorFrame, Frame, SystemFrame
from antiphon.pipeline import Branching, Pipeline, Switch
from antiphon.processor import Processor

_GENERAL = (Frame, DataFrame, ControlFrame, SystemFrame)
_SENDING = {"push", "broadcast"}
_YIELDS = inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR

Processors = tuple[Processor, ...]


class Forgotten(NamedTuple):
    """`taker.method` takes every frame of a kind and gives nothing on, and `waiter` would need it."""

    taker: Processor
    method: str
    kind: type[Frame]
    waiter: Processor

    def __str__(self) -> str:
        kind = self.kind.__name__
        return (
            f"{self.taker.name} takes every {kind} and passes none on, but {self.waiter.name} waits for it: "
            f"let {type(self.taker).__name__}.{self.method} return the frame, or, if it is to end there, "
            f"declare it with @on({kind}, consumes=True)."
        )


class _TheSession(Processor):
    """What the session itself waits for at the start of the pipeline."""

    @on(ErrorFrame, direction=Direction.UPSTREAM, consumes=True)
    def judge(self, frame: ErrorFrame) -> None:
        """It decides whether an error ends the conversation."""


_THE_SESSION = _TheSession("the session")


def forgotten(pipeline: Processor) -> Iterator[Forgotten]:
    """Every handler that keeps what somebody further on waits for, and does not say that it means to."""
    return _look(pipeline, (_THE_SESSION,), ())


def _look(part: Processor, before: Processors, after: Processors) -> Iterator[Forgotten]:
    """`before` and `after` stand upstream and downstream of the part, the nearest first."""
    if isinstance(part, Pipeline):
        inner = [tuple(each._parts()) for each in part.processors]
        for number, each in enumerate(part.processors):
            up = tuple(reversed(sum(inner[:number], ()))) + before
            yield from _look(each, up, sum(inner[number + 1 :], ()) + after)
    elif isinstance(part, Branching):
        only = isinstance(part, Switch) or len(part.branches) == 1
        for branch in part.branches:
            yield from _look(branch, before if only else (), after if only else ())
    else:
        yield from _kept(part, Direction.DOWNSTREAM, after)
        if after:
            yield from _kept(part, Direction.UPSTREAM, before)


def _kept(taker: Processor, direction: Direction, further: Processors) -> Iterator[Forgotten]:
    """What this processor keeps of the frames that go in this direction, to those who are further on."""
    for method, special, number in _missed(type(taker), direction, tuple(map(type, further))):
        yield Forgotten(taker, method, special, further[number])


@lru_cache(maxsize=1024)
def _missed(
    taker: type[Processor], direction: Direction, further: tuple[type[Processor], ...]
) -> tuple[tuple[str, type[Frame], int], ...]:
    """The methods that give nothing on, the kind of frame, and who waits: the same in every session."""
    return tuple(
        (spec.method, special, number)
        for kind, specs in taker._handlers.items()
        for spec in specs
        if not (kind.lifecycle or spec.consumes) and spec.direction in (None, direction)
        if gives_nothing(getattr(taker, spec.method))
        for number, waiter in enumerate(further)
        for special in _wanted(taker, spec, kind, direction, waiter)
    )


def _wanted(
    taker: type[Processor],
    spec: HandlerSpec,
    kind: type[Frame],
    direction: Direction,
    waiter: type[Processor],
) -> tuple[type[Frame], ...]:
    """The kinds that such a processor takes and such a one waits for."""
    found: list[type[Frame]] = []
    for wanted, specs in waiter._handlers.items():
        if wanted in _GENERAL or all(each.direction not in (None, direction) for each in specs):
            continue
        special = wanted if issubclass(wanted, kind) else kind
        shared = issubclass(special, wanted) and not special.lifecycle
        if shared and taker._spec(special, direction) == spec:
            found.append(special)
    return tuple(found)


def gives_nothing(handler: Callable[..., Any]) -> bool:
    """Whether a handler can be seen to give nothing on: it returns, but never a value, and sends nothing."""
    code = getattr(handler, "__code__", None)
    return isinstance(code, CodeType) and _is_silent(code)


@lru_cache(maxsize=4096)
def _is_silent(code: CodeType) -> bool:
    if code.co_flags & _YIELDS or not _SENDING.isdisjoint(_names(code)):
        return False
    nones = list(_returned(code))
    return bool(nones) and all(nones)


def _returned(code: CodeType) -> Iterator[bool]:
    """For each return of the compiled function: whether it is seen to return None."""
    for before, each in pairwise(dis.get_instructions(code)):
        if each.opname == "RETURN_CONST":
            yield each.argval is None
        elif each.opname == "RETURN_VALUE":
            loaded = before.opname == "LOAD_CONST" and before.argval is None
            yield loaded and not each.is_jump_target


def _names(code: CodeType) -> set[str]:
    """The names that a function uses, with those of the functions inside it."""
    inner = [const for const in code.co_consts if isinstance(const, CodeType)]
    return set(code.co_names).union(*(_names(each) for each in inner))
