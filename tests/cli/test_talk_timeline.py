"""`antiphon talk --timeline`: one page for the conversation, or one sentence that says why not."""

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
    return voice_bot(FakeLLM(["It is Canberra."]))(session)
"""


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    (tmp_path / "bot.py").write_text(BOT)
    pcm = np.frombuffer(Utterance("What is the capital?").pcm, np.int16).astype(np.float32) / np.float32(
        32768
    )
    (tmp_path / "question.wav").write_bytes(write_wav(Sound(pcm[:, np.newaxis], 16000)))
    sound = ["--in", str(tmp_path / "question.wav"), "--out", str(tmp_path / "call.wav")]
    return ["talk", str(tmp_path / "bot.py"), *sound, "--virtual", "--json"]


def test_the_page_is_written(arguments: list[str], tmp_path: Path) -> None:
    page = tmp_path / "call.html"
    done = CliRunner().invoke(app, [*arguments, "--timeline", str(page)])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["timeline"] == str(page)
    html = page.read_text(encoding="utf-8")
    assert "What is the capital?" in html
    assert "It is Canberra." in html
    assert html.count("<svg") == 2
    assert "data:audio/wav;base64," in html


def test_without_the_option_there_is_no_page(arguments: list[str], tmp_path: Path) -> None:
    done = CliRunner().invoke(app, arguments)
    assert "timeline" not in json.loads(done.stdout)
    assert not list(tmp_path.glob("*.html"))


def test_a_place_that_cannot_be_written_is_told_before_the_conversation(
    arguments: list[str], tmp_path: Path
) -> None:
    done = CliRunner().invoke(app, [*arguments, "--timeline", str(tmp_path / "no" / "call.html")])
    assert done.exit_code == 2
    assert "Choose another place for the timeline" in done.stderr
    assert not (tmp_path / "call.wav").exists()
