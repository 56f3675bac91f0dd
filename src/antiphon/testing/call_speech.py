"""Who spoke when in a call: the bot's audible sound, and the caller's turns and signals. Pure."""

from __future__ import annotations

from typing import NamedTuple

from antiphon.testing.call import Call
from antiphon.testing.signals import Backchannel, GoOn, SideTalk, Tic
from antiphon.testing.steps import MakeNoise, Say, Step

JOINED_SECONDS = 0.2
"""Silence of the bot that is no pause: shorter than this, sound counts as going on."""


class Stretch(NamedTuple):
    """From when to when, in seconds of the session."""

    start: float
    end: float


class UserTurn(NamedTuple):
    """What the user said for the bot, from the first sound to the last, pauses inside included."""

    start: float
    end: float
    text: str


class Signal(NamedTuple):
    """A sound that is no turn: "backchannel", "tic" (noise and coughs too) or "side talk".

    `until` is when the caller next said something, or infinity.
    """

    kind: str
    start: float
    end: float
    until: float


def bot_speech(call: Call, joined: float = JOINED_SECONDS) -> list[Stretch]:
    """When the bot could be heard: packets that are not silent, gaps of less than `joined` seconds joined."""
    stretches: list[Stretch] = []
    for at, end in call.loud:
        if stretches and at - stretches[-1].end < joined:
            stretches[-1] = Stretch(stretches[-1].start, max(end, stretches[-1].end))
        else:
            stretches.append(Stretch(at, end))
    return stretches


def user_turns(call: Call) -> list[UserTurn]:
    """What the caller said to the bot; the parts of one turn put together."""
    turns: list[UserTurn] = []
    for step, start, end in call.spoken:
        match step:
            case GoOn() if turns:
                before = turns.pop()
                turns.append(UserTurn(before.start, end, f"{before.text} {step.text}"))
            case Backchannel() | Tic() | SideTalk():
                pass
            case Say():
                turns.append(UserTurn(start, end, step.text))
            case _:
                pass
    return turns


def signals(call: Call) -> list[Signal]:
    """What the caller let be heard that the bot should not mind."""
    found: list[Signal] = []
    for number, (step, start, end) in enumerate(call.spoken):
        kind = _kind(step)
        if kind is not None:
            until = min((later.start for later in call.spoken[number + 1 :]), default=float("inf"))
            found.append(Signal(kind, start, end, until))
    return found


def speaking_at(stretches: list[Stretch], at: float) -> Stretch | None:
    """The stretch that covers this moment."""
    return next((each for each in stretches if each.start <= at < each.end), None)


def _kind(step: Step) -> str | None:
    match step:
        case Backchannel():
            return "backchannel"
        case Tic() | MakeNoise():
            return "tic"
        case SideTalk():
            return "side talk"
        case _:
            return None
