"""Text as a voice should say it, aligned word by word with the text as it was written.

`speakable` cleans one chunk: markdown, emoji and signs that nobody says are left out, addresses are spelt in
words, and for English numbers, money, dates, units and abbreviations are written out. The alignment is what
lets a bot know which of the words that it wrote were heard. Other languages keep their numbers for the voice.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from antiphon.text.addresses import match_address
from antiphon.text.clauses import is_unspaced
from antiphon.text.markdown import Piece, read_markdown
from antiphon.text.reading import read_token

_RUN = re.compile(r"\s+|[A-Za-z]+(?:['’][A-Za-z]+)*|[0-9]+")
_REPLACED = {
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
    "„": '"',
    "…": "...",
    "_": " ",
    "\\": "",
    "`": "",
    "{": "",
    "}": "",
    "[": "",
    "]": "",
}
_DASHES = "—–"
_SIGNS = "&%+=@€$£¥₹°§"
_UNSPOKEN_KINDS = frozenset(("So", "Sk", "Sm", "Cs", "Co", "Cn", "Cf", "Cc", "Me"))
_VARIATION_SELECTORS = "\ufe00\ufe0e\ufe0f"


class Spoken(NamedTuple):
    """Some characters of a text (a word and the white space after it) and what is said for them.

    `said` is empty for what is not spoken; else it ends with one space if `written` ends with white space.
    """

    written: str
    said: str


class SpeechText:
    """Makes the chunks of one answer speakable. It remembers an open code fence from chunk to chunk."""

    def __init__(self, language: str = "en") -> None:
        self._language = language
        self._fenced = False

    def convert(self, chunk: str) -> list[Spoken]:
        """The words of `chunk`: all `written` joined are `chunk`, all `said` joined go to the voice."""
        pieces, self._fenced = read_markdown(chunk, self._fenced)
        tokens = (token for piece in pieces for token in _tokens(piece, self._language))
        return list(_words(tokens))

    def reset(self) -> None:
        """Begin a new answer."""
        self._fenced = False


def speakable(chunk: str, language: str = "en") -> list[Spoken]:
    """The words of a text that stands by itself. See `SpeechText.convert`."""
    return SpeechText(language).convert(chunk)


def said_text(words: list[Spoken]) -> str:
    """What goes to the voice; empty if nothing is to be said."""
    return "".join(word.said for word in words).strip()


@lru_cache(maxsize=256)
def said_of(text: str, language: str = "en") -> str:
    """What goes to the voice of a text that stands by itself."""
    return said_text(speakable(text, language))


def _tokens(piece: Piece, language: str) -> Iterator[Spoken]:
    """Smaller than words: marks, numbers, letters, white space."""
    text, said = piece
    if said is not None:
        yield Spoken(text, said)
        return
    at = 0
    while at < len(text):
        end, spoken = _token(text, at, language)
        yield Spoken(text[at:end], spoken)
        at = end


def _token(text: str, at: int, language: str) -> tuple[int, str]:
    """Where the token at `at` ends, and what is said for it."""
    if text[at].isspace():
        run = _RUN.match(text, at)
        return (run.end() if run else at + 1), " "
    starts_word = at == 0 or not text[at - 1].isalnum()
    found = match_address(text, at, language) if starts_word else None
    if not found and language == "en":
        found = read_token(text, at)
        if found and not starts_word and text[at - 1].isalpha() and text[at].isdigit():
            found = found[0], f" {found[1]}"
    if found:
        return found
    run = _RUN.match(text, at)
    if run:
        return run.end(), run[0].replace("’", "'")
    return at + 1, _said_char(text, at)


def _said_char(text: str, at: int) -> str:
    char = text[at]
    if char in _REPLACED:
        return _REPLACED[char]
    if char in _DASHES:
        return "," if text[at + 1 : at + 2].isspace() else ", "
    if char in _SIGNS:
        return char
    if char in "*~#|<>^" or char in _VARIATION_SELECTORS or unicodedata.category(char) in _UNSPOKEN_KINDS:
        return ""
    return char


def _words(tokens: Iterator[Spoken]) -> Iterator[Spoken]:
    """Tokens joined up to the next white space, or to the next letter of a script without spaces."""
    written = said = ""
    for token in tokens:
        if is_unspaced(token.written[:1] or " ") and any(map(is_unspaced, written)):
            yield _word(written, said)
            written = said = ""
        written += token.written
        said += token.said
        if written[-1:].isspace():
            yield _word(written, said)
            written = said = ""
    if written:
        yield _word(written, said)


def _word(written: str, said: str) -> Spoken:
    core = " ".join(said.split())
    if not any(map(_is_heard, core)):
        return Spoken(written, "" if not core else _punctuation(written, core))
    return Spoken(written, core + (" " if written[-1:].isspace() else ""))


def _punctuation(written: str, core: str) -> str:
    """Punctuation by itself is kept where it shapes the voice, as a pause."""
    kept = "".join(char for char in core if char in ",;:.!?…")
    return kept + (" " if kept and written[-1:].isspace() else "")


def _is_heard(char: str) -> bool:
    return char.isalnum() or char in _SIGNS or unicodedata.category(char).startswith("M")
