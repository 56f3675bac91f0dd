"""What the doctor shows."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from antiphon.cli.app import app


def test_advice_names_the_extra_in_brackets() -> None:
    findings = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)["findings"]
    shown = CliRunner().invoke(app, ["doctor"]).stdout.replace("\n", " ")
    for finding in findings:
        assert finding["what"].split()[0] in shown
        if "antiphon[" in finding["advice"]:
            assert "antiphon[" in shown
