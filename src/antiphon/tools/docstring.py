"""What a docstring says about a function and its parameters. Pure.

Understands the two common styles, Google's (`Args:` and an indented list) and Sphinx's (`:param name:`).
Anything else is taken as part of the description.
"""

from __future__ import annotations

import inspect
import re
from itertools import pairwise

import msgspec

_SECTIONS = re.compile(
    r"^(args|arguments|parameters|params|returns?|raises|yields?|examples?|notes?)[ \t]*:[ \t]*$", re.I | re.M
)
_PARAMETER_SECTIONS = ("args", "arguments", "parameters", "params")
_GOOGLE_ENTRY = re.compile(r"^\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*:\s*(.*)$")
_SPHINX_FIELD = re.compile(r"^:", re.M)
_SPHINX_PARAMETER = re.compile(r"^:param\s+(?:[^:]*\s)?(\w+):\s*(.*)$", re.S)


class Description(msgspec.Struct, frozen=True):
    """`summary` says what the function does, `parameters` what each parameter means, where it is said."""

    summary: str
    parameters: dict[str, str]


def describe_docstring(docstring: str | None) -> Description:
    """Read a docstring; without one both parts are empty. Line breaks inside a paragraph become spaces."""
    text = inspect.cleandoc(docstring or "")
    text, *fields = _split_before(_SPHINX_FIELD, text)
    summary, *sections = _split_before(_SECTIONS, text)
    parameters = dict(filter(None, map(_sphinx_parameter, fields)))
    for section in sections:
        parameters |= _google_parameters(section)
    return Description(_flat(summary), parameters)


def _split_before(pattern: re.Pattern[str], text: str) -> list[str]:
    starts = [0, *(match.start() for match in pattern.finditer(text)), len(text)]
    return [text[start:end] for start, end in pairwise(starts)]


def _sphinx_parameter(field: str) -> tuple[str, str] | None:
    match = _SPHINX_PARAMETER.match(field)
    return (match[1], _flat(match[2])) if match else None


def _google_parameters(section: str) -> dict[str, str]:
    title, _, body = section.partition("\n")
    if title.strip().rstrip(":").strip().lower() not in _PARAMETER_SECTIONS:
        return {}
    found: dict[str, list[str]] = {}
    name, margin = "", None
    for line in filter(str.strip, body.splitlines()):
        indent = len(line) - len(line.lstrip())
        margin = indent if margin is None else margin
        entry = _GOOGLE_ENTRY.match(line.strip()) if indent <= margin else None
        if entry:
            name = entry[1]
            found[name] = [entry[2]]
        elif indent > margin and name:
            found[name].append(line)
        else:
            break
    return {name: _flat(" ".join(lines)) for name, lines in found.items()}


def _flat(text: str) -> str:
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
