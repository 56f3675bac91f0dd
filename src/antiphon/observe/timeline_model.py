"""What a timeline shows: one conversation as plain values, in seconds from its beginning.

It can be written as JSON with msgspec, compared, and shown as a page (see `timeline_html`).
"""

from __future__ import annotations

import msgspec

from antiphon.observe.waterfall import STEPS, Turn


class Span(msgspec.Struct):
    """From when to when; `end` is None while it lasts."""

    start: float
    end: float | None = None


class SpokenWord(msgspec.Struct):
    """A word of the bot (as written) and when it was, or would have been, spoken."""

    text: str
    start: float
    end: float
    heard: bool = False


class Steps(msgspec.Struct):
    """The way from the end of the user's speech to the bot's first sound: when each step was reached.

    `reached` holds seconds of the timeline by the names of `antiphon.observe.waterfall.STEPS`.
    """

    reached: dict[str, float] = {}

    @classmethod
    def of(cls, turn: Turn, origin: float) -> Steps:
        """The steps of a turn that a `Waterfall` collected; `origin` is the session time of the beginning."""
        return cls({name: turn.at[name] - origin for name, _ in STEPS if name in turn.at})

    @property
    def milliseconds(self) -> dict[str, int]:
        """Each step that was reached, in milliseconds after the end of the user's speech.

        Of what was typed there is no speech: then it is after the end of the turn.
        """
        start = self.reached.get("end_of_speech", self.reached.get("end_of_turn"))
        if start is None:
            return {}
        return {n: round((self.reached[n] - start) * 1000) for n, _ in STEPS[1:] if n in self.reached}

    def without_speech(self) -> Steps:
        """The steps of a turn that was typed: what was spoken before it says nothing about it."""
        spoken = ("end_of_speech", "transcript")
        return Steps({name: at for name, at in self.reached.items() if name not in spoken})


class UserTurn(msgspec.Struct):
    """The user's turn: `outcome` is committed, dropped or open.

    It is dismissed for what the user uttered without taking a turn ("mm-hm"); then `reason` says why.
    """

    span: Span
    text: str = ""
    outcome: str = "open"
    reason: str = ""


class Answer(msgspec.Struct):
    """A response of the bot. `speaking`: when it was heard; `outcome` as in `frames.Outcome`, or open."""

    id: int
    span: Span
    outcome: str = "open"
    reason: str = ""
    generated: str = ""
    heard: str = ""
    speaking: list[Span] = []
    words: list[SpokenWord] = []
    steps: Steps = msgspec.field(default_factory=Steps)

    @property
    def unheard(self) -> str:
        """What was written and never heard."""
        return self.generated[len(self.heard) :] if self.generated.startswith(self.heard) else ""


class TurnDecision(msgspec.Struct):
    """A decision about turns, its reason, and what it was made from, as text."""

    at: float
    decision: str
    reason: str
    inputs: dict[str, str] = {}


class Problem(msgspec.Struct):
    """Something that went wrong."""

    at: float
    processor: str
    error: str
    fatal: bool = False


class Measurement(msgspec.Struct):
    """One metric, in `unit`."""

    at: float
    kind: str
    processor: str
    value: float
    unit: str = "s"


class Timeline(msgspec.Struct):
    """A conversation of `seconds`.

    `began` is its date and time in ISO 8601, `speech` when the user's voice was heard. `left_out` counts
    records beyond what a recorder keeps.
    """

    seconds: float = 0.0
    began: str = ""
    speech: list[Span] = []
    turns: list[UserTurn] = []
    answers: list[Answer] = []
    decisions: list[TurnDecision] = []
    problems: list[Problem] = []
    measurements: list[Measurement] = []
    left_out: int = 0
