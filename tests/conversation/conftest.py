"""The long call tells how long it took."""

from __future__ import annotations

import pytest

from conversation.kit import reports


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in reports:
        terminalreporter.write_line(line)
