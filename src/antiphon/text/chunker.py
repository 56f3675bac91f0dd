"""Cutting an answer into chunks to speak, while it is still being written.

`Chunker` is a state machine that looks at one character at a time, so that how a model splits its text into
deltas changes nothing. The first chunk is a clause, so that the voice starts early; the second may be a
longer one, so that it does not wait for the rest of a long sentence; later ones are whole sentences. Cleaning
and reading out numbers is not done here but in `speech`.
"""

from __future__ import annotations

import re
import unicodedata

from antiphon.text.clauses import UNSPACED_MARKS, best_cut, count_words, ends_clause, is_unspaced
from antiphon.text.sentences import CLOSERS, UNSPACED_STOPS, ends_paragraph, ends_sentence

_FENCE = re.compile(r"`{3,}|~{3,}")
_OPEN_LINK = re.compile(r"\[[^\]]*$|\]\([^)]*$")
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_UNSPACED = frozenset(UNSPACED_STOPS + UNSPACED_MARKS + CLOSERS)
_PATIENCE = 5

EARLY_CHUNKS = 2
"""How many chunks are cut at clauses, so that there is something to say while the rest is written."""


class Chunker:
    """Takes deltas, gives chunks: together exactly the text, white space kept with the chunk before it.

    A chunk comes with the first character that follows it, which is when it is certain. The first one ends
    at the first clause or sentence with at least `min_words` words, or else after at most `max_words`; the
    second at any sentence, or at a clause of twice as many; later ones at the end of a sentence or paragraph,
    or at a clause once they exceed `max_chars`. No cut is made
    inside a markdown link or code, unless it goes on for five times `max_chars`. Every chunk but the last has
    a letter or digit.
    """

    def __init__(
        self, language: str = "en", *, min_words: int = 2, max_words: int = 7, max_chars: int = 200
    ) -> None:
        if not 1 <= min_words <= max_words or max_chars < 1:
            raise ValueError(f"Limits must be positive and ordered: {min_words}, {max_words}, {max_chars}.")
        self._language = language
        self._min_words = min_words
        self._max_words = max_words
        self._max_chars = max_chars
        self._start_answer()

    def feed(self, delta: str) -> list[str]:
        """The chunks that are certain now, in order; often none."""
        self._text += delta
        chunks: list[str] = []
        while cut := self._next_cut():
            chunks.append(self._take(cut))
        return chunks

    def flush(self) -> list[str]:
        """The rest of the answer, if any (white space alone only if that was all). The next one may begin."""
        rest = self._text
        self._start_answer()
        return [rest] if rest else []

    def _start_answer(self) -> None:
        self._text = ""
        self._number = 0
        self._fenced = False
        self._restart_scan()

    def _restart_scan(self) -> None:
        self._seen = 0
        self._words: list[int] = []
        self._clauses: list[int] = []

    def _take(self, cut: int) -> str:
        chunk, self._text = self._text[:cut], self._text[cut:]
        self._fenced ^= len(_FENCE.findall(chunk)) % 2 == 1
        self._number += 1
        self._restart_scan()
        return chunk

    def _next_cut(self) -> int:
        """The length of the next chunk, or 0 if none is certain yet."""
        while self._seen < len(self._text):
            cut = self._cut_before(self._seen)
            self._seen += 1
            if cut:
                return cut
        return 0

    def _cut_before(self, at: int) -> int:
        """Where to cut, now that all before `at` and the character there are known."""
        if not at or self._text[at].isspace():
            return 0
        last = self._text[at - 1]
        if last.isspace() or last in _UNSPACED:
            cut = self._cut_between(self._text[:at], self._text[at])
            if cut:
                return cut
        return self._overflow(at) if at >= self._max_chars else 0

    def _cut_between(self, before: str, after: str) -> int:
        if not _LETTER_OR_DIGIT.search(before) or self._protected(before):
            return 0
        early = self._number < EARLY_CHUNKS
        words = count_words(before) if early else 0
        if self._number == 0 and words < self._min_words:
            return 0
        if ends_paragraph(before, after) or ends_sentence(before, after, self._language):
            return len(before)
        if ends_clause(before, after):
            if early and words >= self._min_words << self._number:
                return len(before)
            self._clauses.append(len(before))
        elif before[-1].isspace():
            self._words.append(len(before))
            if early and words >= self._max_words << self._number:
                return best_cut(before + after, self._words, self._language)
        return 0

    def _overflow(self, at: int) -> int:
        """A cut for a chunk that has become too long, or 0 to wait for a better place."""
        if self._clauses:
            return self._clauses[-1]
        if self._words:
            return best_cut(self._text[:at], self._words, self._language)
        if unicodedata.category(self._text[at]).startswith(("M", "C")):
            return 0
        unspaced = is_unspaced(self._text[at - 1]) and not self._protected(self._text[:at])
        return at if unspaced or at >= _PATIENCE * self._max_chars else 0

    def _protected(self, before: str) -> bool:
        """Whether `before` ends inside a code fence, inline code or a link."""
        if len(before) >= _PATIENCE * self._max_chars:
            return False
        if self._fenced ^ (len(_FENCE.findall(before)) % 2 == 1):
            return True
        line = _FENCE.sub("", before.rsplit("\n", 1)[-1])
        return line.count("`") % 2 == 1 or _OPEN_LINK.search(line) is not None
