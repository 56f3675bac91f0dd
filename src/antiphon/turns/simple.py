"""Simple turn-taking: speech opens a turn and interrupts the bot; silence, judged by a model, ends it. Pure.

When speech has stopped, an end-of-turn model is asked once. If it says "finished", the turn is committed as
soon as its transcript is complete; otherwise after a longer silence. A transcript that never completes is not
waited for beyond a limit, and if it comes after all with the same words, it is ignored. A turn without words
is dropped. Only what is recognised after speech has paused completes a transcript.

It does not tell a cough or an "mm-hm" from an interruption: any speech over the bot stops it.
"""

from __future__ import annotations

import enum
from typing import Any

import msgspec

from antiphon.turns.events import (
    AskModel,
    BotActive,
    Commit,
    DeadlinePassed,
    Decision,
    Drop,
    EndPredicted,
    Event,
    FinalHeard,
    Interrupt,
    OpenTurn,
    PartialHeard,
    Prime,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    SpeechStopped,
    Step,
    Typed,
)
from antiphon.turns.hearing import Hearing

PRIME_WORDS = 2
"""New stable words that make priming the language model again worthwhile."""

_ROUNDING = 1e-6


class Phase(enum.Enum):
    """Where the user's turn is."""

    IDLE = "no turn is open"
    SPEAKING = "the user is speaking"
    PAUSED = "the user has just fallen silent"
    QUIET = "the user has stopped, perhaps finished"


class TurnParams(msgspec.Struct, frozen=True):
    """Durations in seconds since the end of speech.

    `silence` ends a turn when no model is asked, `max_silence` when the model said "not finished";
    `transcript` is the longest wait for the recogniser.
    """

    threshold: float = 0.5
    silence: float = 0.6
    max_silence: float = 1.2
    transcript: float = 4.0


class TurnState(msgspec.Struct, frozen=True):
    """The whole state of simple turn-taking."""

    phase: Phase = Phase.IDLE
    bot_active: bool = False
    hearing: Hearing = Hearing()
    primed: str = ""
    quiet_since: float = 0.0
    predicted: float | None = None


class SimpleTurns:
    """A turn machine. `has_model` says whether AskModel will be answered."""

    def __init__(self, params: TurnParams | None = None, *, has_model: bool = True) -> None:
        self.params = params or TurnParams()
        self.has_model = has_model

    def initial(self) -> TurnState:
        return TurnState()

    def step(self, state: TurnState, event: Event, now: float) -> Step[TurnState]:
        """Take one event."""
        match event:
            case BotActive(active):
                return self._keep(_with(state, bot_active=active), now)
            case Typed():
                return self._typed(state, event, now)
            case SpeechStarted() | SpeechResumed() if state.phase is not Phase.IDLE:
                going_on = _with(
                    state, phase=Phase.SPEAKING, predicted=None, hearing=state.hearing.unsettled()
                )
                return Step(going_on)
            case SpeechStarted() | SpeechResumed():
                return self._open(state)
            case PartialHeard():
                return self._partial(state, event, now)
            case FinalHeard():
                return self._final(state, event, now)
            case SpeechPaused() if state.phase is Phase.SPEAKING:
                return Step(_with(state, phase=Phase.PAUSED))
            case SpeechStopped(quiet) if state.phase in (Phase.SPEAKING, Phase.PAUSED):
                return self._stopped(state, now - quiet, now)
            case EndPredicted(complete) if state.phase is Phase.QUIET:
                return self._settle(_with(state, predicted=complete), now)
            case DeadlinePassed():
                return self._settle(state, now)
            case _:
                return self._keep(state, now)

    def _open(self, state: TurnState) -> Step[TurnState]:
        decisions: list[Decision] = []
        if state.bot_active:
            decisions.append(Interrupt("the user spoke over the bot"))
        decisions.append(OpenTurn("speech was detected"))
        fresh = TurnState(Phase.SPEAKING, state.bot_active, state.hearing.fresh())
        return Step(fresh, tuple(decisions))

    def _partial(self, state: TurnState, event: PartialHeard, now: float) -> Step[TurnState]:
        if state.phase is Phase.IDLE:
            return Step(state)
        state = _with(state, hearing=state.hearing.interim(event.segment, event.text))
        said = state.hearing.with_segment(event.segment, event.stable)
        if len(said.split()) >= len(state.primed.split()) + PRIME_WORDS:
            prime = Prime("more of the turn is certain", text=said)
            return self._keep(_with(state, primed=said), now, prime)
        return self._keep(state, now)

    def _final(self, state: TurnState, event: FinalHeard, now: float) -> Step[TurnState]:
        if state.phase is Phase.IDLE:
            return self._late(state, event)
        settled = event.complete and state.phase is not Phase.SPEAKING
        state = _with(state, hearing=state.hearing.final(event.segment, event.text, settled=settled))
        step = self._settle(state, now)
        if step.state.phase is Phase.IDLE or not settled or state.hearing.text in ("", state.primed):
            return step
        prime = Prime("these are probably all the words", text=state.hearing.text)
        primed = _with(step.state, primed=state.hearing.text)
        return Step(primed, (*step.decisions, prime), step.deadline)

    def _late(self, state: TurnState, event: FinalHeard) -> Step[TurnState]:
        text = state.hearing.unanswered(event.segment, event.text)
        after = state.hearing.after_late(event.segment, event.text)
        state = _with(state, hearing=after)
        if not text:
            return Step(state)
        reason = "a transcript came after its turn had ended"
        decisions: list[Decision] = [Interrupt(reason)] if state.bot_active else []
        return Step(state, (*decisions, OpenTurn(reason), Commit(reason, text=text)))

    def _typed(self, state: TurnState, event: Typed, now: float) -> Step[TurnState]:
        reason = "the user typed"
        decisions: list[Decision] = []
        if state.bot_active and event.run:
            decisions.append(Interrupt(reason))
        typed = {"typed": event.text}
        if state.phase is Phase.IDLE:
            decisions.append(OpenTurn(reason, typed))
        text = " ".join(part for part in (state.hearing.best, event.text) if part)
        decisions.append(Commit(reason, typed, text=text, run=event.run, audio_response=event.audio_response))
        return Step(
            TurnState(bot_active=state.bot_active, hearing=state.hearing.after_turn()), tuple(decisions)
        )

    def _stopped(self, state: TurnState, since: float, now: float) -> Step[TurnState]:
        state = _with(state, phase=Phase.QUIET, quiet_since=since, predicted=None)
        step = self._settle(state, now)
        if self.has_model and step.state.phase is Phase.QUIET:
            ask = AskModel("speech has stopped", {"quiet": round(now - since, 3)})
            return Step(step.state, (*step.decisions, ask), step.deadline)
        return step

    def _settle(self, state: TurnState, now: float) -> Step[TurnState]:
        """End the turn if it is over."""
        if state.phase is not Phase.QUIET:
            return Step(state)
        reason = self._over(state, now)
        quiet = now - state.quiet_since
        waited_enough = quiet >= self.params.transcript - _ROUNDING
        if reason is None or not (state.hearing.settled or waited_enough):
            return self._keep(state, now)
        inputs: dict[str, Any] = {
            "quiet": round(quiet, 3),
            "predicted": state.predicted,
            "settled": state.hearing.settled,
        }
        text = state.hearing.best
        after = TurnState(bot_active=state.bot_active, hearing=state.hearing.after_turn())
        if not text:
            return Step(after, (Drop(f"{reason}; no words were recognised", inputs),))
        return Step(after, (Commit(reason, inputs, text=text),))

    def _over(self, state: TurnState, now: float) -> str | None:
        if state.predicted is not None and state.predicted >= self.params.threshold:
            return "the end-of-turn model says finished"
        if now >= state.quiet_since + self._limit() - _ROUNDING:
            return f"silence of {self._limit():g} s"
        return None

    def _limit(self) -> float:
        return self.params.max_silence if self.has_model else self.params.silence

    def _keep(self, state: TurnState, now: float, *decisions: Decision) -> Step[TurnState]:
        """Stay, with the deadline that the state implies."""
        if state.phase is not Phase.QUIET:
            return Step(state, decisions)
        over = self._over(state, now) is not None
        limit = self.params.transcript if over else self._limit()
        return Step(state, decisions, state.quiet_since + max(limit, self._limit()))


def _with(state: TurnState, **changes: Any) -> TurnState:
    return msgspec.structs.replace(state, **changes)
