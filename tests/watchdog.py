"""Ends a process in which one test takes too long, as pytest-timeout does, with one thread for all tests.

pytest-timeout starts and stops a thread for each: for three thousand short tests that is two seconds of work.
What becomes of a test that takes too long is left to it.
"""

from __future__ import annotations

import threading
from typing import Any, NamedTuple, cast

import pytest
import pytest_timeout

from antiphon.clock import perf_seconds

LOOKS_EVERY = 1.0
"""Seconds that a test may take longer than it was told."""


class _Watched(NamedTuple):
    item: pytest.Item
    settings: pytest_timeout.Settings
    until: float


class Watchdog:
    """Watches the test that is running now."""

    def __init__(self) -> None:
        self._watched: _Watched | None = None
        self._thread = threading.Thread(target=self._look, name="watchdog", daemon=True)

    @pytest.hookimpl
    def pytest_timeout_set_timer(self, item: pytest.Item, settings: Any) -> bool | None:
        if settings.method != "thread":
            return None
        if self._thread.ident is None:
            self._thread.start()
        self._watched = _Watched(item, settings, perf_seconds() + settings.timeout)
        return True

    @pytest.hookimpl
    def pytest_timeout_cancel_timer(self, item: pytest.Item) -> None:
        self._watched = None

    def _look(self) -> None:
        rest = threading.Event()
        while not rest.wait(LOOKS_EVERY):
            watched = self._watched
            if watched is not None and perf_seconds() > watched.until:
                self._watched = None
                cast(Any, pytest_timeout).timeout_timer(watched.item, watched.settings)
