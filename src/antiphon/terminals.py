"""Where a session meets its pipeline: the source at the top, the sink at the bottom, taps for observers."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from antiphon.dispatch import Arrival, Lane, SyncHandler, Table, deliver, on
from antiphon.frames import (
    BotHeardFrame,
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    CancelFrame,
    EndFrame,
    ErrorFrame,
    Frame,
    InputTextRawFrame,
    InputTransportMessageFrame,
    StopFrame,
    TranscriptionFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
)
from antiphon.node import Node
from antiphon.processor import Processor

if TYPE_CHECKING:
    from antiphon.session import Observer, Session

log = logging.getLogger("antiphon")

CONVERSATION = (
    BotHeardFrame,
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    InputTextRawFrame,
    InputTransportMessageFrame,
    TranscriptionFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
)
"""Kinds that show that something is going on."""


class Tap:
    """A link that shows its frames to the observers."""

    def __init__(
        self, observers: Sequence[Observer], source: Processor, target: Processor, lane: Lane
    ) -> None:
        self.observers = observers
        self.source = source
        self.target = target
        self.upstream = lane.upstream
        self.lane = Lane(source._node, Table(lambda kind: self), upstream=lane.upstream)
        self.lane.next = lane

    def arrive(self, frame: Frame) -> None:
        for observer in self.observers:
            try:
                observer.on_frame(frame, self.source, self.target, upstream=self.upstream)
            except Exception:
                log.exception("the observer %s failed on %s", type(observer).__name__, frame.name)
        deliver(self.lane.next, frame)


class _Nowhere:
    """Nobody is further on: where frames go that nobody handled."""

    def arrive(self, frame: Frame) -> None:
        """The frame has passed everything."""


NOWHERE = _Nowhere()


class _TerminalNode(Node):
    """Lifecycle frames are handled like any others: there is nowhere to pass them on to."""

    def _resolve(self, kind: type[Frame], lane: Lane) -> Arrival | None:
        method = self.processor._handler_for(kind, upstream=lane.upstream)
        return NOWHERE if method is None else SyncHandler(self, lane, method)


class Terminal(Processor):
    """One end of the pipeline: frames stop here."""

    def __init__(self, session: Session, name: str) -> None:
        super().__init__(name)
        self._node = _TerminalNode(self)
        self._node.down.next, self._node.up.next = self._node.down, self._node.up
        self.owner = session

    @on(*CONVERSATION)
    def note(self, frame: Frame) -> None:
        self.owner.touch()


class Source(Terminal):
    """The top: where errors and requests to end arrive."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, "source")

    @on(ErrorFrame)
    def error(self, frame: ErrorFrame) -> None:
        self.owner.handle_error(frame)

    @on(EndFrame)
    def asked_to_end(self, frame: EndFrame) -> None:
        self.owner.end(frame.reason)

    @on(StopFrame)
    def asked_to_stop(self, frame: StopFrame) -> None:
        self.owner.stop(frame.reason)

    @on(CancelFrame)
    def asked_to_cancel(self, frame: CancelFrame) -> None:
        self.owner.cancel(frame.reason)


class Sink(Terminal):
    """The bottom: where the end of the session arrives."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, "sink")

    @on(EndFrame, StopFrame)
    def end(self, frame: EndFrame | StopFrame) -> None:
        self.owner.reached_end(frame)
