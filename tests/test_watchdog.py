"""A test that takes too long ends its process, and the place where it hangs is told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = """
from watchdog import Watchdog

def pytest_configure(config):
    config.pluginmanager.register(Watchdog())
"""

HANGS = """
import asyncio
import pytest

def test_is_quick(): pass

@pytest.mark.timeout(0.5, method="thread")
def test_hangs():
    asyncio.run(spin_for_ever())

async def spin_for_ever():
    while True:
        await asyncio.sleep(0)
"""


@pytest.mark.slow
def test_a_test_that_hangs_is_ended_and_told(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_hangs.py").write_text(HANGS)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            str(tmp_path),
            str(tmp_path),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 1
    assert "Timeout" in done.stdout
    assert "spin_for_ever" in done.stdout
