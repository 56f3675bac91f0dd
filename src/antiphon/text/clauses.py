"""Where a clause ends, and where else a sentence can be cut with the least harm to how it sounds."""

from __future__ import annotations

import re
from collections.abc import Sequence

from antiphon.text.sentences import CLOSERS

UNSPACED_MARKS = "，、；：—"
"""Clause marks that need no space after them."""

_SPACED_MARKS = ",;:،؛"
_DASHES = "-–"
_UNSPACED_LETTER = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
)
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")

_LEADS = {
    "en": "and but or so because if when while which who where than then about after as at before by "
    "for from in into of on over since through to under until with without",
    "de": "und oder aber denn weil wenn dass der die das als an auf aus bei für in mit nach seit um von "
    "vor zu",
    "fr": "et ou mais donc car que qui quand si à au avec chez dans de des du en par pour sans sur vers",
    "es": "y o pero porque que quien cuando si a al con de del desde en entre hasta para por sin sobre",
    "it": "e o ma perché che chi quando se a al con da dal di del in nel per senza su tra",
    "pt": "e ou mas porque que quem quando se a ao com da de do em entre na no para por sem sobre",
}
_TIES = {
    "en": "a an the my your his her its our their this these those is are was were be will would can could i "
    "you he she we they it not no very mr mrs ms dr",
    "de": "ein eine einen einem einer den dem des mein dein sein ihr ist sind war nicht kein ich du er sie "
    "es wir",
    "fr": "un une le la les l mon ma mes ton ta ses son est sont ne pas je tu il elle nous vous",
    "es": "un una el la los las mi tu su es son no yo él ella me te se",
    "it": "un una uno il la lo i gli le mio tuo suo è sono non io tu lui lei mi ti si",
    "pt": "um uma o a os as meu teu seu é são não eu tu ele ela me te se",
}
_LEAD_WORDS = {language: frozenset(words.split()) for language, words in _LEADS.items()}
_TIE_WORDS = {language: frozenset(words.split()) for language, words in _TIES.items()}
_NONE: frozenset[str] = frozenset()


def ends_clause(before: str, after: str) -> bool:
    """Whether `before` ends with a comma, semicolon, colon or dash that is one, given the next character.

    "1,000", "3:30", "well-known" and "3–5" hold none; neither does the mark of a list item.
    """
    core = before.rstrip()
    bare = core.rstrip(CLOSERS)
    if not bare:
        return False
    mark, spaced = bare[-1], len(core) < len(before)
    if mark in UNSPACED_MARKS:
        number = len(bare) > 1 and bare[-2].isdigit() and after.isdigit()
        return spaced or not (number or after in CLOSERS)
    if mark in _SPACED_MARKS:
        return spaced
    line = bare.rsplit("\n", 1)[-1][:-1]
    return mark in _DASHES and spaced and line[-1:].isspace() and bool(line.strip())


def count_words(text: str) -> int:
    """Words between white space; where a script writes none, two letters count as one."""
    total = 0
    for token in text.split():
        if _LETTER_OR_DIGIT.search(token):
            total += max(1, len(_UNSPACED_LETTER.findall(token)) // 2)
    return total


def is_unspaced(char: str) -> bool:
    """Whether the letter belongs to a script that writes no space between words."""
    return _UNSPACED_LETTER.match(char) is not None


def best_cut(text: str, cuts: Sequence[int], language: str) -> int:
    """The best of the word boundaries `cuts` (ascending indices into `text`) to cut at; cuts is not empty.

    Best is before a conjunction or preposition, worst behind a word that leans on the next one; of equals
    the last. A cut that leaves less than half of the words before it is taken only if there is no other.
    """
    late = [cut for number, cut in enumerate(cuts, start=1) if 2 * number >= len(cuts)]
    return max(late, key=lambda cut: (_fitness(text, cut, language), cut))


def _fitness(text: str, cut: int, language: str) -> int:
    leads, ties = _LEAD_WORDS.get(language, _NONE), _TIE_WORDS.get(language, _NONE)
    before, rest = text[:cut].split(), text[cut:].split(maxsplit=1)
    last = before[-1].lower() if before else ""
    bare = last.strip(CLOSERS)
    if bare.endswith(".") or bare in ties or not any(map(str.isalpha, bare)):
        return 0
    leads_on = bare in leads
    if len(rest) == 2 and rest[0].lower() in leads:
        return 2 if leads_on else 3
    return 0 if leads_on else 1
