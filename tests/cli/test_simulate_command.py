"""`antiphon simulate`: what it prints, and how it exits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from antiphon.cli.app import app
from antiphon.cli.simulate import Job, run_job, run_jobs
from antiphon.testing.scenario_file import load_scenario

GOOD = 'name = "good"\ncaller = [{ say = "Hello?" }]\n[expect]\nheard = "I see."\n'
BAD = 'name = "bad"\ncaller = [{ say = "Hello?" }]\n[expect]\nheard = "I do not see."\n'


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.scenario.toml"
    path.write_text(text)
    return path


def test_a_folder_of_scenarios(tmp_path: Path) -> None:
    write(tmp_path, "good", GOOD)
    done = CliRunner().invoke(app, ["simulate", str(tmp_path), "--runs", "3"])
    assert done.exit_code == 0
    assert "good" in done.stdout
    assert "pass" in done.stdout
    assert "response latency" in done.stdout


def test_failing_seeds_are_told_and_exit_with_1(tmp_path: Path) -> None:
    path = write(tmp_path, "bad", BAD)
    done = CliRunner().invoke(app, ["simulate", str(path), "--seed", "41"])
    assert done.exit_code == 1
    assert "bad, seed 41: expected to hear" in done.stdout.replace("\n", " ")
    assert "--seed 41" in done.stdout


def test_json_gives_the_seed_and_the_fingerprint(tmp_path: Path) -> None:
    path = write(tmp_path, "good", GOOD)
    told = [CliRunner().invoke(app, ["simulate", str(path), "--seed", "5", "--json"]).stdout for _ in "ab"]
    assert told[0] == told[1]
    (scenario,) = json.loads(told[0])["scenarios"]
    assert scenario["worst_seed"] == 5
    assert len(scenario["fingerprint"]) == 16


def test_mistakes_are_told_in_one_line(tmp_path: Path) -> None:
    path = write(tmp_path, "wrong", "name = 3\ncaller = []\n")
    done = CliRunner().invoke(app, ["simulate", str(path)])
    assert done.exit_code == 2
    assert "line 1: name: Expected `str`" in done.stderr
    assert CliRunner().invoke(app, ["simulate", str(tmp_path / "none.toml")]).exit_code == 2


def test_another_bot_can_be_called(tmp_path: Path) -> None:
    write(tmp_path, "bad", BAD)
    bot = tmp_path / "bot.py"
    bot.write_text(
        "from antiphon.testing import FakeLLM, voice_bot\n\n"
        "async def bot(session):\n    return voice_bot(FakeLLM(['I do not see.']))(session)\n"
    )
    done = CliRunner().invoke(app, ["simulate", str(tmp_path), "--bot", str(bot)])
    assert done.exit_code == 0, done.output


def simulate(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["simulate", *map(str, arguments)])


def test_the_worst_run_is_written_as_one_page(tmp_path: Path) -> None:
    path, page = write(tmp_path, "bad", BAD), tmp_path / "call.html"
    done = simulate(path, "--runs", "2", "--timeline", page)
    assert done.exit_code == 1
    assert f"Timeline of the worst run in {page}" in done.stdout
    html = page.read_text(encoding="utf-8")
    assert html.startswith("<!DOCTYPE html>")
    for told in ("Hello?", "I see.", "Commit", "expected to hear [&#x27;I do not see.&#x27;]"):
        assert told in html
    assert html.count("<svg") == 2
    assert "left out of this page" in html
    assert "http://" not in html.replace("http://www.w3.org/2000/svg", "")


def test_several_scenarios_have_a_folder_of_pages(tmp_path: Path) -> None:
    for name, text in (("good", GOOD), ("bad", BAD), ("odd", GOOD.replace('"good"', '"../GOOD"'))):
        write(tmp_path, name, text)
    done = simulate(tmp_path, "--json", "--timeline", tmp_path / "pages")
    told = {each["name"]: each["timeline"] for each in json.loads(done.stdout)["scenarios"]}
    assert {name: Path(page).name for name, page in told.items()} == {
        "good": "good.html",
        "bad": "bad.html",
        "../GOOD": "GOOD-2.html",
    }
    assert {page.name for page in (tmp_path / "pages").iterdir()} == {"good.html", "bad.html", "GOOD-2.html"}


def test_a_call_that_the_caller_gave_up_has_a_page_as_well(tmp_path: Path) -> None:
    text = 'name = "mute"\ncaller = [{ say = "Hello?" }, { say = "Hm.", bot-starts = 1.0 }]\n'
    text += (
        '[bot]\nfaults = [{ service = "llm", kind = "hang" }, { service = "llm", call = 1, kind = "hang" }]\n'
    )
    page = tmp_path / "call.html"
    assert simulate(write(tmp_path, "mute", text), "--timeline", page).exit_code == 1
    assert "the caller gave up: waited 60 s" in page.read_text(encoding="utf-8")


def test_a_place_where_no_page_can_be_is_told_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, "good", GOOD)
    done = simulate(path, "--timeline", tmp_path / "no" / "call.html")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "Choose another place for the timeline" in done.stderr
    write(tmp_path, "bad", BAD)
    done = simulate(tmp_path, "--timeline", path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "Several scenarios need one" in done.stderr


PERSONA = """
name = "guest"
[persona]
who = "a guest"
goal = "a table"
lines = [{ say = "A table, please. [hangs up]" }]
[expect]
turns = ["%s"]
ended = "cancelled"
"""


def test_a_model_may_play_the_persona(tmp_path: Path) -> None:
    lines = write(tmp_path, "lines", PERSONA % "A table, please.")
    assert simulate(lines).exit_code == 0
    model = write(tmp_path, "model", PERSONA % "For two.")
    caller = tmp_path / "caller.py"
    caller.write_text(
        "from antiphon.testing import FakeLLM\n\n"
        "def caller():\n    return FakeLLM(otherwise='For two. [hangs up]', ttft=0.0, per_token=0.0)\n"
    )
    done = simulate(model, "--caller", caller, "--timeline", tmp_path / "call.html")
    assert done.exit_code == 0, done.output
    assert "For two." in (tmp_path / "call.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = 1\n", "define `def caller()` that returns a language model"),
        ("def caller():\n    return 3\n", "define `def caller()` that returns a language model"),
        ("def caller():\n    return 1 / 0\n", "gave no caller: ZeroDivisionError"),
    ],
)
def test_a_file_without_a_caller_is_told(tmp_path: Path, text: str, told: str) -> None:
    path, caller = write(tmp_path, "good", GOOD), tmp_path / "caller.py"
    caller.write_text(text)
    done = simulate(path, "--caller", caller)
    assert done.exit_code == 2
    assert told in done.stderr
    assert "There is no file" in simulate(path, "--caller", tmp_path / "none.py").stderr


@pytest.mark.slow
def test_many_runs_over_all_cores_are_the_same_calls(tmp_path: Path) -> None:
    scenario = load_scenario(write(tmp_path, "good", GOOD))
    jobs = [Job(scenario, seed, None) for seed in range(60)]
    assert list(run_jobs(jobs)) == [run_job(job) for job in jobs]
