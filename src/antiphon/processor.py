"""Processors: anything frames pass through.

A processor declares handlers by kind of frame (`@on(Kind)`); every other frame passes along. It sends frames
with `push`, runs tasks with `spawn`, and answers through a `respond` scope. How frames travel is explained in
`antiphon.dispatch`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, cast

from antiphon.dispatch import Declaration, Direction, HandlerSpec, Lane
from antiphon.frames import ErrorFrame, Frame, ResponseStartedFrame
from antiphon.marks import Mark
from antiphon.node import Node, describe
from antiphon.response import CURRENT_ACTIVITY, CURRENT_RESPONSE, Response

if TYPE_CHECKING:
    from antiphon.session import Session


class Holding(NamedTuple):
    """A processor that is at work on a frame since a time, and how many frames wait behind it."""

    processor: str
    frame: str
    since: float
    waiting: int


class Ends(NamedTuple):
    """The lanes where frames enter, and those whose `next` leads out, in both directions."""

    first_down: Lane
    last_down: Lane
    first_up: Lane
    last_up: Lane


class Processor:
    """Anything frames pass through. Subclass it and declare handlers with `@on(Kind)`.

    `needs` names kinds of which at least one must come from upstream for the processor to make sense,
    `gives` the kinds it adds to the stream (None: unknown), `hint` what to do when the need is not met. They
    serve only to refuse wiring mistakes before the start.
    """

    needs: tuple[type[Frame], ...] = ()
    gives: ClassVar[tuple[type[Frame], ...] | None] = None
    hint: str = ""
    _handlers: ClassVar[dict[type[Frame], list[HandlerSpec]]] = {}
    _found: ClassVar[dict[tuple[type[Frame], bool], str | None]] = {}
    _passing: ClassVar[tuple[dict[type[Frame], None], dict[type[Frame], None]]] = ({}, {})

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        handlers: dict[type[Frame], list[HandlerSpec]] = {}
        for klass in reversed(cls.__mro__):
            for name, value in vars(klass).items():
                declared = cast(Declaration, getattr(value, "__antiphon_on__", _NOTHING))
                spec = HandlerSpec(name, declared.direction, declared.consumes)
                for kind in declared.kinds:
                    specs = handlers.setdefault(kind, [])
                    specs[:] = [s for s in specs if s.direction is not spec.direction and s.method != name]
                    specs.insert(0, spec)
        cls._handlers = handlers
        cls._found = {}
        cls._passing = ({}, {})

    def __init__(self, name: str | None = None) -> None:
        self.name = name or type(self).__name__
        self._node = Node(self)

    def __repr__(self) -> str:
        return self.name

    # What authors use ------------------------------------------------------------------------------------

    @property
    def session(self) -> Session:
        """The session this processor runs in. Raises RuntimeError before `setup`."""
        return self._node.running or self._node.session

    async def setup(self) -> None:
        """Prepare, before the first frame. All processors of a session set up at the same time.

        Push no frames here: the others may not be ready. A handler of StartFrame is the place for that.
        """

    async def cleanup(self) -> None:
        """Release what `setup` took. Called once, whatever happened."""

    def push(self, frame: Frame, *, upstream: bool = False) -> None:
        """Send a frame on. Never blocks. The frame joins the response it is caused by."""
        self._node.push(frame, upstream=upstream)

    def broadcast(self, frame: Frame) -> None:
        """Send a frame both ways, upstream first."""
        self.push(frame, upstream=True)
        self.push(frame)

    def spawn(
        self, work: Coroutine[Any, Any, None], *, name: str = "", response: int | None = None
    ) -> asyncio.Task[None]:
        """Run `work` as a task of what caused it: the current response (or the one given), or the session.

        It is cancelled with its response, which fails if `work` raises. A graceful end waits for it.
        """
        node = self._node
        number = response if response is not None else node.responsible()
        return node.start(
            work, number, CURRENT_ACTIVITY.get(), name, ended=lambda task: node.report_task(task, number)
        )

    def spawn_background(self, work: Coroutine[Any, Any, None], *, name: str = "") -> asyncio.Task[None]:
        """Run `work` beside the conversation. It belongs to the session; an end cancels it."""
        context = copy_context()
        context.run(CURRENT_RESPONSE.set, None)
        context.run(CURRENT_ACTIVITY.set, None)
        task = self.session.spawn(work, owner=self.name, name=name, context=context)
        task.add_done_callback(self._node.report_task)
        return task

    def respond(self, *, interruptible: bool | Mark = True, gated: bool = False) -> Response:
        """Begin a response and announce it. Enter it (`with`) while you start its work.

        `interruptible` may be a mark that must be heard before the user can stop it (`antiphon.marks`).
        A gated one is speculative: what it gives waits until `commit`, or goes as if it had never been.
        """
        response = self.session.responses.open(interruptible=interruptible, gated=gated)
        with response.announcing():
            self.broadcast(ResponseStartedFrame(response.id))
        return response

    def fail(self, error: str | Exception, *, fatal: bool = False) -> None:
        """Report an error upstream. A fatal one ends the session."""
        message = error if isinstance(error, str) else describe(error)
        cause = self._node.cause
        frame = cause.name if cause is not None else ""
        self.push(ErrorFrame(message, fatal, self.name, frame), upstream=True)

    @property
    def depth(self) -> int:
        """How many frames wait here."""
        return self._node.depth

    @property
    def dropped(self) -> dict[str, int]:
        """How many frames of each kind were dropped here because too many waited."""
        return self._node.dropped

    def holding(self) -> Holding | None:
        """The frame this processor is suspended on, if any."""
        if self._node.held is None:
            return None
        frame, since = self._node.held
        return Holding(self.name, frame.name, since, self.depth)

    # What the engine uses --------------------------------------------------------------------------------

    def _ends(self) -> Ends:
        """Where frames come in and go out."""
        node = self._node
        return Ends(node.down, node.down, node.up, node.up)

    def _parts(self) -> list[Processor]:
        """The processors that this one is made of (itself, for a plain one)."""
        return [self]

    def _exclusive(self) -> list[object]:
        """What must not be in a pipeline twice."""
        return [self]

    def _attach(self, session: Session) -> None:
        """Become part of a session; wire what is inside."""
        self._node.attach(session)

    def _handler_for(self, kind: type[Frame], *, upstream: bool) -> Callable[..., Any] | None:
        try:
            name = self._found[kind, upstream]
        except KeyError:
            spec = self._spec(kind, Direction.UPSTREAM if upstream else Direction.DOWNSTREAM)
            name = self._found[kind, upstream] = None if spec is None else spec.method
        return None if name is None else getattr(self, name)

    @classmethod
    def _spec(cls, kind: type[Frame], direction: Direction) -> HandlerSpec | None:
        """Who handles this kind in this direction. It is the same for all processors of one class."""
        for base in kind.__mro__:
            specs = {spec.direction: spec for spec in reversed(cls._handlers.get(base, ()))}
            spec = specs.get(direction) or specs.get(None)
            if spec is not None:
                return spec
        return None


_NOTHING = Declaration()
