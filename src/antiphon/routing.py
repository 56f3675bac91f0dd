"""Small processors that decide what passes: filters, gates, tees.

System and lifecycle frames always pass, so that none of these can break a session's control.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from antiphon.dispatch import Direction, deliver, on
from antiphon.frames import ControlFrame, DataFrame, EndFrame, Frame, StopFrame
from antiphon.processor import Processor

GATE_CAPACITY = 4096
"""Frames a closed gate keeps before it drops the oldest."""


class Filter(Processor):
    """Passes only some of the ordered frames that travel downstream.

    Those for which `passes` is true, or, without it, those of one of the `kinds`.
    """

    gives = ()

    def __init__(
        self,
        *kinds: type[Frame],
        passes: Callable[[Frame], bool] | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self._passes: Callable[[Frame], bool] = passes or (lambda frame: isinstance(frame, kinds))

    @on(DataFrame, ControlFrame, direction=Direction.DOWNSTREAM)
    def check(self, frame: Frame) -> Frame | None:
        return frame if self._passes(frame) else None


class Gate(Processor):
    """Keeps ordered frames that travel downstream while it is closed; lets them go in order when it opens.

    Frames of a cancelled response are not let go. When `capacity` frames wait, the oldest is dropped and
    counted. A session's end opens the gate.
    """

    gives = ()

    def __init__(
        self,
        *,
        is_open: bool = True,
        capacity: int = GATE_CAPACITY,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self._open = is_open
        self._capacity = capacity
        self._kept: deque[Frame] = deque()

    @property
    def is_open(self) -> bool:
        return self._open

    @property
    def depth(self) -> int:
        return super().depth + len(self._kept)

    def open(self) -> None:
        """Let everything through, what was kept first."""
        self._open = True
        while self._kept and self._open:
            frame = self._kept.popleft()
            if frame.response is None or frame.response in self.session.responses.live:
                deliver(self._node.down.next, frame)
            self._release(frame)

    def close(self) -> None:
        """Keep what comes from now on."""
        self._open = False

    async def cleanup(self) -> None:
        self._kept.clear()

    @on(EndFrame, StopFrame)
    def end(self, frame: Frame) -> None:
        """Nothing is lost at the end: what is kept goes first."""
        self.open()

    @on(DataFrame, ControlFrame, direction=Direction.DOWNSTREAM)
    def keep(self, frame: Frame) -> Frame | None:
        if self._open and not self._kept:
            return frame
        if len(self._kept) >= self._capacity:
            self._release(self._kept.popleft())
            self.dropped[frame.name] = self.dropped.get(frame.name, 0) + 1
        response = self.session.responses.get(frame.response)
        if response is not None:
            response.hold()
        self._kept.append(frame)
        return None

    def _release(self, frame: Frame) -> None:
        response = self.session.responses.get(frame.response)
        if response is not None:
            response.release()


class Tee(Processor):
    """Shows every frame of some kinds to a function, and passes it along."""

    gives = ()

    def __init__(self, see: Callable[[Frame], None], *kinds: type[Frame], name: str | None = None) -> None:
        super().__init__(name)
        self._see = see
        self._kinds = kinds or (Frame,)

    @on(Frame)
    def show(self, frame: Frame) -> Frame:
        if isinstance(frame, self._kinds):
            self._see(frame)
        return frame
