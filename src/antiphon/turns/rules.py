"""Rules to plug into turn-taking: when a turn may start, when the user is muted, when to remind. Pure."""

from __future__ import annotations

import enum
from typing import Protocol

import msgspec

from antiphon.turns.overlap import words_of


class StartRule(Protocol):
    """Decides whether what is heard opens a turn. `at_once` asks for no words at all."""

    @property
    def at_once(self) -> bool: ...

    def opens(self, words: str, seconds: float) -> bool:
        """Judge the words so far and how long the user has spoken."""
        ...


class StartBySpeech(msgspec.Struct, frozen=True):
    """Detected speech opens a turn."""

    @property
    def at_once(self) -> bool:
        return True

    def opens(self, words: str, seconds: float) -> bool:
        return True


class StartByWords(msgspec.Struct, frozen=True):
    """So many recognised words open a turn, or speech of so many seconds (None: words only)."""

    words: int = 1
    seconds: float | None = None

    @property
    def at_once(self) -> bool:
        return False

    def opens(self, words: str, seconds: float) -> bool:
        return len(words_of(words)) >= self.words or (self.seconds is not None and seconds >= self.seconds)


class StartByPhrase(msgspec.Struct, frozen=True):
    """A wake phrase opens a turn, wherever it stands in what is said."""

    phrases: tuple[str, ...]

    @property
    def at_once(self) -> bool:
        return False

    def opens(self, words: str, seconds: float) -> bool:
        said = f" {' '.join(words_of(words))} "
        return any(f" {' '.join(words_of(phrase))} " in said for phrase in self.phrases)


class MuteWhile(enum.Enum):
    """When the user's sound is ignored."""

    ALWAYS = "always"
    BOT_SPEAKS = "while the bot speaks"
    FIRST_ANSWER = "until the first answer is over"
    TOOLS = "while tools run"


class Reminder(msgspec.Struct, frozen=True):
    """After so many seconds of silence say `text`; end the session when `end` is set."""

    after: float
    text: str = ""
    end: bool = False
