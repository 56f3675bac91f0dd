"""A request to stop, made from any thread, to work that runs in another."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Aborted(Exception):
    """The work was given up on request; there is no result."""


class Abort:
    """Made for one piece of work, used once. The work calls `check` often, and `watch` before a long step."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requested = False
        self._stop: Callable[[], None] | None = None

    @property
    def requested(self) -> bool:
        return self._requested

    def request(self) -> None:
        """Ask the work to stop. May be called again; it stays requested."""
        with self._lock:
            self._requested = True
            if self._stop is not None:
                self._stop()

    def watch(self, stop: Callable[[], None]) -> None:
        """Have `stop` called on a request, at once if it was made already. Replaces an earlier `stop`."""
        with self._lock:
            self._stop = stop
            if self._requested:
                stop()

    def check(self) -> None:
        """Raise `Aborted` if stopping was requested."""
        if self._requested:
            raise Aborted
