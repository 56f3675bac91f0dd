"""Reads scenarios from TOML files, and says kindly where one is wrong: file, line and key."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec

from antiphon.testing.scenario import Scenario
from antiphon.testing.scenario_steps import StepError, script

SUFFIX = ".scenario.toml"

_AT = re.compile(r" - at `\$(?:\.)?([^`]*)`$")
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")
_INDEX = re.compile(r"^(.*)\[(\d+|\.\.\.)\]$")


class ScenarioError(Exception):
    """A scenario cannot be used; the message is one sentence that says where and why."""


def load_scenario(path: Path) -> Scenario:
    """Read one file. Raises ScenarioError."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ScenarioError(f"{path}: is not a text file in UTF-8.") from None
    return read_scenario(text, str(path))


def read_scenario(text: str, source: str) -> Scenario:
    """Read the text of a file; `source` names it in errors. Raises ScenarioError."""
    try:
        scenario = msgspec.convert(tomllib.loads(text), Scenario, strict=True)
        script(scenario.caller)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{source}: is not TOML: {error}.") from None
    except msgspec.ValidationError as error:
        raise ScenarioError(_explain(str(error), text, source)) from None
    except StepError as error:
        place = _place(text, f"caller[{error.number}]")
        raise ScenarioError(f"{source}{place}: caller[{error.number}]: {error}.") from None
    _check(scenario, text, source)
    return scenario


def find_scenarios(paths: list[Path]) -> list[Path]:
    """Every file, and every scenario in every folder, in order. Raises ScenarioError if there is none."""
    found: list[Path] = []
    for path in paths:
        inside = sorted(path.rglob(f"*{SUFFIX}")) if path.is_dir() else [path]
        if not inside:
            raise ScenarioError(f"{path}: holds no file that ends in {SUFFIX}.")
        found += inside
    return found


def _check(scenario: Scenario, text: str, source: str) -> None:
    problem = scenario.network.problem() if scenario.network else None
    if problem:
        raise ScenarioError(f"{source}{_place(text, 'network')}: network: {problem}.")
    delays = scenario.bot.delays
    for name in ("stt", "llm", "tts", "model"):
        delay = getattr(delays, name)
        fine = delay >= 0 if isinstance(delay, float | int) else 0 < delay.median <= delay.p95
        if not fine:
            place = _place(text, f"bot.delays.{name}")
            raise ScenarioError(
                f"{source}{place}: bot.delays.{name}: a number >= 0, or 0 < median <= p95, is needed."
            )


def _explain(message: str, text: str, source: str) -> str:
    """The message of msgspec with the place in the file."""
    found = _AT.search(message)
    key = found.group(1) if found else ""
    what = message[: found.start()] if found else message
    if unknown := _UNKNOWN.search(what):
        key = f"{key}.{unknown.group(1)}" if key else unknown.group(1)
        what = "this key is unknown"
    return f"{source}{_place(text, key)}: {key or 'scenario'}: {what}."


def _place(text: str, key: str) -> str:
    line = line_of(text, key)
    return f", line {line}" if line else ""


def line_of(text: str, key: str) -> int | None:
    """The line on which a key such as ``caller[1].say`` stands, as well as can be told; None if it is not."""
    lines = text.splitlines()
    at, found = 0, None
    for part in key.split(".") if key else []:
        index = _INDEX.match(part)
        name, number = (index.group(1), index.group(2)) if index else (part, "")
        line = _find(lines, at, name, int(number) if number.isdigit() else 0, many=index is not None)
        if line is None:
            continue
        at = found = line
    return None if found is None else found + 1


def _find(lines: list[str], at: int, name: str, number: int, *, many: bool) -> int | None:
    header = re.compile(rf"^\s*\[+(?:[\w.-]+\.)?{re.escape(name)}\]+")
    heads = [n for n in range(at, len(lines)) if header.match(lines[n])]
    if heads:
        return heads[min(number, len(heads) - 1)]
    assign = re.compile(rf"(?:^|[\s{{,.]){re.escape(name)}\s*=")
    first = next((n for n in range(at, len(lines)) if assign.search(lines[n])), None)
    if first is None or not many:
        return first
    items = [n for n in range(first, len(lines)) if re.match(r"^\s*[{\"']", lines[n])]
    return items[number] if number < len(items) else first
