"""For all tests: how hard properties are tried (`effort`), log levels as they were, and Ctrl+C as it is.

A shell starts what it puts in the background with SIGINT ignored, and children inherit that: then those that
tests start could not be interrupted.

Each process of a run imports all tests, and rewrites their assertions. Where Python is told to leave no
bytecode beside the source, it is kept in `.cache`, or every run would compile everything anew: ten of forty
seconds.
"""

from __future__ import annotations

import gc
import logging
import signal
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from effort import load_profile
from watchdog import Watchdog

if sys.dont_write_bytecode:
    sys.dont_write_bytecode = False
    sys.pycache_prefix = str(Path(__file__).parents[1] / ".cache" / "bytecode")

load_profile()
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Watchdog(), "watchdog")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What was imported and collected stays to the end: it is not looked through for garbage all the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()
        gc.set_threshold(5_000, 20, 20)


@pytest.fixture(autouse=True)
def levels_as_they_were() -> Iterator[None]:
    """Commands set how much is logged, for their process."""
    loggers = [logging.getLogger(name) for name in (None, "antiphon", "uvicorn")]
    before = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)
