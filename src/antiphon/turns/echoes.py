"""The bot's own words, come back from a loudspeaker: which of the heard words are that. Pure.

An echo holds what the bot says, later and in the same order, and after it what the user says meanwhile.
Where a loudspeaker has been heard once, it is there for the rest of the call: from then on the bot speaks on
until words say that it should not (`FluentState.echoing`), because a bot that pauses at every echo of itself
stutters to the end of its answer.

Limits: where there is an echo, a user who says what the bot just said is taken for one, unless it takes the
floor. Who repeats four of its words and then interrupts counts as a loudspeaker. An echo that begins after
the first answer of a call is over is taken for the user.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

LAST_WORDS = 12
"""How many of the last words heard are compared; those before are older than the bot's words around now."""

KNOWN_ECHO = 0.5
"""Where there is an echo, so much of what is heard must be the bot's: quiet echoes are misheard."""

OWN_WORDS = 3
"""So many different words that say something, after the echo, are the user's own and no wrong guess."""

FEW_WORDS = 3
"""So few words may be an echo of which the recogniser made other words."""

ALIKE = 0.7
FEWEST_LETTERS = 5
ALIKE_AT_FIRST = 0.85
FEWEST_AT_FIRST = 7
"""Before any echo is known: what users say sounds a little like the bot too often to be dropped for it."""

GUESSED_SECONDS = 1.0
"""What is recognised of so little sound, before it has ended, may be a wrong guess at an echo."""


def likeness(heard: Sequence[str], said: Sequence[str]) -> float:
    """How much of `heard` stands, in order, in `said`: longest common subsequence over len(heard)."""
    if not heard or not said:
        return 0.0
    return _common(heard, said)[-1] / len(heard)


def after_echo(heard: Sequence[str], said: Sequence[str]) -> list[str]:
    """The words after the last one that the echo accounts for."""
    row = [0] + [_common(heard[: number + 1], said)[-1] for number in range(len(heard))] if said else [0]
    echoed = next((number for number, length in enumerate(row) if length == row[-1]), 0)
    return list(heard[echoed:])


def holds_echo(heard: Sequence[str], said: Sequence[str]) -> bool:
    """Whether what the user said began with an echo: more of the bot's words than people repeat by chance."""
    echo = heard[: len(heard) - len(after_echo(heard, said))]
    return len(echo) > FEW_WORDS and likeness(echo, said) >= ALIKE


def returns(heard: Sequence[str], recent: Sequence[str]) -> bool:
    """Whether these words stand in what was just said, one right after the other."""
    count = len(heard)
    places = range(len(recent) - count + 1)
    return bool(heard) and any(list(recent[at : at + count]) == list(heard) for at in places)


def resembles(heard: Sequence[str], recent: Sequence[str], *, known: bool) -> bool:
    """Whether these words sound like some of those: a recogniser that hears the beginning of a word guesses.

    By letters: at least `ALIKE` of them stand, in order, in as many letters of the others and two more.
    Fewer than `FEWEST_LETTERS` are not enough to tell. More is asked where no echo is `known` yet, and that
    the letters begin with a word: "weather" is no echo of "before gather".
    """
    fewest, alike = (FEWEST_LETTERS, ALIKE) if known else (FEWEST_AT_FIRST, ALIKE_AT_FIRST)
    letters, said = "".join(heard), "".join(recent)
    if len(letters) < fewest or not said:
        return False
    width = len(letters) + 2
    begins = accumulate((len(word) for word in recent), initial=0)
    places = range(max(1, len(said) - width + 1)) if known else begins
    return any(likeness(letters, said[at : at + width]) >= alike for at in places)


def _common(heard: Sequence[str], said: Sequence[str]) -> list[int]:
    """The lengths of the longest common subsequences with every beginning of `said`."""
    row = [0] * (len(said) + 1)
    for word in heard:
        previous = 0
        for index, other in enumerate(said, 1):
            above = row[index]
            row[index] = previous + 1 if word == other else max(above, row[index - 1])
            previous = above
    return row
