"""`antiphon say` and `antiphon transcribe`: the local voice and the local ear by themselves."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from antiphon.audio.pcm import samples
from antiphon.audio.resample import convert
from antiphon.audio.sound import Sound
from antiphon.audio.wav import write_wav
from antiphon.cli.told import EXIT_FAILED, told
from antiphon.clock import perf_seconds, run_real
from antiphon.services.base import Audio, EndTurn, Flush, ServiceError
from antiphon.services.stt_host import PREROLL_SECONDS
from antiphon.text.speech import said_of
from antiphon.transports.file import load_question
from antiphon.transports.recorder import RecorderError
from antiphon.turns.detector import Edge, SpeechDetector

RATE = 16000

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def say(
    text: Annotated[str, typer.Argument(help="What to say.")],
    out: Annotated[Path, typer.Option("--out", help="Where the sound goes (mono WAV).")] = Path("say.wav"),
    as_json: Json = False,
) -> None:
    """Say something with the local voice.

    Example: `antiphon say "What is the capital of Australia?" --out question.wav`
    """
    with told():
        began = perf_seconds()
        audio = run_real(_speak(said_of(text)))
        if not audio.pcm:
            raise ServiceError("There is nothing to say in that text.")
        try:
            out.write_bytes(write_wav(_sound(audio)))
        except OSError as error:
            raise RecorderError(f"Cannot write {out}: {error.strerror or error}.") from None
        took = perf_seconds() - began
    facts = {"path": str(out), "seconds": round(audio.seconds, 3), "took_ms": round(took * 1000)}
    typer.echo(json.dumps(facts) if as_json else f"{out}  {audio.seconds:.1f} s, made in {took:.2f} s")


def transcribe(
    sound: Annotated[Path, typer.Argument(help="A WAV file.")],
    model: Annotated[
        str, typer.Option(help="moonshine-base-en-int8, moonshine-tiny-en, or a folder.")
    ] = "moonshine-base-en-int8",
    as_json: Json = False,
) -> None:
    """Write down what is said in a sound file.

    Example: `antiphon transcribe call.wav`
    """
    with told():
        loaded = load_question(sound)
        began = perf_seconds()
        text = run_real(_write_down(loaded, model))
        took = perf_seconds() - began
    if as_json:
        typer.echo(json.dumps({"text": text, "seconds": loaded.seconds, "took_ms": round(took * 1000)}))
    elif text:
        typer.echo(text)
    else:
        typer.echo("antiphon: No words were recognised.", err=True)
        raise typer.Exit(EXIT_FAILED)


def _sound(audio: Audio) -> Sound:
    return Sound(samples(audio.pcm).reshape(-1, 1).astype(np.float32) / np.float32(32768), audio.rate)


async def _speak(text: str) -> Audio:
    from antiphon.services.local import Hibari

    async def once() -> AsyncIterator[str]:
        yield text

    pieces = [item async for item in Hibari().speak(once()) if isinstance(item, Audio)]
    return Audio(b"".join(piece.pcm for piece in pieces), pieces[0].rate if pieces else 24000)


async def _write_down(sound: Sound, model: str) -> str:
    from antiphon.services.local import Moonshine

    segments: dict[int, str] = {}
    async for heard in Moonshine(model).transcribe(_speech(convert(sound, RATE))):
        if heard.final:
            segments[heard.segment] = heard.text
    return " ".join(text for text in segments.values() if text)


async def _speech(pcm: bytes) -> AsyncIterator[Audio | Flush | EndTurn]:
    """The stretches of speech, with a little before each: long silence makes the recogniser drop words."""
    from antiphon.services.local import SileroVAD

    vad, detector = SileroVAD(), SpeechDetector()
    before: deque[bytes] = deque(maxlen=round(PREROLL_SECONDS * RATE / vad.window))
    for start in range(0, len(pcm), 2 * vad.window):
        window = pcm[start : start + 2 * vad.window].ljust(2 * vad.window, b"\0")
        edge = detector.step(vad.probability(window), vad.window / RATE)
        if detector.speaking or edge is Edge.STOPPED:
            while before:
                yield Audio(before.popleft(), RATE)
            yield Audio(window, RATE)
        else:
            before.append(window)
        if edge is Edge.STOPPED:
            yield Flush()
            yield EndTurn()
    yield Flush()
