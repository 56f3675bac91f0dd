"""What two successive readings of the same speech agree on.

A recogniser that reads a growing segment again and again changes its mind about the last word or two. The
words at the front on which two readings in a row agree hardly ever change any more (the local agreement
policy with n = 2, Liu, Niehues and Stüker, Interspeech 2020). Pure functions.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"\S+")
_EDGES = re.compile(r"^\W+|\W+$")


def stable_prefix(earlier: str, later: str) -> str:
    """The longest prefix of `later`, in whole words, on which both agree.

    Case and the punctuation around a word do not matter to agreement. Punctuation after the last agreed word
    is left out: it is the part most likely to change.
    """
    end = 0
    for old, new in zip(_WORD.finditer(earlier), _WORD.finditer(later), strict=False):
        if bare(old.group()) != bare(new.group()):
            break
        end = new.start() + len(_without_tail(new.group()))
    return later[:end]


def bare(word: str) -> str:
    """A word for comparison: no case, no punctuation at its edges."""
    return _EDGES.sub("", word).casefold()


def _without_tail(word: str) -> str:
    return re.sub(r"\W+$", "", word)
