"""Comparing transcripts: the words of a text without its looks, and the word error rate between two texts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from antiphon.text.clauses import is_unspaced
from antiphon.text.speech import said_of

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


def normalise(text: str, *, spell: bool = False) -> list[str]:
    """The words of `text`: lower case, compatibility forms unified (NFKC), no punctuation.

    With `spell`, English numbers, money, dates and units are put in words first, so that "3 km" equals
    "three kilometers". Scripts without spaces count each letter as a word.
    """
    if spell:
        text = said_of(text)
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    marks = "".join(char for char in plain if not unicodedata.category(char).startswith("M"))
    spaced = "".join(f" {char} " if is_unspaced(char) else char for char in marks)
    return _WORD.findall(spaced)


def word_error_rate(reference: str, hypothesis: str, *, spell: bool = False) -> float:
    """Insertions, deletions and substitutions per word of the reference; 0 is perfect, over 1 is possible.

    An empty reference gives 0 if the hypothesis is empty too, else the number of its words.
    """
    wanted, heard = normalise(reference, spell=spell), normalise(hypothesis, spell=spell)
    return edit_distance(wanted, heard) / max(1, len(wanted))


def edit_distance(first: Sequence[str], second: Sequence[str]) -> int:
    """The fewest insertions, deletions and substitutions that turn one into the other (Levenshtein)."""
    row = list(range(len(second) + 1))
    for number, item in enumerate(first, start=1):
        diagonal, row[0] = row[0], number
        for column, other in enumerate(second, start=1):
            best = min(row[column] + 1, row[column - 1] + 1, diagonal + (item != other))
            diagonal, row[column] = row[column], best
    return row[-1]
