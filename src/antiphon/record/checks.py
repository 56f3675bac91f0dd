"""Compares a run with the checkpoints of its log."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from antiphon.frames import Frame
from antiphon.processor import Processor
from antiphon.record.digest import Crossings
from antiphon.record.records import Checkpoint


class Checks:
    """An observer; add it before the one that counts."""

    def __init__(self, checkpoints: Sequence[Checkpoint], crossings: Crossings) -> None:
        self.checked, self.agreed, self.conversed = len(checkpoints), 0, 0
        self.differs_at: float | None = None
        self._frames = deque(checkpoints)
        self._events = deque(checkpoints)
        self._crossings = crossings

    def on_frame(self, frame: Frame, source: Processor, target: Processor, *, upstream: bool) -> None:
        here, frames, events = self._crossings, self._frames, self._events
        if (frames and frames[0].crossings <= here.count) or (events and events[0].events <= here.events):
            self.compare()

    def differs(self, now: float) -> bool:
        """Whether the run is known not to be the recorded one, or is behind where that was by now."""
        behind = bool(self._frames) and self._frames[0].at < now - 1.0
        return behind or self.differs_at is not None

    def compare(self, *, over: bool = False) -> None:
        """Look at the checkpoints that the run has come to; at all that are left once it is over."""
        here = self._crossings
        while self._frames and (over or self._frames[0].crossings <= here.count):
            expected = self._frames.popleft()
            if (here.count, here.digest) == (expected.crossings, expected.digest):
                self.agreed += 1
            elif self.differs_at is None:
                self.differs_at = expected.at
        while self._events and (over or self._events[0].events <= here.events):
            expected = self._events.popleft()
            self.conversed += (here.events, here.conversation) == (expected.events, expected.conversation)
