"""What the doctor shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from antiphon.cli.app import app


def test_advice_names_the_extra_in_brackets() -> None:
    findings = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)["findings"]
    shown = CliRunner().invoke(app, ["doctor"]).stdout.replace("\n", " ")
    for finding in findings:
        assert finding["what"].split()[0] in shown
        if "antiphon[" in finding["advice"]:
            assert "antiphon[" in shown


def test_without_models_it_ends_with_the_command_that_fetches_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTIPHON_CACHE", str(tmp_path))
    monkeypatch.delenv("ANTIPHON_MODELS_DIR", raising=False)
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 1
    assert result.stdout.strip().endswith("antiphon models fetch")
