"""What a turn machine is told, what it decides, and the protocol between them. Pure values.

A turn machine is a function `(state, event, now) -> Step(state, decisions, deadline)`: no I/O, no tasks.
Every decision carries its reason and the inputs it was made from.
"""

from __future__ import annotations

from typing import Any, Generic, Protocol, TypeVar

import msgspec


class SpeechStarted(msgspec.Struct, frozen=True):
    """Speech is heard; it began `ago` seconds before now."""

    ago: float = 0.0


class SpeechPaused(msgspec.Struct, frozen=True):
    """A first short silence; quiet for `quiet` seconds so far."""

    quiet: float


class SpeechResumed(msgspec.Struct, frozen=True):
    """Speech goes on after a short pause."""


class SpeechStopped(msgspec.Struct, frozen=True):
    """Quiet for `quiet` seconds, long enough to ask whether the user has finished."""

    quiet: float


class PartialHeard(msgspec.Struct, frozen=True):
    """What the user seems to be saying; the `stable` prefix will not change."""

    text: str
    stable: str = ""
    segment: int = 0


class FinalHeard(msgspec.Struct, frozen=True):
    """What was recognised of a segment. `complete`: nothing that was said is still being recognised."""

    text: str
    segment: int = 0
    complete: bool = True


class EndPredicted(msgspec.Struct, frozen=True):
    """How likely the user has finished, by a model."""

    complete: float


class BotActive(msgspec.Struct, frozen=True):
    """The bot has begun, or ceased, to answer."""

    active: bool


class Typed(msgspec.Struct, frozen=True):
    """The user wrote a message. `run` asks for an answer."""

    text: str
    run: bool = True


class DeadlinePassed(msgspec.Struct, frozen=True):
    """The deadline of the last step has come."""


Event = (
    SpeechStarted
    | SpeechPaused
    | SpeechResumed
    | SpeechStopped
    | PartialHeard
    | FinalHeard
    | EndPredicted
    | BotActive
    | Typed
    | DeadlinePassed
)


class Decision(msgspec.Struct, frozen=True):
    """Something to do, and why."""

    reason: str
    inputs: dict[str, Any] = {}


class OpenTurn(Decision, frozen=True):
    """The user's turn begins."""


class Interrupt(Decision, frozen=True):
    """Stop what the bot is doing."""


class AskModel(Decision, frozen=True):
    """Ask the end-of-turn model about the turn so far."""


class Prime(Decision, frozen=True, kw_only=True):
    """The user will probably have said this: let the language model read it already."""

    text: str


class Commit(Decision, frozen=True, kw_only=True):
    """The user's turn is over: these are its words. `run` asks for an answer."""

    text: str
    run: bool = True


class Drop(Decision, frozen=True):
    """The user's turn is over and holds no words."""


S = TypeVar("S")


class Step(msgspec.Struct, Generic[S], frozen=True):
    """The next state, what to do, and when (on the caller's clock) to send DeadlinePassed."""

    state: S
    decisions: tuple[Decision, ...] = ()
    deadline: float | None = None


class TurnMachine(Protocol[S]):
    """Decides when the user's turn begins and ends, and when the bot is interrupted."""

    def initial(self) -> S: ...

    def step(self, state: S, event: Event, now: float) -> Step[S]: ...
