"""The pytest plugin, in a test run of its own."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

GOOD = 'name = "good"\ncaller = [{ say = "Hello?" }]\n[expect]\nheard = "I see."\n'
BAD = 'name = "bad"\ncaller = [{ say = "Hello?" }]\n[expect]\nheard = "I do not see."\n'
FIXTURE = """
from antiphon.testing import FakeLLM, Say, voice_bot

def test_call(simulate_call):
    simulate_call(voice_bot(FakeLLM(["Yes."])), [Say("Hello?")]).heard("Yes.").user_said("Hello?")
"""


@pytest.mark.slow
def test_scenarios_are_tests_and_calls_are_a_fixture(tmp_path: Path) -> None:
    (tmp_path / "good.scenario.toml").write_text(GOOD)
    (tmp_path / "bad.scenario.toml").write_text(BAD)
    (tmp_path / "test_call.py").write_text(FIXTURE)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    installed = any(entry.name == "antiphon" for entry in importlib.metadata.entry_points(group="pytest11"))
    load = [] if installed else ["-p", "antiphon.testing.plugin"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--scenario-seeds", "2", *load]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert "2 failed, 3 passed" in done.stdout, done.stdout
    assert "bad.scenario.toml, seed 1: expected to hear ['I do not see.']" in done.stdout
    assert "Commit: " in done.stdout
    assert done.returncode == 1
