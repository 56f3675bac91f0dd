"""Has the user finished? What the sound says, what the words say, and how this user pauses, put together.

Pure. The sound's voice is an end-of-turn model; the words' voice is how the transcript ends; a recogniser
that judges the end of turns is a third. This user's own pauses set how long an undecided silence is waited
out, and those that were mistaken for an end set how long even a sure end is held back. The figures were tuned
on half of a spoken test set (`bench/endings.py`).
"""

from __future__ import annotations

import enum
import math
import re
from functools import lru_cache

import msgspec

from antiphon.turns.lexicon import CLAUSE_OPENERS, DIGITS, SUBJECTS, UNFINISHED

_DOUBT = 0.01
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_DIGIT = re.compile(r"\d")


class Look(enum.Enum):
    """What the words look like."""

    FINISHED = "a sentence that has come to its end"
    PLAIN = "nothing special"
    COMMA = "a comma, which recognisers also write where nobody meant one"
    OPEN = "a subordinate clause that waits for its main clause, or digits that more may follow"
    UNFINISHED = "a word that nobody ends with"


class EndingParams(msgspec.Struct, frozen=True):
    """What a model's probability must reach for each look of the words. `alone` is how sure a recogniser that
    judges the end must be where no model has spoken.

    `silence` is the wait (seconds) when there is no model, `undecided` when the model says "not finished",
    `unfinished` when the words say so too; `learn` scales the user's own pauses. Speech that begins within
    `regret` of an end shows that it was none; a sure end is held back for at most `hold`.
    """

    threshold: float = 0.5
    finished_threshold: float = 0.35
    comma_threshold: float = 0.9
    unfinished_threshold: float = 0.995
    alone: float = 0.7
    silence: float = 0.6
    undecided: float = 1.2
    unfinished: float = 1.8
    learn: float = 1.25
    regret: float = 1.5
    hold: float = 0.8


class Pauses(msgspec.Struct, frozen=True):
    """How long this user pauses inside turns: slowly moving estimates, in seconds.

    `long` is a long pause, `mistaken` one that was, or would have been, taken for an end.
    """

    long: float = 0.0
    mistaken: float = 0.0
    seen: int = 0

    def observe(self, seconds: float) -> Pauses:
        """One more pause that turned out not to be the end. Longer ones move the estimate faster."""
        weight = 0.5 if seconds > self.long else 0.1
        return Pauses(self.long + weight * (seconds - self.long), self.mistaken, self.seen + 1)

    def mistook(self, seconds: float) -> Pauses:
        """One more pause that everybody thought was the end."""
        weight = 0.6 if seconds > self.mistaken else 0.1
        mistaken = self.mistaken + weight * (seconds - self.mistaken)
        return msgspec.structs.replace(self, mistaken=mistaken)

    def ended(self) -> Pauses:
        """An end that was one: a user who is never cut off need not be waited for."""
        return msgspec.structs.replace(self, mistaken=0.9 * self.mistaken)


@lru_cache(maxsize=64)
def look(text: str, language: str = "en") -> Look:
    """How the words look, taken by themselves. It is asked at every event while somebody pauses."""
    bare = text.rstrip().rstrip("\"'”’)")
    words = [word.casefold() for word in _WORD.findall(bare)]
    if words and words[-1] in UNFINISHED.get(language, frozenset()) and not bare.endswith(("?", "!")):
        return Look.UNFINISHED
    if bare.endswith(("-", "—", "…", "...", ":", ";")):
        return Look.UNFINISHED
    if bare.endswith(("?", "!", "？", "؟")):
        return Look.FINISHED
    if _digits(words, language) or _subordinate(bare, words, language):
        return Look.OPEN
    if bare.endswith(","):
        return Look.COMMA if len(words) > 2 else Look.PLAIN
    return Look.FINISHED if bare.endswith((".", "。", "।")) else Look.PLAIN


def _digits(words: list[str], language: str) -> bool:
    """The end of a number that is said digit by digit: two digits in words, or three in figures."""
    spoken, written = 0, 0
    for word in reversed(words):
        if word in DIGITS.get(language, frozenset()):
            spoken += 1
        elif word.isdigit():
            written += len(_DIGIT.findall(word))
        else:
            break
    return spoken >= 2 or written >= 3 or (spoken >= 1 and written >= 1)


def _subordinate(bare: str, words: list[str], language: str) -> bool:
    """A clause like "if it rains tomorrow", and nothing after it."""
    opens = len(words) > 2 and words[0] in CLAUSE_OPENERS.get(language, frozenset())
    return opens and words[1] in SUBJECTS.get(language, frozenset()) and "," not in bare.rstrip(",")


def looks_unfinished(text: str, language: str = "en") -> bool:
    """Whether the words show that more will come."""
    return look(text, language) in (Look.UNFINISHED, Look.OPEN)


def threshold(params: EndingParams, text: str, language: str) -> float:
    """What the model's probability must reach, given the words."""
    return {
        Look.FINISHED: params.finished_threshold,
        Look.PLAIN: params.threshold,
        Look.COMMA: params.comma_threshold,
        Look.OPEN: params.unfinished_threshold,
        Look.UNFINISHED: params.unfinished_threshold,
    }[look(text, language)]


def together(*voices: float | None) -> float | None:
    """The probability that several witnesses give who do not know of each other: their odds multiply.

    Bayes' rule with an even prior. No voice is believed to be more certain than 99 to 1. A voice that says
    nothing is None; so is the result if none says anything.
    """
    certain = [min(max(voice, _DOUBT), 1 - _DOUBT) for voice in voices if voice is not None]
    if not certain:
        return None
    if len(certain) == 1:
        return next(voice for voice in voices if voice is not None)
    odds = math.prod(voice / (1 - voice) for voice in certain)
    return odds / (1 + odds)


def longest_wait(params: EndingParams, text: str, language: str, pauses: Pauses, *, has_model: bool) -> float:
    """After how much silence the turn is over whatever the model says, in seconds."""
    found = look(text, language)
    if found is Look.UNFINISHED:
        base = params.unfinished
    else:
        base = params.undecided if has_model or found is Look.OPEN else params.silence
    return min(max(base, params.learn * pauses.long), params.unfinished)


def held_back(params: EndingParams, pauses: Pauses) -> float:
    """For how much silence even a sure end is held back with this user, in seconds."""
    return min(params.learn * pauses.mistaken, params.hold)
