"""Records a session: every input from outside goes to the log in the order in which it comes.

What is an input: what the transport receives, what `Session.receive` is given, each item and each failure of
a hosted service, the connection's loss, and an end that nobody inside asked for. What is none: I/O that a
processor of your own does (use a service for it), tools that run in one, and sound that a peer takes back.
"""

from __future__ import annotations

from collections.abc import Callable

from antiphon.audio.g711 import ulaw_encode
from antiphon.frames import (
    CancelFrame,
    EndFrame,
    ErrorFrame,
    Frame,
    InputAudioRawFrame,
    InputDTMFFrame,
    InputImageRawFrame,
    InputTextRawFrame,
    InputTransportMessageFrame,
    ResponseEndedFrame,
    StartFrame,
    StopFrame,
    TalkKeyFrame,
    UserImageRawFrame,
)
from antiphon.node import describe
from antiphon.pipeline import as_processor
from antiphon.processor import Processor
from antiphon.record.digest import Crossings
from antiphon.record.log import LogWriter
from antiphon.record.place import Whereabouts
from antiphon.record.records import (
    Asked,
    Began,
    Called,
    Checkpoint,
    Closed,
    Finished,
    Gave,
    Heard,
    Item,
    Judged,
    Lost,
    Place,
    Received,
    fields_of,
)
from antiphon.record.wrapped import wrap_services
from antiphon.services.base import ServiceError
from antiphon.session import Session, SessionResult, Verdict
from antiphon.terminals import Source
from antiphon.transports.input import InputTransport
from antiphon.transports.output import OutputTransport
from antiphon.wiring import check_wiring

CHECKPOINT_SECONDS = 1.0
"""How much of a run lies between two checkpoints."""

CODECS: dict[str, Callable[[bytes], bytes]] = {"pcm": bytes, "ulaw": ulaw_encode}

SESSION = -1
"""The part that stands for the session itself."""

OUTSIDE = (
    InputAudioRawFrame,
    InputTextRawFrame,
    InputImageRawFrame,
    UserImageRawFrame,
    InputDTMFFrame,
    InputTransportMessageFrame,
    TalkKeyFrame,
)
"""Kinds that an input transport gives because of something outside."""

_ENDS: dict[type[Frame], str] = {EndFrame: "end", StopFrame: "stop", CancelFrame: "cancel"}
_VERDICTS: dict[Verdict, type[Frame]] = {Verdict.END: EndFrame, Verdict.CANCEL: CancelFrame}


class _PartListener:
    """What one service does, for the log."""

    def __init__(self, recorder: Recorder, part: int) -> None:
        self.recorder = recorder
        self.part = part

    def called(self, request: str) -> int:
        return self.recorder.called(self.part, request)

    def gave(self, call: int, item: Item) -> None:
        recorder = self.recorder
        fields = fields_of(item)
        recorder.log.write(Gave(recorder.now(), recorder.place(), call, type(item).__name__, fields))

    def finished(self, call: int, error: Exception | None = None) -> None:
        recorder = self.recorder
        failed = None if error is None else describe(error)
        fatal, service = bool(getattr(error, "fatal", False)), isinstance(error, ServiceError)
        recorder.log.write(Finished(recorder.now(), recorder.place(), call, failed, fatal, service))

    def judged(self, probability: float) -> None:
        self.recorder.log.write(Judged(self.recorder.now(), self.part, probability))


class Recorder:
    """Writes one session to a log. An observer.

    `record(pipeline)` prepares a pipeline before `session.run`; `finish(result)` completes the log.
    """

    def __init__(self, session: Session, log: LogWriter, *, codec: str = "pcm") -> None:
        self.log = log
        self._session = session
        self._encode = CODECS[codec]
        self._parts: list[Processor] = []
        self._numbers: dict[int, int] = {}
        self._calls = 0
        self._entered: Frame | None = None
        self._asked: set[type[Frame]] = set()
        self._checked = 0.0

    def record(self, pipeline: object) -> Processor:
        """Listen to every service and every link of the pipeline. Raises WiringError as `run` would."""
        processor = as_processor(pipeline)
        check_wiring(processor)
        self._parts = processor._parts()
        self._numbers = {id(part): number for number, part in enumerate(self._parts)}
        for number, part in enumerate(self._parts):
            wrap_services(part, _PartListener(self, number))
        self._crossings = Crossings(self._parts)
        self._where = Whereabouts(self._crossings, self._parts)
        self._session.observers += [self, self._crossings]
        return processor

    def finish(self, result: SessionResult) -> None:
        """The session is over: check it once more, say how it ended, and close the log."""
        self._check(self.now())
        self.log.write(Closed(self.now(), result.ended.value, result.reason))
        self.log.close()

    def now(self) -> float:
        return self._session.now()

    def place(self) -> Place:
        return self._where.place()

    def called(self, part: int, request: str) -> int:
        """A service is called: the number of the call."""
        self._calls += 1
        self.log.write(Called(self.now(), self._calls, part, request))
        return self._calls

    def on_frame(self, frame: Frame, source: Processor, target: Processor, *, upstream: bool) -> None:
        """See one frame on one link."""
        if isinstance(target, Source):
            self._rises(frame)
        elif isinstance(source, Source):
            self._descends(frame)
        elif isinstance(source, InputTransport) and not upstream and frame is not self._entered:
            self._enters(frame, self._numbers[id(source)])
        if isinstance(source, OutputTransport) and isinstance(frame, ErrorFrame) and frame.fatal:
            self.log.write(Lost(self.now(), self.place(), frame.error))

    def _rises(self, frame: Frame) -> None:
        """What arrives at the top may end the session from inside."""
        if isinstance(frame, ErrorFrame):
            kind = _VERDICTS.get(self._session.policy(frame))
        else:
            kind = type(frame) if type(frame) in _ENDS else None
        if kind is not None:
            self._asked.add(kind)

    def _descends(self, frame: Frame) -> None:
        """What comes from the top is the session's own, or from outside."""
        self._entered = frame
        kind = type(frame)
        if isinstance(frame, StartFrame):
            self._begin(frame)
        elif kind in _ENDS:
            if kind not in self._asked:
                reason = str(getattr(frame, "reason", ""))
                self.log.write(Asked(self.now(), self.place(), _ENDS[kind], reason))
        elif not isinstance(frame, ResponseEndedFrame):
            self._receive(frame, SESSION)

    def _enters(self, frame: Frame, part: int) -> None:
        """What the input transport gives came from outside, if it is of a kind that does."""
        self._check_now_and_then()
        if isinstance(frame, InputAudioRawFrame):
            sound = self._encode(frame.audio)
            self.log.write(Heard(self.now(), self.place(), part, sound, frame.sample_rate))
        elif isinstance(frame, OUTSIDE):
            self._receive(frame, part)

    def _receive(self, frame: Frame, part: int) -> None:
        try:
            fields = fields_of(frame)
        except TypeError:
            fields = b""
        self.log.write(Received(self.now(), self.place(), part, frame.name, fields))

    def _begin(self, start: StartFrame) -> None:
        outputs = [part for part in self._parts if isinstance(part, OutputTransport)]
        packet, lead = (outputs[0].packet_seconds, outputs[0].lead) if outputs else (0.02, 0.0)
        names = tuple(part.name for part in self._parts)
        rates = start.audio_in_sample_rate, start.audio_out_sample_rate
        self._checked = self.now()
        self.log.write(Began(self.now(), names, *rates, packet, lead, self._session.limits))

    def _check_now_and_then(self) -> None:
        now = self.now()
        if now - self._checked >= CHECKPOINT_SECONDS:
            self._check(now)

    def _check(self, now: float) -> None:
        self._checked = now
        seen = self._crossings
        self.log.write(Checkpoint(now, seen.count, seen.digest, seen.events, seen.conversation))
