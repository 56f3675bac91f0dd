"""The waterfall of each turn: what happened when, from the end of the user's speech to the bot's first sound.

An observer of a session. It looks only at the frames that mark a step, and keeps one small record per turn.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from antiphon.clock import Clock
from antiphon.frames import (
    BotHeardFrame,
    BotStartedSpeakingFrame,
    Frame,
    LLMContextFrame,
    LLMTextFrame,
    Outcome,
    ResponseEndedFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
    TTSTextFrame,
    TurnDecisionFrame,
    VADUserStoppedSpeakingFrame,
)
from antiphon.processor import Processor

STEPS = (
    ("end_of_speech", "end of speech"),
    ("transcript", "transcript final"),
    ("end_of_turn", "end of turn decided"),
    ("llm_first_token", "model's first token"),
    ("first_clause", "first clause"),
    ("tts_first_audio", "voice's first sound"),
    ("voice_to_voice", "first sound sent"),
)
"""The steps of a turn, in their usual order, and what people call them."""


class Turn(msgspec.Struct):
    """One exchange. `at` holds the session time of each step that was reached."""

    user: str
    response: int | None = None
    generated: str = ""
    heard: str = ""
    ended: str = "failed"
    at: dict[str, float] = {}

    def milliseconds(self) -> dict[str, int | None]:
        """Each step, in milliseconds after the end of the user's speech; None if it was not reached."""
        start = self.at.get("end_of_speech")
        return {
            name: None if start is None or name not in self.at else round((self.at[name] - start) * 1000)
            for name, _ in STEPS[1:]
        }


_ENDED = {
    Outcome.COMPLETED: "completed",
    Outcome.INTERRUPTED: "interrupted",
    Outcome.ROLLED_BACK: "rolled back",
    Outcome.FAILED: "failed",
}
_FIRSTS: dict[type[Frame], str] = {
    LLMTextFrame: "llm_first_token",
    TTSTextFrame: "first_clause",
    TTSAudioRawFrame: "tts_first_audio",
}


class Waterfall:
    """Collects the turns of a session. `changed` is called when a turn's text is complete."""

    def __init__(
        self,
        clock: Callable[[], Clock],
        *,
        end_of_speech: Callable[[], float | None] = lambda: None,
        changed: Callable[[Turn, str], None] = lambda turn, what: None,
    ) -> None:
        self.turns: list[Turn] = []
        self._clock = clock
        self._true_end = end_of_speech
        self._changed = changed
        self._by_response: dict[int, Turn] = {}
        self._vad_end: float | None = None
        self._transcript: float | None = None
        self._committed: float | None = None
        self._decision: Frame | None = None
        self._draft: Turn | None = None
        self._user = ""

    def on_frame(self, frame: Frame, source: Processor, target: Processor, *, upstream: bool) -> None:
        """See one frame on one link; each frame comes by once for every link that it passes."""
        step = _FIRSTS.get(type(frame))
        if step is not None:
            self._first(frame.response, step)
            return
        match frame:
            case VADUserStoppedSpeakingFrame(quiet):
                self._vad_end = self._now() - quiet
            case TranscriptionFrame(text) if not upstream:
                self._transcript = self._now()
                self._user = text or self._user
            case TurnDecisionFrame(decision) if frame is not self._decision:
                self._decision = frame
                self._decided(decision)
            case LLMContextFrame(context) if frame.response not in self._by_response:
                self._open(frame.response, str(getattr(context.messages[-1], "text", self._user)))
            case BotStartedSpeakingFrame(number):
                self._first(number, "voice_to_voice")
            case BotHeardFrame(number, heard):
                self._heard(number, heard, frame)
            case ResponseEndedFrame(number, outcome):
                self._end(number, outcome, last=target.name == "sink")
            case _:
                pass

    def _now(self) -> float:
        return self._clock().now()

    def _decided(self, decision: str) -> None:
        if decision == "Commit":
            self._committed = self._now()
            draft, self._draft = self._draft, None
            if draft is not None:
                self._confirm(draft)
        elif decision in ("RollBack", "Drop"):
            self._draft = None

    def _open(self, response: int | None, user: str) -> None:
        """An answer begins. One that is speculative is nobody's turn until it is committed."""
        turn = Turn(user, response)
        if response is not None:
            self._by_response[response] = turn
        if isinstance(self._decision, TurnDecisionFrame) and self._decision.decision == "Speculate":
            self._draft = turn
        else:
            self._confirm(turn)

    def _confirm(self, turn: Turn) -> None:
        end = self._true_end()
        for name, when in (
            ("end_of_speech", self._vad_end if end is None else end),
            ("transcript", self._transcript),
            ("end_of_turn", self._committed),
        ):
            if when is not None:
                turn.at[name] = when
        self.turns.append(turn)
        self._changed(turn, "user")

    def _first(self, response: int | None, step: str) -> None:
        turn = self._by_response.get(response) if response is not None else None
        if turn is not None and step not in turn.at:
            turn.at[step] = self._now()

    def _heard(self, response: int, heard: str, frame: BotHeardFrame) -> None:
        turn = self._by_response.get(response)
        if turn is not None and not (turn.generated and not frame.final):
            turn.heard, turn.generated = heard, frame.generated or turn.generated

    def _end(self, response: int, outcome: Outcome, *, last: bool) -> None:
        """The end is known from the first link on; what was heard, only once it has passed everybody."""
        turn = self._by_response.get(response)
        if turn is None:
            return
        if "ended" not in turn.at:
            turn.at["ended"] = self._now()
            turn.ended = _ENDED[outcome]
        if last and outcome is not Outcome.ROLLED_BACK:
            self._changed(turn, "bot")
