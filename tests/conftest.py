"""For all tests: how hard properties are tried (`effort`), and log levels as they were."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from effort import load_profile

load_profile()


@pytest.fixture(autouse=True)
def levels_as_they_were() -> Iterator[None]:
    """Commands set how much is logged, for their process."""
    loggers = [logging.getLogger(name) for name in (None, "antiphon", "uvicorn")]
    before = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)
