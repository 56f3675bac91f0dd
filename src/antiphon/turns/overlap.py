"""What it means when the user makes a sound while the bot speaks: interruption, backchannel, noise or echo.

Pure and replaceable. The judge is asked again whenever more is known. Until it is sure, it says which way it
leans, and `antiphon.turns.floor` lets the bot speak or pauses it accordingly.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from typing import Protocol

import msgspec

from antiphon.turns.echoes import (
    FEW_WORDS,
    GUESSED_SECONDS,
    KNOWN_ECHO,
    LAST_WORDS,
    OWN_WORDS,
    after_echo,
    likeness,
    resembles,
    returns,
)
from antiphon.turns.lexicon import BACKCHANNELS, HUMS, STOPPERS

_ROUNDING = 1e-6
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


class Evidence(msgspec.Struct, frozen=True):
    """What is known of the sound so far.

    `words` is the transcript so far, `settled` that nothing more is being recognised of it; `speech` is how
    long the user has spoken, `sound` the last part of that without a pause, `quiet` how long they have been
    silent since (None: they are not), all in seconds; `saying` is what the bot was saying then, `left` how
    many words it still had to say (None: not known); `far`: the sound is much quieter than this user is;
    `recent`: the part of `saying` that was just heard; `echoing`: the bot is known to hear itself.
    """

    words: str
    settled: bool
    speech: float
    quiet: float | None
    saying: str = ""
    left: int | None = None
    sound: float = 0.0
    far: bool = False
    recent: str = ""
    echoing: bool = False


class Finding(enum.Enum):
    """What the sound was; or, as long as that is not known, which way it looks (the first three)."""

    UNSURE = "not known yet"
    LIKELY = "there are words that say something"
    UNLIKELY = "nothing speaks for an interruption"
    INTERRUPTION = "interruption"
    BACKCHANNEL = "backchannel"
    NOISE = "noise"
    ECHO = "echo of the bot's own words"
    SIDE_TALK = "words for somebody else"


class Judge(Protocol):
    """A strategy that tells interruptions from the rest.

    It is asked when more is known, after `hum` seconds of sound without a pause, `patience` seconds after the
    end of the sound, and after `monologue` seconds of sound. By the last two it must be sure, except of a
    sound from afar that goes on.
    """

    @property
    def hum(self) -> float: ...

    @property
    def patience(self) -> float: ...

    @property
    def monologue(self) -> float: ...

    def judge(self, evidence: Evidence) -> Finding: ...


class WordJudge(msgspec.Struct, frozen=True):
    """Decides by the words: how many, which, and whether the bot just said them.

    A "yes" when the bot has nothing much left to say (`last_words`) is an answer. Two words or fewer that the
    bot says too may be the beginning of an echo, until more words or a silence show what they are: an echo if
    the bot has just said them, or up to three that sound like them, in this order. One that goes on is waited
    for: the user may speak into it.

    `min_words` is how many words that are no backchannel make an interruption before the user has finished,
    `least_words` how many it takes when they have; one that takes the floor ("stop") is enough. `patience` is
    how long after the end of the sound words are waited for, `monologue` how long somebody may speak
    unrecognised before they are believed to mean it. Until then a sound is unlikely to be an interruption

    - as long as its words are nothing but hums ("mm-hm", "um"), for `hum` seconds. "Yeah" and "okay" are
      none, because people begin with them when they take the floor;
    - when it has ended and its words so far are nothing but backchannels;
    - when it has ended after less than `short` seconds and no words of it are known. Most coughs are so
      short, but so is "No.": if its words come late, the bot speaks on for that long before it stops. 0 is
      for those who find this worse than a bot that is silent until it knows what a cough was;
    - when it echoes more than two words of the bot, or comes from afar. Nobody can tell by the words whom
      they are meant for: what is said to somebody else at full voice interrupts.

    Seconds.
    """

    language: str = "en"
    min_words: int = 2
    least_words: int = 1
    patience: float = 1.0
    monologue: float = 2.0
    echo: float = 0.7
    last_words: int = 2
    hum: float = 0.8
    short: float = 0.6

    def judge(self, evidence: Evidence) -> Finding:
        words = words_of(evidence.words)
        waited = evidence.quiet is not None and evidence.quiet >= self.patience - _ROUNDING
        long = evidence.speech >= self.monologue - _ROUNDING
        sure = evidence.settled or waited or long
        if words and self._echoes(words[-LAST_WORDS:], evidence):
            if len(words) > 2 or evidence.far:
                return Finding.ECHO if evidence.settled or waited else Finding.UNLIKELY
            if not sure and not self._stops(words):
                return Finding.UNSURE
        if words and self._just_said(words, evidence):
            return Finding.ECHO if sure else Finding.UNSURE
        if not (evidence.settled or waited) and self._guessed(words, evidence):
            return Finding.UNSURE
        telling = words if self._awaited(evidence) else without_backchannels(words, self.language)
        if evidence.far:
            return self._afar(words, telling, known=evidence.settled or waited)
        if telling and self._takes_floor(telling):
            return Finding.INTERRUPTION
        if len(telling) < self.least_words:
            telling = []
        if evidence.settled or (waited and not long):
            return Finding.INTERRUPTION if telling else _dismissed(words)
        if long:
            return Finding.INTERRUPTION
        return Finding.LIKELY if telling else self._leaning(evidence, words)

    def _echoes(self, words: list[str], evidence: Evidence) -> bool:
        """Whether these are the bot's words, and none of the user's after them."""
        said = words_of(evidence.saying)
        if likeness(words, said) < (self.echo if not evidence.echoing else min(self.echo, KNOWN_ECHO)):
            return False
        own = without_backchannels(after_echo(words, said), self.language)
        return len(words) <= 2 or not (len(set(own)) >= OWN_WORDS or self._stops(own))

    def _just_said(self, words: list[str], evidence: Evidence) -> bool:
        """Whether a few words are, or sound like, those just said by the bot, and do not take the floor."""
        recent = words_of(evidence.recent)
        if len(words) > FEW_WORDS or self._stops(words):
            return False
        if self._awaited(evidence) and len(words) == 1:
            return words == recent
        return returns(words, recent) or resembles(words, recent, known=evidence.echoing)

    def _guessed(self, words: list[str], evidence: Evidence) -> bool:
        """Whether, where the bot hears itself, these may be wrong guesses at what it says."""
        little = evidence.sound < GUESSED_SECONDS or len(words) < self.min_words
        return evidence.echoing and little and not self._stops(words)

    def _afar(self, words: list[str], telling: list[str], *, known: bool) -> Finding:
        if not known:
            return Finding.UNLIKELY
        return Finding.SIDE_TALK if telling else _dismissed(words)

    def _leaning(self, evidence: Evidence, words: list[str]) -> Finding:
        """Which way it looks as long as no word says anything."""
        if evidence.quiet is not None:
            unlikely = bool(words) or evidence.sound < self.short - _ROUNDING
        else:
            hums = bool(words) and not without(HUMS, words, self.language)
            unlikely = hums and evidence.sound < self.hum - _ROUNDING
        return Finding.UNLIKELY if unlikely else Finding.UNSURE

    def _awaited(self, evidence: Evidence) -> bool:
        return evidence.left is not None and evidence.left <= self.last_words

    def _takes_floor(self, telling: list[str]) -> bool:
        return len(telling) >= max(self.min_words, self.least_words) or self._stops(telling)

    def _stops(self, words: list[str]) -> bool:
        return not STOPPERS.get(self.language, frozenset()).isdisjoint(words)


def words_of(text: str) -> list[str]:
    """The words, in lower case, without punctuation; hyphens join ("mm-hm" is one word)."""
    return [word.casefold() for word in _WORD.findall(text.replace("-", ""))]


def without_backchannels(words: list[str], language: str) -> list[str]:
    """The words that say something, backchannels of one or two words taken out."""
    return without(BACKCHANNELS, words, language)


def without(lexicon: Mapping[str, frozenset[str]], words: list[str], language: str) -> list[str]:
    """What is left of the words when those of a lexicon, of one or two words each, are taken out."""
    known = lexicon.get(language, frozenset())
    left: list[str] = []
    at = 0
    while at < len(words):
        if " ".join(words[at : at + 2]) in known and at + 2 <= len(words):
            at += 2
            continue
        if words[at] not in known:
            left.append(words[at])
        at += 1
    return left


def _dismissed(words: list[str]) -> Finding:
    return Finding.BACKCHANNEL if words else Finding.NOISE
