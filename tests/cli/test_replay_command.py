"""`antiphon talk --record` and `antiphon replay`: a call is written down and run again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from antiphon.audio.sound import Sound
from antiphon.audio.wav import write_wav
from antiphon.cli.app import app
from antiphon.testing import Utterance

BOT = """
from antiphon.testing import FakeLLM, voice_bot

async def bot(session):
    return voice_bot(FakeLLM(otherwise="It is Canberra, as far as I know."))(session)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("call")


@pytest.fixture
def log(folder: Path) -> Path:
    """Recorded once, by the first test that asks: a fixture of the module would leave log levels behind."""
    path = folder / "call.antiphon"
    if not path.exists():
        _record(folder, path)
    return path


def _record(folder: Path, path: Path) -> None:
    (folder / "bot.py").write_text(BOT)
    samples = np.frombuffer(Utterance("What is the capital?").pcm, np.int16).astype(np.float32) / 32768
    question = Sound(samples.astype(np.float32)[:, np.newaxis], 16000)
    (folder / "question.wav").write_bytes(write_wav(question))
    files = ["--in", str(folder / "question.wav"), "--out", str(folder / "call.wav")]
    talk = ["talk", str(folder / "bot.py"), *files, *files[:2], "--barge-in", "0.5", "--virtual", "--json"]
    done = CliRunner().invoke(app, [*talk, "--record", str(path)])
    assert done.exit_code == 0, done.output


def test_a_recorded_call_is_run_again(log: Path) -> None:
    done = CliRunner().invoke(app, ["replay", str(log), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["damage"] == ""
    assert told["replay"]["same"]
    assert told["replay"]["figures"]["turns"] == 2
    assert told["replay"]["result"]["reason"] == "the conversation is over"


def test_another_policy_is_compared(log: Path) -> None:
    done = CliRunner().invoke(app, ["replay", str(log), "--with-turns", "speculative"])
    assert done.exit_code == 0, done.output
    assert "the same frames at all" in done.stdout
    assert "latency (median)" in done.stdout
    told = json.loads(
        CliRunner().invoke(app, ["replay", str(log), "--with-turns", "patient", "--json"]).stdout
    )
    assert told["with_turns"]["figures"]["turns"] >= 1


def test_a_cut_log_is_replayed_as_far_as_it_goes(log: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.antiphon"
    cut.write_bytes(log.read_bytes()[:-1000])
    done = CliRunner().invoke(app, ["replay", str(cut), "--json"])
    assert done.exit_code == 0, done.output
    assert "it is cut off" in json.loads(done.stdout)["damage"]


def test_mistakes_are_told_in_one_line(log: Path, tmp_path: Path) -> None:
    for arguments, told in (
        ([str(tmp_path / "none")], "Cannot read the log"),
        ([str(log), "--with-turns", "wild"], "There is no turn policy wild"),
        ([str(log), str(tmp_path / "none.py")], "There is no bot file"),
    ):
        done = CliRunner().invoke(app, ["replay", *arguments])
        assert done.exit_code == 2
        assert told in done.stderr


def test_a_server_says_that_it_cannot_write_logs(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = CliRunner().invoke(app, ["run", "--port", "0", "--record", str(tmp_path / "file")])
    assert done.exit_code == 2
    assert "Cannot write logs into" in done.stderr
