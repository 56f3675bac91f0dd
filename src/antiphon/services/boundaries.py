"""When a recogniser is asked for a result, and where one of its segments ends and the next begins. Pure.

Every pause asks for what was heard so far. A segment ends with its turn, but never inside of speech: text
that is typed ends a turn in the middle of a word, and no recogniser knows a word by its halves. Such an end
waits for the next pause. What the segment holds by then was answered in part; the turn machines count what is
new of it (`antiphon.turns.hearing`).
"""

from __future__ import annotations

from antiphon.services.base import EndTurn, Flush

Marks = tuple[Flush | EndTurn, ...]
"""What the recogniser is given, in order."""


class Boundaries:
    """Told what happens, it says what the recogniser is to be given for it."""

    def __init__(self) -> None:
        self._speaking = False
        self._owed = False

    def speaks(self) -> None:
        """The user begins to speak, or goes on after a pause."""
        self._speaking = True

    def pauses(self) -> Marks:
        """The user pauses."""
        ends = self._owed
        self._speaking = self._owed = False
        return (Flush(), EndTurn()) if ends else (Flush(),)

    def stops(self) -> Marks:
        """The user has stopped. If that was a pause before, it was asked then."""
        return self.pauses() if self._speaking else ()

    def asked(self) -> Marks:
        """A result is wanted now."""
        return (Flush(),)

    def turn_over(self) -> Marks:
        """The turn has ended, or was none."""
        self._owed = self._speaking
        return () if self._speaking else (EndTurn(),)

    def deaf(self) -> Marks:
        """Nothing more is listened to: what was said until now counts."""
        self._owed = True
        return self.pauses() if self._speaking else self.turn_over()
