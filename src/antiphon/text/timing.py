"""When each word of a text is spoken, estimated where the voice does not say.

The share of a word is its syllables, guessed from its letters, plus the pause that its punctuation makes. On
English the guess is off by a syllable for about one word in five; over a sentence that evens out. Where the
voice gives word timings, use those.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate

from antiphon.text.clauses import is_unspaced

SYLLABLES_PER_SECOND = 4.5
"""How fast an average voice speaks, pauses included as if they were syllables."""

_VOWELS = re.compile(r"[aeiouyàáâäãåæèéêëìíîïòóôöõøœùúûüýÿαεηιουωаеёиоуыэюя]+", re.IGNORECASE)
_SILENT_E = re.compile(r"[^aeiouy\W]e$", re.IGNORECASE)
_PAUSES = {",": 1.0, ";": 1.0, ":": 1.0, "—": 1.0, "、": 1.0, "，": 1.0} | dict.fromkeys(".!?…。！？।؟", 2.0)


def weight(unit: str) -> float:
    """The spoken length of a word with its punctuation, in syllables; 0 for white space and bare marks."""
    syllables = sum(map(_syllables, re.findall(r"[^\W_]+", unit)))
    last = unit.rstrip(" \t\n\r\"'”’»)]}*_`")[-1:]
    return syllables + _PAUSES.get(last, 0.0)


def estimate(
    units: Sequence[str], seconds: float | None = None, *, rate: float = SYLLABLES_PER_SECOND
) -> list[tuple[float, float]]:
    """Start and end of each unit (a word as said, with its punctuation), in seconds from the start.

    The spans follow each other without gaps from 0 to `seconds`; each is as long as its weight's share. With
    `seconds` None the length is provisional: the weights at `rate` syllables per second. If nothing has any
    weight, all share alike. Raises ValueError if `seconds` is negative or `rate` is not positive.
    """
    if rate <= 0 or (seconds is not None and seconds < 0):
        raise ValueError(f"The length cannot be negative nor the rate zero: {seconds}, {rate}.")
    weights = [weight(unit) for unit in units]
    total = sum(weights)
    if not total:
        weights, total = [1.0] * len(weights), float(len(weights))
        length = seconds or 0.0
    else:
        length = total / rate if seconds is None else seconds
    ends = [min(length, length * (done / total)) for done in accumulate(weights)]
    if ends:
        ends[-1] = length
    return list(zip([0.0, *ends], ends, strict=False))


def _syllables(word: str) -> int:
    unspaced = sum(map(is_unspaced, word))
    if unspaced:
        return unspaced
    if word.isdigit():
        return len(word) * 2
    if len(word) > 1 and word.isupper() and len(word) <= 5:
        return len(word)
    groups = len(_VOWELS.findall(word))
    if not groups:
        return max(1, len(word) // 3)
    return groups - 1 if groups > 1 and _SILENT_E.search(word) else groups
