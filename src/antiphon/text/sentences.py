"""Where a sentence ends, decided on a text that is still growing.

A stop alone decides nothing ("Dr.", "3.14", "U.S."): `ends_sentence` looks at the first character after the
white space, and at the abbreviations that sentencex knows for the language. In doubt a sentence goes on: two
sentences in one chunk sound right, half a sentence does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import cast

CLOSERS = "\"'”’»›)]}*_`~」』）】》〉"
"""What may stand between a stop and the white space after it: quotes, brackets, markdown."""

UNSPACED_STOPS = "。！？｡"
"""Stops of scripts that put no space after them."""

_SPACED_STOPS = ".!?…؟۔।॥։።။៕"
_DOTTED = re.compile(r"(?:[^\W\d_]\.){2,}")
_LIST_NUMBER = re.compile(r"\W*\d{1,3}\.")
_ABBREVIATIONS = frozenset(("approx.", "est.", "incl.", "max.", "min.", "tel."))
_segment = cast(Callable[[str, str], Iterable[str]], import_module("sentencex").segment)


def ends_sentence(before: str, after: str, language: str = "en") -> bool:
    """Whether a sentence certainly ends with `before`, given the one character `after` that follows.

    `before` includes the white space after the stop; `after` is not white space.
    """
    core = before.rstrip()
    bare = core.rstrip(CLOSERS)
    if not bare:
        return False
    stop = bare[-1]
    if stop in UNSPACED_STOPS:
        return len(core) < len(before) or after not in CLOSERS + UNSPACED_STOPS + "，、…"
    if stop not in _SPACED_STOPS or len(core) == len(before):
        return False
    quoted = len(bare) < len(core)
    if after.islower() and (quoted or stop == "…" or bare.endswith("..")):
        return False
    return stop == "…" or _stop_is_final(bare, after, language)


def ends_paragraph(before: str, after: str) -> bool:
    """Whether the line break that `before` ends with (if it does) is more than a wrapped line.

    A blank line is; a single line break is, unless the next line goes on with a small letter.
    """
    breaks = before[len(before.rstrip()) :].count("\n")
    return breaks > 1 or (breaks == 1 and not after.islower())


def _stop_is_final(bare: str, after: str, language: str) -> bool:
    line = bare.rsplit("\n", 1)[-1]
    tail = [word.strip(CLOSERS + "([{“‘«") for word in line.split()[-3:]]
    last = tail[-1].lower()
    if _DOTTED.fullmatch(last) or last in _ABBREVIATIONS or _LIST_NUMBER.fullmatch(line):
        return False
    if last == "no.":
        return not after.isdigit()
    follower = after if after.isalnum() else "A"
    text = f"{' '.join(tail)} {follower}".encode(errors="replace").decode()
    return [*_segment(language, text)][-1] == follower
