"""Speech detection: from the probability of each window to the edges of speech. Pure.

Edges: started (speech for `start` seconds), paused (the first `pause` seconds of quiet: not yet the end, but
time to start transcribing), resumed (speech again before the end), stopped (`stop` seconds of quiet).
"""

from __future__ import annotations

import enum

import msgspec


class Edge(enum.Enum):
    """Where speech begins, pauses, goes on and ends."""

    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    STOPPED = "stopped"


class DetectorParams(msgspec.Struct, frozen=True):
    """Thresholds of probability, durations in seconds."""

    enter: float = 0.5
    leave: float = 0.35
    start: float = 0.09
    pause: float = 0.06
    stop: float = 0.2


class SpeechDetector:
    """Feed it the probability of each window and the window's length; it returns the edge passed, if any."""

    def __init__(self, params: DetectorParams | None = None) -> None:
        self.params = params or DetectorParams()
        self.speaking = False
        self.quiet = 0.0
        self._loud = 0.0
        self._paused = False

    def step(self, probability: float, seconds: float) -> Edge | None:
        """Take the next window."""
        if self.speaking:
            return self._inside(probability, seconds)
        self._loud = self._loud + seconds if probability >= self.params.enter else 0.0
        if self._loud < self.params.start:
            return None
        self.speaking, self._paused, self.quiet = True, False, 0.0
        return Edge.STARTED

    @property
    def loud(self) -> float:
        """For how long speech has been heard before it counted as started, in seconds."""
        return self._loud

    def reset(self) -> None:
        """Forget the stream so far."""
        self.speaking = self._paused = False
        self.quiet = self._loud = 0.0

    def _inside(self, probability: float, seconds: float) -> Edge | None:
        threshold = self.params.enter if self._paused else self.params.leave
        if probability >= threshold:
            resumed, self._paused, self.quiet = self._paused, False, 0.0
            return Edge.RESUMED if resumed else None
        self.quiet += seconds
        if self.quiet >= self.params.stop:
            self.speaking = self._paused = False
            self._loud = 0.0
            return Edge.STOPPED
        if not self._paused and self.quiet >= self.params.pause:
            self._paused = True
            return Edge.PAUSED
        return None
