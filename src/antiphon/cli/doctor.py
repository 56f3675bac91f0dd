"""`antiphon doctor`: what is installed, which models are here, which devices and keys, and what to do."""

from __future__ import annotations

import json
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, NamedTuple

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from antiphon.models import DEFAULT_SET, REGISTRY, State, state

EXTRAS = {
    "local": ("onnxruntime", "hibari-tts", "xllamacpp"),
    "whisper": ("faster-whisper",),
    "audio": ("sounddevice",),
    "web": ("starlette", "uvicorn", "websockets", "aiortc"),
}
KEYS = ("OPENAI_API_KEY",)


class Finding(NamedTuple):
    """One thing looked at: what it is, how it is, and what to do about it ("" if nothing)."""

    what: str
    good: bool
    state: str
    advice: str = ""


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Look at what the bot needs on this machine, and say what to do about what is missing.

    Example: `antiphon doctor`

    Ends with 1 if the built-in bot cannot run.
    """
    findings = [_python(), *_extras(), *_models(), _sound_card(), *_keys()]
    needed = [f for f in findings if not f.good and f.what.startswith(("extra local", "model "))]
    if as_json:
        typer.echo(json.dumps({"ready": not needed, "findings": [f._asdict() for f in findings]}))
    else:
        _show(findings)
        typer.echo(_verdict(needed))
    raise typer.Exit(1 if needed else 0)


def _verdict(needed: list[Finding]) -> str:
    if not needed:
        return "The local bot can run."
    packages = [finding.advice for finding in needed if finding.what.startswith("extra ")]
    fetch = ["antiphon models fetch"] if len(needed) > len(packages) else []
    return f"The local bot cannot run yet. First: {', then '.join([*packages, *fetch])}"


def _python() -> Finding:
    cores = os.cpu_count() or 1
    return Finding(
        "machine", True, f"Python {platform.python_version()}, {platform.machine()}, {cores} cores"
    )


def _extras() -> list[Finding]:
    return [_extra(name, packages) for name, packages in EXTRAS.items()]


def _extra(name: str, packages: tuple[str, ...]) -> Finding:
    found: list[str] = []
    for package in packages:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            return Finding(f"extra {name}", False, f"{package} is missing", f"pip install 'antiphon[{name}]'")
    return Finding(f"extra {name}", True, ", ".join(found))


def _models() -> list[Finding]:
    return [_model(name) for name in REGISTRY if name in DEFAULT_SET]


def _model(name: str) -> Finding:
    found = state(name)
    advice = "" if found is State.PRESENT else f"antiphon models fetch {name}"
    return Finding(f"model {name}", found is State.PRESENT, found.value, advice)


def _sound_card() -> Finding:
    try:
        import sounddevice  # pyright: ignore
    except ImportError:
        return Finding("sound card", False, "cannot be used", "pip install 'antiphon[audio]' (for --mic)")
    except OSError:
        return Finding("sound card", False, "PortAudio is missing", "install libportaudio2 (for --mic)")
    devices = len(sounddevice.query_devices())  # pyright: ignore
    return Finding(
        "sound card", devices > 0, f"{devices} devices", "" if devices else "connect one for --mic"
    )


def _keys() -> list[Finding]:
    return [
        Finding(f"key {name}", name in os.environ, "set" if name in os.environ else "not set (optional)")
        for name in KEYS
    ]


def _show(findings: list[Finding]) -> None:
    table = Table(box=SIMPLE, pad_edge=False)
    for column in ("", "what", "how it is", "what to do"):
        table.add_column(column, overflow="fold")
    for finding in findings:
        mark = "[green]✓[/]" if finding.good else "[yellow]–[/]"
        table.add_row(mark, *(escape(text) for text in (finding.what, finding.state, finding.advice)))
    Console(highlight=False).print(table)
