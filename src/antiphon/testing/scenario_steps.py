"""The caller's steps as a scenario file writes them, and the script they make for `run_call`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

import msgspec

from antiphon.testing.signals import Backchannel, GoOn, SideTalk, Tic
from antiphon.testing.steps import (
    Cue,
    DropLine,
    End,
    HangUp,
    MakeNoise,
    Press,
    PressTalkKey,
    ReleaseTalkKey,
    Say,
    Step,
    Type,
    When,
    after,
)
from antiphon.testing.tagged import Kind

KEY_SECONDS = 0.3
"""From one telephone key to the next."""


class StepError(ValueError):
    """A step makes no sense; the message says why, `number` which (the first is 0)."""

    number = 0


class CallerStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab", omit_defaults=True):
    """One action and, at most, one cue; without a cue it follows the step before at once.

    Actions: `say`, a text or a list of texts with the pauses between them; `backchannel`, `tic`, `side_talk`,
    a text; `cough`, `noise`, `silence`, how long; `type`, a text; `press`, telephone keys, `KEY_SECONDS`
    apart; `talk_key`, push-to-talk; `drop_line`, `hang_up`, `end`. `seconds` is how long a text takes,
    `muffled` whether it comes from afar; side talk does unless told otherwise. Cues: `at` seconds of the
    call, `after` the step before, `bot_starts`, `bot_stops`.
    """

    say: str | tuple[str | float, ...] | None = None
    backchannel: str | None = None
    tic: str | None = None
    side_talk: str | None = None
    cough: float | None = None
    noise: float | None = None
    silence: float | None = None
    type: str | None = None
    press: Annotated[str, msgspec.Meta(pattern="^[0-9*#A-D]+$")] | None = None
    talk_key: Literal["down", "up"] | None = None
    drop_line: bool = False
    hang_up: bool = False
    end: bool = False
    seconds: float | None = None
    muffled: bool | None = None
    at: float | None = None
    after: float | None = None
    bot_starts: float | None = None
    bot_stops: float | None = None

    def steps(self, wait: float) -> Iterator[Step]:
        """What is to be done, `wait` seconds of silence being left of the step before. Raises StepError."""
        when = self._when(wait)
        for words, kind in self._texts():
            if words is not None:
                far = kind is SideTalk if self.muffled is None else self.muffled
                yield kind(words, when, self.seconds, far)
        if self.say is not None:
            yield from self._said(self.say, when)
        if self.cough is not None:
            yield MakeNoise(self.cough, when, Kind.COUGH)
        if self.noise is not None:
            yield MakeNoise(self.noise, when, Kind.NOISE)
        if self.type is not None:
            yield Type(self.type, when)
        if self.press is not None:
            waits = [when, *[after(KEY_SECONDS)] * len(self.press)]
            yield from (Press(key, wait) for key, wait in zip(self.press, waits, strict=False))
        yield from self._of_the_line(when)

    def _of_the_line(self, when: When) -> Iterator[Step]:
        if self.talk_key is not None:
            yield PressTalkKey(when) if self.talk_key == "down" else ReleaseTalkKey(when)
        if self.drop_line:
            yield DropLine(when)
        if self.hang_up:
            yield HangUp(when)
        if self.end:
            yield End(when)

    def check(self) -> None:
        """Raises StepError unless there is one action and at most one cue."""
        actions = [words for words, _ in self._texts()]
        actions += [self.say, self.cough, self.noise, self.silence, self.type, self.press, self.talk_key]
        count = sum(action is not None for action in actions) + self.drop_line + self.hang_up + self.end
        if count != 1:
            names = (
                "say, backchannel, tic, side-talk, cough, noise, silence, type, press, talk-key, drop-line, "
                "hang-up, end"
            )
            raise StepError(f"a step does one thing, this one does {count}: give one of {names}")
        cues = (self.at, self.after, self.bot_starts, self.bot_stops)
        if sum(cue is not None for cue in cues) > 1:
            raise StepError("a step waits for one thing: give one of at, after, bot-starts, bot-stops")
        if self.seconds is not None and not isinstance(self.say, str | None):
            raise StepError("seconds goes with one text, not with a list")
        if self.muffled is not None and not any((self.say, *(words for words, _ in self._texts()))):
            raise StepError("muffled goes with words: say, backchannel, tic or side-talk")

    def _texts(self) -> tuple[tuple[str | None, type[Say]], ...]:
        return (self.backchannel, Backchannel), (self.tic, Tic), (self.side_talk, SideTalk)

    def _when(self, wait: float) -> When:
        if self.at is not None:
            return When(Cue.CALL_BEGAN, self.at)
        for cue, offset in ((Cue.BOT_STARTED, self.bot_starts), (Cue.BOT_STOPPED, self.bot_stops)):
            if offset is None:
                continue
            if wait:
                raise StepError("silence before a step that waits for the bot would miss what it waits for")
            return When(cue, offset)
        return after((self.after or 0.0) + wait)

    def _said(self, said: str | tuple[str | float, ...], when: When) -> Iterator[Step]:
        if isinstance(said, str):
            yield Say(said, when, self.seconds, bool(self.muffled))
            return
        kind: type[Say] = Say
        for part in said:
            if isinstance(part, str):
                yield kind(part, when, None, bool(self.muffled))
                kind, when = GoOn, after(0.0)
            else:
                when = after(when.offset + part) if kind is GoOn else when


def script(caller: Sequence[CallerStep]) -> list[Step]:
    """The steps for `run_call`. Silence at the end is waited out before the call ends. Raises StepError."""
    steps: list[Step] = []
    wait = 0.0
    for number, step in enumerate(caller):
        try:
            step.check()
            if step.silence is not None:
                wait += step.silence + (step.after or 0.0)
                continue
            steps += step.steps(wait)
        except StepError as error:
            error.number = number
            raise
        wait = 0.0
    return [*steps, End(after(wait))] if wait else steps
