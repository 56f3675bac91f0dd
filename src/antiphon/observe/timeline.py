"""Records what a timeline shows, from the frames of a session.

`TimelineRecorder` is an observer: add it to `session.observers` before the session runs, and ask it for
`timeline()` afterwards (or meanwhile). `TimelineBuilder` is the pure part: frames and times in, a timeline
out. Neither keeps sound. They look at the few kinds of frames that mark something, and keep at most `LIMIT`
records of a kind, so that a session of any length stays small.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from weakref import ref

from antiphon.clock import Clock
from antiphon.context import UserMessage
from antiphon.frames import (
    BotHeardFrame,
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    ErrorFrame,
    Frame,
    InputTextRawFrame,
    LLMContextFrame,
    LLMTextFrame,
    MetricsFrame,
    ResponseEndedFrame,
    ResponseStartedFrame,
    StartFrame,
    TranscriptionFrame,
    TTSSpeakFrame,
    TTSTextFrame,
    TurnDecisionFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
    UserUtteranceDismissedFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from antiphon.observe.answer_record import AnswerRecord
from antiphon.observe.timeline_model import (
    Measurement,
    Problem,
    Span,
    Steps,
    Timeline,
    TurnDecision,
    UserTurn,
)
from antiphon.observe.waterfall import Waterfall
from antiphon.processor import Processor

LIMIT = 20_000
"""Records of one kind that are kept: the first ones."""

INPUT_CHARACTERS = 300
"""What is kept of one input of a decision, as text."""

_OUTCOMES = {"Commit": "committed", "Drop": "dropped"}

T = TypeVar("T")


class TimelineBuilder:
    """Feed it each frame once, in order, with the session time at which it was seen."""

    def __init__(self) -> None:
        self.origin = 0.0
        self._speech: list[Span] = []
        self._turns: list[UserTurn] = []
        self._answers: dict[int, AnswerRecord] = {}
        self._decisions: list[TurnDecision] = []
        self._problems: list[Problem] = []
        self._measurements: list[Measurement] = []
        self._segments: dict[int, str] = {}
        self._turn: UserTurn | None = None
        self._typed = False
        self._left_out = 0
        self._last = 0.0
        self._handlers: dict[type[Frame], Callable[[Any, float], None]] = {
            StartFrame: self._started,
            VADUserStartedSpeakingFrame: self._speech_started,
            VADUserStoppedSpeakingFrame: self._speech_stopped,
            UserStartedSpeakingFrame: self._turn_opened,
            UserStoppedSpeakingFrame: self._turn_ended,
            UserUtteranceDismissedFrame: self._dismissed,
            TranscriptionFrame: self._transcribed,
            InputTextRawFrame: self._typed_in,
            TurnDecisionFrame: self._decided,
            LLMContextFrame: self._asked,
            ResponseStartedFrame: self._answer_began,
            ResponseEndedFrame: self._answer_ended,
            LLMTextFrame: self._written,
            TTSSpeakFrame: self._written,
            TTSTextFrame: self._word,
            BotStartedSpeakingFrame: self._bot_started,
            BotStoppedSpeakingFrame: self._bot_stopped,
            BotHeardFrame: self._heard,
            ErrorFrame: self._failed,
            MetricsFrame: self._measured,
        }

    def wants(self, frame: Frame) -> bool:
        """Whether frames of this kind are recorded at all."""
        return type(frame) in self._handlers

    def see(self, frame: Frame, at: float) -> None:
        """Take in one frame. Kinds that are not recorded are ignored."""
        handler = self._handlers.get(type(frame))
        if handler is not None:
            self._last = max(self._last, at)
            handler(frame, at)

    def timeline(self, waterfall: Waterfall | None = None, *, origin: float | None = None) -> Timeline:
        """What was seen so far. `origin` is the session time that becomes 0, by default that of the start."""
        zero = self.origin if origin is None else origin
        steps = {t.response: Steps.of(t, zero) for t in (waterfall.turns if waterfall else ())}
        return Timeline(
            seconds=max(0.0, self._last - zero),
            speech=[_moved(span, zero) for span in self._speech],
            turns=[UserTurn(_moved(t.span, zero), t.text, t.outcome, t.reason) for t in self._turns],
            answers=[r.answer(zero, steps.get(number, Steps())) for number, r in self._answers.items()],
            decisions=[TurnDecision(d.at - zero, d.decision, d.reason, d.inputs) for d in self._decisions],
            problems=[Problem(p.at - zero, p.processor, p.error, p.fatal) for p in self._problems],
            measurements=[
                Measurement(m.at - zero, m.kind, m.processor, m.value, m.unit) for m in self._measurements
            ],
            left_out=self._left_out,
        )

    # The user --------------------------------------------------------------------------------------------

    def _started(self, frame: StartFrame, at: float) -> None:
        self.origin = at

    def _speech_started(self, frame: VADUserStartedSpeakingFrame, at: float) -> None:
        self._keep(self._speech, Span(at - frame.ago))

    def _speech_stopped(self, frame: VADUserStoppedSpeakingFrame, at: float) -> None:
        _close(self._speech, at - frame.quiet)

    def _turn_opened(self, frame: UserStartedSpeakingFrame, at: float) -> None:
        self._segments.clear()
        self._turn = UserTurn(Span(at))
        self._keep(self._turns, self._turn)

    def _turn_ended(self, frame: UserStoppedSpeakingFrame, at: float) -> None:
        if self._turn is not None:
            _close([self._turn.span], at)

    def _dismissed(self, frame: UserUtteranceDismissedFrame, at: float) -> None:
        start = self._speech[-1].start if self._speech else at
        self._keep(self._turns, UserTurn(Span(start, at), frame.text.strip(), "dismissed", frame.reason))

    def _transcribed(self, frame: TranscriptionFrame, at: float) -> None:
        self._segments[frame.segment] = frame.text.strip()
        if self._turn is not None and self._turn.outcome == "open":
            self._turn.text = " ".join(filter(None, self._segments.values()))

    def _typed_in(self, frame: InputTextRawFrame, at: float) -> None:
        self._typed = True

    def _decided(self, frame: TurnDecisionFrame, at: float) -> None:
        inputs = {str(name): _shown(value) for name, value in frame.inputs.items()}
        self._keep(self._decisions, TurnDecision(at, frame.decision, frame.reason, inputs))
        if self._turn is not None and self._turn.outcome == "open":
            self._turn.outcome = _OUTCOMES.get(frame.decision, "open")

    def _asked(self, frame: LLMContextFrame, at: float) -> None:
        """The words of a typed turn are known from what the model gets."""
        last = frame.context.messages[-1] if frame.context.messages else None
        turn = self._turn
        if isinstance(last, UserMessage) and turn is not None and (self._typed or not turn.text):
            turn.text = last.text
        if (record := self._of(frame.response)) is not None:
            record.typed, self._typed = self._typed, False

    # The bot ---------------------------------------------------------------------------------------------

    def _answer_began(self, frame: ResponseStartedFrame, at: float) -> None:
        if len(self._answers) < LIMIT:
            self._answers.setdefault(frame.id, AnswerRecord(frame.id, at))
        else:
            self._left_out += 1

    def _answer_ended(self, frame: ResponseEndedFrame, at: float) -> None:
        if (record := self._answers.get(frame.id)) is not None:
            record.end(at, frame.outcome.value, frame.reason)

    def _written(self, frame: LLMTextFrame | TTSSpeakFrame, at: float) -> None:
        if (record := self._of(frame.response)) is not None:
            record.write(frame.text)

    def _word(self, frame: TTSTextFrame, at: float) -> None:
        if (record := self._of(frame.response)) is not None:
            record.word(frame.index, frame.text, frame.start, frame.end)

    def _bot_started(self, frame: BotStartedSpeakingFrame, at: float) -> None:
        if (record := self._of(frame.id)) is not None:
            record.speaks(at)

    def _bot_stopped(self, frame: BotStoppedSpeakingFrame, at: float) -> None:
        if (record := self._of(frame.id)) is not None:
            _close(record.speaking, at)

    def _heard(self, frame: BotHeardFrame, at: float) -> None:
        if (record := self._of(frame.id)) is not None:
            record.hear(at, frame.heard, frame.generated, final=frame.final)

    def _of(self, response: int | None) -> AnswerRecord | None:
        return None if response is None else self._answers.get(response)

    # What went wrong, what was measured ------------------------------------------------------------------

    def _failed(self, frame: ErrorFrame, at: float) -> None:
        self._keep(self._problems, Problem(at, frame.processor, frame.error, frame.fatal))

    def _measured(self, frame: MetricsFrame, at: float) -> None:
        for one in frame.data:
            self._keep(self._measurements, Measurement(at, one.kind, one.processor, one.value, one.unit))

    def _keep(self, records: list[T], record: T) -> None:
        if len(records) < LIMIT:
            records.append(record)
        else:
            self._left_out += 1


class TimelineRecorder:
    """An observer that records a timeline. Each frame counts once, however many links it crosses.

    `clock` gives the session's clock. `waterfall` is one that observes the same session; without it, the
    recorder keeps one of its own.
    """

    def __init__(self, clock: Callable[[], Clock], *, waterfall: Waterfall | None = None) -> None:
        self._clock = clock
        self._builder = TimelineBuilder()
        self._own = Waterfall(clock) if waterfall is None else None
        self._waterfall = waterfall or self._own
        self._seen: dict[int, ref[Frame]] = {}
        self._began = ""

    def on_frame(self, frame: Frame, source: Processor, target: Processor, *, upstream: bool) -> None:
        """See one frame on one link."""
        if self._own is not None:
            self._own.on_frame(frame, source, target, upstream=upstream)
        if self._builder.wants(frame) and self._first_time(frame):
            self._began = self._began or self._clock().timestamp()
            self._builder.see(frame, self._clock().now())

    def timeline(self, *, origin: float | None = None) -> Timeline:
        """The conversation so far. `origin` is the session time that becomes 0, by default the start."""
        timeline = self._builder.timeline(self._waterfall, origin=origin)
        timeline.began = self._began
        return timeline

    def _first_time(self, frame: Frame) -> bool:
        """Frames are known by identity while they live: two equal ones are two."""
        number = id(frame)
        if number in self._seen:
            return False
        self._seen[number] = ref(frame, lambda _: self._seen.pop(number, None) and None)
        return True


def _shown(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)[:INPUT_CHARACTERS]


def _close(spans: list[Span], at: float) -> None:
    if spans and spans[-1].end is None:
        spans[-1].end = max(at, spans[-1].start)


def _moved(span: Span, zero: float) -> Span:
    return Span(span.start - zero, None if span.end is None else span.end - zero)
