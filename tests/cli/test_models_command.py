"""The `models` command, as a user calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from antiphon.cli.models import app
from antiphon.models import REGISTRY


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("ANTIPHON_CACHE", str(tmp_path))
    monkeypatch.delenv("ANTIPHON_MODELS_DIR", raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    return CliRunner()


def test_list_names_every_model(cli: CliRunner) -> None:
    shown = cli.invoke(app, ["list"])
    assert shown.exit_code == 0
    assert all(name in shown.stdout for name in REGISTRY)
    rows = json.loads(cli.invoke(app, ["list", "--json"]).stdout)
    assert [row["name"] for row in rows] == list(REGISTRY)
    assert {row["state"] for row in rows} == {"absent"}


def test_path_of_an_absent_model(cli: CliRunner) -> None:
    result = cli.invoke(app, ["path", "silero-vad"])
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "run `antiphon models fetch silero-vad`" in result.stderr
    assert cli.invoke(app, ["path", "silero-vad", "--json"]).exit_code == 1


def test_a_misspelt_name(cli: CliRunner) -> None:
    result = cli.invoke(app, ["fetch", "silero-vat"])
    assert result.exit_code == 1
    assert result.stderr.startswith("antiphon: There is no model")
    assert "did you mean silero-vad" in result.stderr


def test_help_has_examples(cli: CliRunner) -> None:
    assert "smollm2-135m-instruct" in cli.invoke(app, ["fetch", "--help"]).stdout


@pytest.mark.slow
def test_fetch_without_any_source_says_why(cli: CliRunner) -> None:
    result = cli.invoke(app, ["fetch", "smart-turn-v3.2"])
    assert result.exit_code == 1
    assert "Going on with the next source" in result.stderr
    assert "pip could not download pipecat-ai==1.14.0" in result.stderr


@pytest.mark.slow
def test_fetch_of_what_is_here_gives_its_path(monkeypatch: pytest.MonkeyPatch) -> None:
    first = json.loads(CliRunner().invoke(app, ["fetch", "silero-vad", "--json"]).stdout)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    again = json.loads(CliRunner().invoke(app, ["fetch", "silero-vad", "--json"]).stdout)
    assert again == first
    assert (Path(first["silero-vad"]) / "silero_vad_op18_ifless.onnx").is_file()
