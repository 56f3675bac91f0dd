"""What a turn machine is told, what it decides, and the protocol between them. Pure values.

A turn machine is a function `(state, event, now) -> Step(state, decisions, deadline)`: no I/O, no tasks.
Every decision carries its reason and the inputs it was made from.
"""

from __future__ import annotations

from typing import Any, Generic, Protocol, TypeVar

import msgspec


class SessionBegan(msgspec.Struct, frozen=True):
    """The first event."""


class SpeechStarted(msgspec.Struct, frozen=True):
    """Speech is heard; it began `ago` seconds before now.

    `saying`: the bot's words around this moment, `recent`: those just heard; `left`: how many it still has to
    say (None: not known). `level`: how loud it is so far, in dBFS (None: not measured, here and below).
    """

    ago: float = 0.0
    saying: str = ""
    left: int | None = None
    level: float | None = None
    recent: str = ""


class SpeechMeasured(msgspec.Struct, frozen=True):
    """Speech goes on; this is how loud it has been so far, in dBFS."""

    level: float


class SpeechPaused(msgspec.Struct, frozen=True):
    """A first short silence; quiet for `quiet` seconds so far."""

    quiet: float
    level: float | None = None


class SpeechResumed(msgspec.Struct, frozen=True):
    """Speech goes on after a short pause."""


class SpeechStopped(msgspec.Struct, frozen=True):
    """Quiet for `quiet` seconds, long enough to ask whether the user has finished."""

    quiet: float
    level: float | None = None


class PartialHeard(msgspec.Struct, frozen=True):
    """What the user seems to be saying; the `stable` prefix will not change.

    `saying`, `left` and `recent` as in SpeechStarted.
    """

    text: str
    stable: str = ""
    segment: int = 0
    saying: str = ""
    left: int | None = None
    recent: str = ""


class FinalHeard(msgspec.Struct, frozen=True):
    """What was recognised of a segment. `complete`: nothing that was said is still being recognised."""

    text: str
    segment: int = 0
    complete: bool = True


class EndPredicted(msgspec.Struct, frozen=True):
    """How likely the user has finished, by a model."""

    complete: float


class EndSignalled(msgspec.Struct, frozen=True):
    """How likely the user has finished, by the recogniser's provider; 0 takes it back."""

    probability: float


class ThoughtJudged(msgspec.Struct, frozen=True):
    """What the language model makes of the words it was given: answer (0), or wait so many seconds.

    `aside`: they were meant for somebody else.
    """

    wait: float
    aside: bool = False


class BotActive(msgspec.Struct, frozen=True):
    """The bot has begun, or ceased, to answer. `interruptible`: speech over it may stop it."""

    active: bool
    interruptible: bool = True


class BotVoice(msgspec.Struct, frozen=True):
    """The bot's voice has begun, or ceased, to be heard."""

    on: bool


class ToolsRunning(msgspec.Struct, frozen=True):
    """The bot has begun, or ceased, to run tools."""

    running: bool


class TalkKey(msgspec.Struct, frozen=True):
    """Push-to-talk: the key has gone down, or up."""

    down: bool


class Typed(msgspec.Struct, frozen=True):
    """The user wrote a message. `run` asks for an answer, `audio_response` for a spoken one."""

    text: str
    run: bool = True
    audio_response: bool = True


class DeadlinePassed(msgspec.Struct, frozen=True):
    """The deadline of the last step has come."""


Event = (
    SessionBegan
    | SpeechStarted
    | SpeechMeasured
    | SpeechPaused
    | SpeechResumed
    | SpeechStopped
    | PartialHeard
    | FinalHeard
    | EndPredicted
    | EndSignalled
    | ThoughtJudged
    | BotActive
    | BotVoice
    | ToolsRunning
    | TalkKey
    | Typed
    | DeadlinePassed
)


USER_SOUND = (
    SpeechStarted,
    SpeechMeasured,
    SpeechPaused,
    SpeechResumed,
    SpeechStopped,
    PartialHeard,
    FinalHeard,
    EndPredicted,
    EndSignalled,
)
"""What comes of the user's voice, which a mute rule keeps out."""


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


class PauseBot(Decision, frozen=True):
    """The bot falls silent, keeping its place, until it is known what the user wants."""


class ResumeBot(Decision, frozen=True, kw_only=True):
    """The bot goes on from where it paused; what the user uttered (`text`) was no turn."""

    text: str = ""


class ReleaseBot(Decision, frozen=True):
    """The pause is over, and what the user uttered is not dismissed; perhaps there is no answer left."""


class Speculate(Decision, frozen=True, kw_only=True):
    """The user has probably finished with these words: begin to answer behind the gate."""

    text: str


class RollBack(Decision, frozen=True):
    """The answer behind the gate is not wanted after all: undo it without a trace."""


class FlushHearing(Decision, frozen=True):
    """Ask the recogniser for what it has heard so far."""


class Mute(Decision, frozen=True):
    """Ignore the user's sound from now on."""


class Unmute(Decision, frozen=True):
    """The user's sound counts again."""


class Remind(Decision, frozen=True, kw_only=True):
    """The user has been silent for long: say this, or end the session when `end` is set."""

    text: str = ""
    end: bool = False


class Commit(Decision, frozen=True, kw_only=True):
    """The user's turn is over: these are its words.

    `run` asks for an answer, `audio_response` for a spoken one.
    `speculated`: the answer that is waiting behind the gate is the one. `aside`: they were meant for
    somebody else, and get no answer.
    """

    text: str
    run: bool = True
    speculated: bool = False
    audio_response: bool = True
    aside: bool = False


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
