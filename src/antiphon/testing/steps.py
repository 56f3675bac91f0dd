"""What a scripted caller does, and when. A script is a list of steps, done one after the other."""

from __future__ import annotations

import enum

import msgspec

from antiphon.testing.tagged import Kind


class Cue(enum.Enum):
    """What a step waits for."""

    CALL_BEGAN = "the beginning of the call"
    STEP_DONE = "the step before"
    BOT_STARTED = "the bot to start speaking"
    BOT_STOPPED = "the bot to stop speaking"


class When(msgspec.Struct, frozen=True):
    """`offset` seconds after a cue. Cues of the bot count from the end of the step before."""

    cue: Cue
    offset: float = 0.0


def at(seconds: float) -> When:
    """So many seconds after the beginning of the call, or at once if that is past."""
    return When(Cue.CALL_BEGAN, seconds)


def after(seconds: float) -> When:
    """So many seconds after the step before was done."""
    return When(Cue.STEP_DONE, seconds)


def bot_starts(offset: float = 0.0) -> When:
    """So many seconds after the bot next starts speaking."""
    return When(Cue.BOT_STARTED, offset)


def bot_stops(offset: float = 0.0) -> When:
    """So many seconds after the bot next stops speaking."""
    return When(Cue.BOT_STOPPED, offset)


AT_ONCE = after(0.0)


class Say(msgspec.Struct, frozen=True):
    """Speak. `seconds` is how long it takes; without it, as long as the letters make it.

    `muffled`: from afar, or with the head turned away, about 15 dB quieter.
    """

    text: str
    when: When = AT_ONCE
    seconds: float | None = None
    muffled: bool = False


class MakeNoise(msgspec.Struct, frozen=True):
    """A sound that is no word."""

    seconds: float = 0.3
    when: When = AT_ONCE
    kind: Kind = Kind.COUGH


class Type(msgspec.Struct, frozen=True):
    """Write a message."""

    text: str
    when: When = AT_ONCE


class Press(msgspec.Struct, frozen=True):
    """Press a telephone key: one of 0-9, *, #, A-D."""

    button: str
    when: When = AT_ONCE


class PressTalkKey(msgspec.Struct, frozen=True):
    """Push-to-talk: press the key, and keep it down until `ReleaseTalkKey`."""

    when: When = AT_ONCE


class ReleaseTalkKey(msgspec.Struct, frozen=True):
    """Push-to-talk: let the key go."""

    when: When = AT_ONCE


class DropLine(msgspec.Struct, frozen=True):
    """The connection breaks without a word: nothing arrives any more, and writing to it fails."""

    when: When = AT_ONCE


class HangUp(msgspec.Struct, frozen=True):
    """The line is cut: the session ends at once."""

    when: When = AT_ONCE


class End(msgspec.Struct, frozen=True):
    """The session is asked to end gracefully."""

    when: When = AT_ONCE


Step = Say | MakeNoise | Type | Press | PressTalkKey | ReleaseTalkKey | DropLine | HangUp | End
