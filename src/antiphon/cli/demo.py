"""`make demo`: fetch what is missing, let the local voice ask a question, hear the local bot answer."""

from __future__ import annotations

import sys
from pathlib import Path

from antiphon import models
from antiphon.cli.app import app

QUESTION = "Hello there! What is the capital of Australia?"
FOLDER = Path(".cache/demo")


def main() -> None:
    """Run the demo; any error has been told when this ends."""
    if models.missing(models.DEFAULT_SET):
        print("Fetching the local models (about 600 MB, once) ...")
        _antiphon("models", "fetch")
    FOLDER.mkdir(parents=True, exist_ok=True)
    question, call = FOLDER / "question.wav", FOLDER / "call.wav"
    print(f"\nThe local voice asks a question: {QUESTION}")
    _antiphon("say", QUESTION, "--out", str(question))
    print("\nThe local bot listens to it, in real time, and answers aloud:")
    _antiphon("talk", "--in", str(question), "--out", str(call))
    print("\nYou are on the left, the bot on the right. What it said, heard back by the recogniser:")
    _antiphon("transcribe", str(call))
    print("\nNext: antiphon talk --mic, antiphon chat, antiphon doctor (all in .venv/bin).")


def _antiphon(*arguments: str) -> None:
    try:
        app(list(arguments), standalone_mode=False)
    except SystemExit as ended:
        if ended.code:
            raise


if __name__ == "__main__":
    sys.exit(main())
