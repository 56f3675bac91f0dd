"""No deadline per example (machines are shared); the long call tells how long it took."""

from __future__ import annotations

import pytest
from hypothesis import settings

from conversation.kit import reports

settings.register_profile("shared", deadline=None)
settings.load_profile("shared")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in reports:
        terminalreporter.write_line(line)
