"""Real models, real time, the real command: what a user sees."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MODEL = "smollm2-135m-instruct"
"""Small, so that it runs everywhere; what it says is nonsense now and then."""

Run = Callable[..., subprocess.CompletedProcess[str]]


def environment() -> dict[str, str]:
    return os.environ | {"ANTIPHON_MODEL": MODEL, "HF_HUB_OFFLINE": "1", "COLUMNS": "100"}


@pytest.fixture(scope="session")
def antiphon() -> Run:
    """Run the command and return what it printed and its exit code."""

    def run(*arguments: str | Path, timeout: float = 240) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "antiphon", *map(str, arguments)]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=timeout, env=environment(), check=False
        )

    return run


@pytest.fixture(scope="session")
def question(antiphon: Run, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A spoken question, by the local voice."""
    folder = tmp_path_factory.mktemp("questions")

    def spoken(text: str) -> Path:
        path = folder / f"{abs(hash(text))}.wav"
        if not path.exists():
            done = antiphon("say", text, "--out", path)
            assert done.returncode == 0, done.stderr
        return path

    return spoken


def talked(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The object that `talk --json` printed."""
    assert "Traceback" not in done.stderr, done.stderr
    return json.loads(done.stdout)
