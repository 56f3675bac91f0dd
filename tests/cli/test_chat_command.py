"""`antiphon chat`, as far as it goes without a model."""

from __future__ import annotations

from typer.testing import CliRunner

from antiphon.cli.app import app


def test_what_is_missing_is_told_before_anything_is_asked() -> None:
    result = CliRunner().invoke(app, ["chat", "--url", "http://127.0.0.1:1/v1"], input="hello\n")
    assert result.exit_code == 1
    assert "Nothing answers at http://127.0.0.1:1/v1" in result.stderr
    assert result.stdout == ""


def test_an_address_must_look_like_one() -> None:
    result = CliRunner().invoke(app, ["chat", "--url", "nonsense"], input="hello\n")
    assert result.exit_code == 1
    assert "'nonsense' is not an address" in result.stderr
