"""Says how many sessions the properties have run."""

from __future__ import annotations

import pytest

from engine.kit import examples


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if examples:
        by_line = ", ".join(f"{line} {number}" for line, number in sorted(examples.items()))
        terminalreporter.write_line(f"contract: {examples.total()} examples ({by_line})")
