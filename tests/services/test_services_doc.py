"""The examples of docs/services.md run and pass the type checker."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "services.md"
_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def program() -> str:
    """All examples, one after the other."""
    return "\n\n".join(_BLOCK.findall(PAGE.read_text("utf-8")))


def test_the_examples_run() -> None:
    names: dict[str, object] = {"__name__": "examples"}
    exec(compile(program(), str(PAGE), "exec"), names)
    assert {"Parrot", "bot", "with_reserve"} <= set(names)


@pytest.mark.slow
def test_the_examples_pass_the_type_checker(tmp_path: Path) -> None:
    file = tmp_path / "examples.py"
    file.write_text(program(), "utf-8")
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, str(file)]
    child = subprocess.run(command, cwd=PAGE.parents[1], capture_output=True, text=True, check=False)
    assert child.returncode == 0, child.stdout
