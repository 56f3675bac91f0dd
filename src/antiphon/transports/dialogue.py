"""Who speaks when, in a conversation held from files. Pure.

Each question is spoken once the bot has finished with the one before, or so many seconds into its answer. A
question that gets no answer is not waited for for ever.
"""

from __future__ import annotations

import enum

LEAD_SECONDS = 0.5
"""Quiet before the first question, and after each answer before the next."""

PATIENCE_SECONDS = 30.0
"""How long an answer may take to begin."""

GRACE_SECONDS = 2.0
"""How long to wait for an answer after the bot decided that nothing was said."""


class Cue(enum.Enum):
    """What to do now."""

    WAIT = "wait"
    SPEAK = "speak the next question"
    FINISH = "all is said"


class Dialogue:
    """Feed it what happens; ask it, as time goes by, for the cue."""

    def __init__(self, questions: int, barge_in: float | None = None) -> None:
        self.asked = 0
        self._questions = questions
        self._barge_in = barge_in
        self._ready_at: float | None = LEAD_SECONDS
        self._asking = False
        self._asked_at = 0.0
        self._answers: set[int] = set()
        self._earlier: set[int] = set()
        self._turn_open = False
        self._answered = False
        self._dropped_at: float | None = None
        self._voice_at: float | None = None

    def question_over(self, now: float) -> None:
        """No question is being spoken (any longer)."""
        if self._asking:
            self._asking, self._asked_at = False, now

    def dropped(self, now: float) -> None:
        """The bot decided that the turn holds no words."""
        self._dropped_at = now

    def response_started(self, number: int) -> None:
        self._answers.add(number)
        self._dropped_at = None

    def turn(self, *, is_open: bool) -> None:
        """The bot believes that the user has begun, or ended, a turn."""
        self._turn_open = is_open

    def dismissed(self) -> None:
        """The bot took the question for no turn, and goes on with its answer to the one before."""
        self._earlier.clear()

    def response_ended(self, number: int, now: float) -> None:
        self._answers.discard(number)
        if number in self._earlier:
            self._earlier.discard(number)
        else:
            self._answered = self._answered or not self._asking
        self._ready_at = now + LEAD_SECONDS
        self._voice_at = None

    def bot_started(self, now: float) -> None:
        """The bot's voice is heard."""
        if self._voice_at is None:
            self._voice_at = now

    def cue(self, now: float) -> Cue:
        """What to do at this moment."""
        if self._asking:
            return Cue.WAIT
        if self._interrupts(now):
            return self._speak()
        if self.asked == 0:
            due = self._ready_at is not None and now >= self._ready_at
            return self._speak() if due else Cue.WAIT
        if not self._over(now):
            return Cue.WAIT
        return self._speak() if self.asked < self._questions else Cue.FINISH

    def _interrupts(self, now: float) -> bool:
        return (
            self._barge_in is not None
            and 0 < self.asked < self._questions
            and self._voice_at is not None
            and now >= self._voice_at + self._barge_in
        )

    def _over(self, now: float) -> bool:
        if self._answers or self._turn_open:
            return False
        if self._answered:
            return self._ready_at is not None and now >= self._ready_at
        if self._dropped_at is not None:
            return now >= self._dropped_at + GRACE_SECONDS
        return now >= self._asked_at + PATIENCE_SECONDS

    def _speak(self) -> Cue:
        if self.asked >= self._questions:
            return Cue.FINISH
        self.asked += 1
        self._asking, self._answered = True, False
        self._earlier = set(self._answers)
        self._dropped_at = self._voice_at = None
        return Cue.SPEAK
