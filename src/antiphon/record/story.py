"""What happened in a session, as its frames tell it: turns, answers, interruptions, and their latencies.

An observer. It keeps one line for each event that a person would tell, with its time.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from antiphon.frames import (
    BotHeardFrame,
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    ErrorFrame,
    Frame,
    InterruptionFrame,
    Outcome,
    ResponseEndedFrame,
    TurnDecisionFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
    UserUtteranceDismissedFrame,
    VADUserStoppedSpeakingFrame,
)
from antiphon.processor import Processor
from antiphon.record.digest import SOUND


class Event(msgspec.Struct, frozen=True):
    """One line of the story. `at` in seconds since the session's start."""

    at: float
    what: str
    text: str = ""


class Figures(msgspec.Struct, frozen=True):
    """A session in numbers. Latencies in seconds, from the end of speech to the bot's first sound."""

    turns: int = 0
    dropped: int = 0
    interruptions: int = 0
    dismissed: int = 0
    rolled_back: int = 0
    errors: int = 0
    latencies: tuple[float, ...] = ()


class Story:
    """Collects the events of one session."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.events: list[Event] = []
        self._now = now
        self._seen: dict[int, Frame] = {}
        self._speech_end: float | None = None
        self._latencies: list[float] = []

    def on_frame(self, frame: Frame, source: Processor, target: Processor, *, upstream: bool) -> None:
        """See one frame on one link; it counts once, however many links it crosses."""
        told = None if isinstance(frame, SOUND) else self._tell(frame)
        if told is None or id(frame) in self._seen:
            return
        self._seen[id(frame)] = frame
        if isinstance(frame, BotStartedSpeakingFrame) and self._speech_end is not None:
            self._latencies.append(round(self._now() - self._speech_end, 3))
            self._speech_end = None
        self.events.append(Event(round(self._now(), 3), *told))

    @property
    def figures(self) -> Figures:
        """The session so far in numbers."""
        count = [event.what for event in self.events].count
        return Figures(
            turns=count("commit"),
            dropped=count("drop"),
            interruptions=count("interruption"),
            dismissed=count("no turn"),
            rolled_back=count("rolled back"),
            errors=count("error"),
            latencies=tuple(self._latencies),
        )

    def _tell(self, frame: Frame) -> tuple[str, str] | None:
        match frame:
            case VADUserStoppedSpeakingFrame(quiet):
                self._speech_end = self._now() - quiet
            case TurnDecisionFrame("Commit" | "Drop", reason):
                return frame.decision.lower(), reason
            case UserStartedSpeakingFrame():
                return "turn opens", ""
            case UserStoppedSpeakingFrame():
                return "turn ends", ""
            case InterruptionFrame(reason):
                return "interruption", reason
            case UserUtteranceDismissedFrame(text, reason):
                return "no turn", f"{text} ({reason})" if text else reason
            case BotStartedSpeakingFrame():
                return "bot speaks", ""
            case BotStoppedSpeakingFrame():
                return "bot is silent", ""
            case BotHeardFrame(_, heard, True):
                return "heard", heard
            case ResponseEndedFrame(_, Outcome.ROLLED_BACK, reason):
                return "rolled back", reason
            case ErrorFrame(error):
                return "error", error
            case _:
                pass
        return None
