"""For all tests: how hard properties are tried (`effort`), log levels as they were, and Ctrl+C as it is.

A shell starts what it puts in the background with SIGINT ignored, and children inherit that: then those that
tests start could not be interrupted.
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator

import pytest

from effort import load_profile

load_profile()
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def levels_as_they_were() -> Iterator[None]:
    """Commands set how much is logged, for their process."""
    loggers = [logging.getLogger(name) for name in (None, "antiphon", "uvicorn")]
    before = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)
