"""Conversations with real models in real time."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from antiphon.audio.sound import Sound
from antiphon.audio.wav import read_wav, write_wav
from antiphon.text.words import normalise, word_error_rate

from .conftest import Run, environment, talked

pytestmark = [pytest.mark.slow, pytest.mark.alone]

STEADY_BOT = Path(__file__).with_name("steady_bot.py")
QUESTIONS = (
    "What is the capital of Australia?",
    "Can you tell me a short joke?",
    "How many days are there in a week?",
)


def bot_channel(call: Path, target: Path) -> Path:
    """The right channel of a recording, by itself."""
    sound = read_wav(call.read_bytes())
    target.write_bytes(write_wav(Sound(sound.samples[:, 1:2].copy(), sound.rate)))
    return target


def test_three_questions(antiphon: Run, question: Callable[[str], Path], tmp_path: Path) -> None:
    call = tmp_path / "call.wav"
    said = [argument for text in QUESTIONS for argument in ("--in", question(text))]
    done = antiphon("talk", STEADY_BOT, *said, "--out", call, "--json")
    result = talked(done)
    assert done.returncode == 0, done.stderr
    assert result["errors"] == []
    assert [normalise(turn["user"]) for turn in result["turns"]] == [normalise(text) for text in QUESTIONS]
    for turn in result["turns"]:
        assert turn["ended"] == "completed"
        assert turn["heard"] == turn["generated"] != ""
        assert all(ms is not None for ms in turn["latency_ms"].values())
    answers = " ".join(turn["heard"] for turn in result["turns"])
    heard = antiphon("transcribe", bot_channel(call, tmp_path / "bot.wav")).stdout
    assert word_error_rate(answers, heard, spell=True) < 0.3, (answers, heard)


def test_barge_in_stops_the_bot_and_the_recording_proves_what_was_heard(
    antiphon: Run, question: Callable[[str], Path], tmp_path: Path
) -> None:
    call = tmp_path / "call.wav"
    first, second = question("Please tell me a long story about a dog."), question("Wait, stop there please.")
    asked = ("--in", first, "--in", second, "--barge-in", "1")
    done = antiphon("talk", STEADY_BOT, *asked, "--out", call, "--json")
    turn = talked(done)["turns"][0]
    assert turn["ended"] == "interrupted"
    assert turn["generated"].startswith(turn["heard"])
    assert 0 < len(turn["heard"]) < len(turn["generated"])
    sound = read_wav(call.read_bytes())
    loud = np.flatnonzero(np.abs(sound.samples[:, 0]) > 0.02) / sound.rate
    interruption = loud[np.flatnonzero(np.diff(loud) > 0.8)[0] + 1]
    until = int((interruption + 0.5) * sound.rate)
    (tmp_path / "first.wav").write_bytes(write_wav(Sound(sound.samples[:until, 1:2].copy(), sound.rate)))
    proof = antiphon("transcribe", tmp_path / "first.wav").stdout
    words = len(normalise(turn["heard"], spell=True))
    assert abs(len(normalise(proof, spell=True)) - words) <= 2, (turn["heard"], proof)


def test_ctrl_c_keeps_what_was_said(question: Callable[[str], Path], tmp_path: Path) -> None:
    call = tmp_path / "call.wav"
    asked = [option for words in QUESTIONS for option in ("--in", str(question(words)))]
    process = subprocess.Popen(
        [sys.executable, "-m", "antiphon", "talk", *asked, "--out", str(call)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment() | {"PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("You"):
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, (out, err)
    assert "Traceback" not in err
    assert "Stopped; what was said so far is kept" in out
    assert read_wav(call.read_bytes()).seconds > 1


def test_silence_is_told(antiphon: Run, tmp_path: Path) -> None:
    path = tmp_path / "silent.wav"
    path.write_bytes(write_wav(Sound(np.zeros((16000, 1), np.float32), 16000)))
    done = antiphon("talk", "--virtual", "--in", path, "--out", tmp_path / "call.wav")
    assert "The bot heard no words" in done.stdout
    assert "Traceback" not in done.stderr


def test_ninety_six_kilohertz_stereo_float(
    antiphon: Run, question: Callable[[str], Path], tmp_path: Path
) -> None:
    import soxr

    sound = read_wav(question(QUESTIONS[0]).read_bytes())
    wide = soxr.resample(sound.samples, sound.rate, 96000).astype(np.float32)
    path = tmp_path / "wide.wav"
    path.write_bytes(write_wav(Sound(np.repeat(wide, 2, axis=1), 96000), "f32"))
    done = antiphon("talk", "--virtual", "--in", path, "--out", tmp_path / "call.wav", "--json")
    turns = talked(done)["turns"]
    assert [normalise(turn["user"]) for turn in turns] == [normalise(QUESTIONS[0])]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["talk"], 2, "give --in question.wav"),
        (["talk", "--in", "absent.wav"], 2, "There is no file absent.wav"),
        (["talk", "absent.py", "--in", "x.wav"], 2, "There is no bot file absent.py"),
        (["transcribe", "absent.wav"], 2, "There is no file absent.wav"),
        (["say", "Hello there.", "--out", "/proc/no/x.wav"], 2, "Cannot write /proc/no/x.wav"),
        (["say", "🎉", "--out", "x.wav"], 1, "nothing to say"),
        (["chat", "--model", "no-such-model", "-m", "hi"], 1, "no-such-model"),
    ],
)
def test_mistakes_are_told_in_one_line(antiphon: Run, arguments: list[str], code: int, said: str) -> None:
    done = antiphon(*arguments)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_doctor_says_that_all_is_well(antiphon: Run) -> None:
    done = antiphon("doctor")
    assert "extra local" in done.stdout
    assert "Traceback" not in done.stderr


def test_chat_answers(antiphon: Run) -> None:
    done = antiphon("chat", "-m", "Say hello.", "--json")
    assert talked(done)["turns"][0]["bot"].strip()
