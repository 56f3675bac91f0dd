"""Markdown as it is heard: which characters are marks and what is said in their place.

Line by line and forgiving, because the text arrives in chunks: a mark that has lost its partner is still not
spoken. Not a parser: reference links, nested block quotes with code and HTML blocks are not told apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_FENCE = re.compile(r"`{3,}|~{3,}")
_PREFIX = re.compile(r"[ \t]*(?:(?:\#{1,6}|>|[-*+•◦‣](?:[ \t]+\[[ xX]\])?)[ \t]+)+|[ \t]*>")
_NUMBER = re.compile(r"[ \t]*[0-9]{1,3}[.)][ \t]")
_RULE = re.compile(r"[ \t]*(?:(?:[-*_=][ \t]*){3,}|(?:\|[ \t]*)?:?-+:?[ \t]*(?:\|[ \t]*:?-*:?[ \t]*)+)\s*")
_ROW = re.compile(r"[ \t]*\|.*\|\s*")
_INLINE = re.compile(
    r"(?P<link>!?\[(?P<label>[^\]\n]{0,300})\]\([^)\n]{0,2000}\))"
    r"|(?P<auto><(?P<url>(?:https?://|mailto:)?[^<>\s]{1,200}[@/.][^<>\s]{0,2000})>)"
    r"|(?P<tag></?[A-Za-z][^<>\n]{0,200}>)"
    r"|(?P<mark>`+|~~|\\(?=[^\w\s])|(?<![^\W_])_+|_+(?![^\W_])|(?!(?<=[0-9])\*[0-9])(?:\*+(?=\S)|(?<=\S)\*+))"
    r"|(?P<cell>[ \t]{0,9}\|[ \t]{0,9})"
)
_SENTENCE_MARKS = ".,;:!?…。！？"


class Piece(NamedTuple):
    """Some characters of the text. `said` is None where they are text, else what is said instead of them."""

    written: str
    said: str | None = None


def read_markdown(text: str, fenced: bool) -> tuple[list[Piece], bool]:
    """The pieces of `text`, and whether it ends within a code fence; `fenced`: whether it begins in one."""
    pieces: list[Piece] = []
    at = 0
    for fence in _FENCE.finditer(text):
        pieces += [Piece(text[at : fence.start()], "")] if fenced else _read_lines(text[at : fence.start()])
        pieces.append(Piece(fence[0], ""))
        at, fenced = fence.end(), not fenced
    pieces += [Piece(text[at:], "")] if fenced else _read_lines(text[at:])
    return [piece for piece in pieces if piece != ("", "")], fenced


def _read_lines(text: str) -> Iterator[Piece]:
    for line in re.findall(r"[^\n]*\n|[^\n]+", text):
        yield from _read_line(line)


def _read_line(line: str) -> Iterator[Piece]:
    if _RULE.fullmatch(line):
        yield Piece(line, "")
        return
    prefix = _PREFIX.match(line)
    row = _ROW.fullmatch(line) is not None
    start = prefix.end() if prefix else 0
    if start:
        yield Piece(line[:start], "")
    body = line[start:].rstrip()
    yield from _read_inline(body, row)
    block = row or start or _NUMBER.match(line)
    if block and line.endswith("\n") and not body.rstrip("*_`~ ").endswith(tuple(_SENTENCE_MARKS)):
        yield Piece("", ".")
    yield Piece(line[start + len(body) :])


def _read_inline(text: str, row: bool) -> Iterator[Piece]:
    at = 0
    for found in _INLINE.finditer(text):
        if found["cell"] and not row:
            continue
        yield Piece(text[at : found.start()])
        yield from _read_mark(found, edge=found.start() == 0 or found.end() == len(text))
        at = found.end()
    yield Piece(text[at:])


def _read_mark(found: re.Match[str], *, edge: bool) -> Iterator[Piece]:
    written, label, url = found[0], found["label"], found["url"]
    if found["link"]:
        opening = written.index("[") + 1
        yield Piece(written[:opening], "")
        yield from _read_inline(label, row=False)
        yield Piece(written[opening + len(label) :], "")
    elif found["auto"]:
        yield Piece("<", "")
        yield Piece(url)
        yield Piece(">", "")
    elif found["cell"]:
        yield Piece(written, "" if edge else ", ")
    else:
        yield Piece(written, " " if found["tag"] else "")
