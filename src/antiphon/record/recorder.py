"""Records a session: everything that comes from outside, and the order in which the session's steps ran.

From outside comes what the input transport lets in, what `Session.receive` is given, each item and each
failure of a hosted service, what tools return, what the peer tells the output (that it has played a mark,
that it is gone), what writing to it gives, and an end that nobody inside asked for. A processor of your own
that does I/O is not covered: use a service or a tool for it.

The session's clock stands still within each step (see `antiphon.record.steps`), so that a replay sees the
same times. A session whose log breaks (a full disk) goes on.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any

from antiphon.frames import Frame, InputAudioRawFrame
from antiphon.node import describe
from antiphon.pipeline import as_processor
from antiphon.processor import Processor
from antiphon.record.codecs import CODECS
from antiphon.record.digest import Crossings
from antiphon.record.doors import guard_input, guard_output, guard_session, make_doors
from antiphon.record.log import LogWriter
from antiphon.record.records import (
    AnyRecord,
    Began,
    Called,
    Cancelled,
    Checkpoint,
    Closed,
    Ends,
    Entry,
    Finished,
    Heard,
    Item,
    Judged,
    Left,
    Progressed,
    Received,
    Refused,
    Started,
    fields_of,
    gave,
)
from antiphon.record.remote_tools import offered
from antiphon.record.scores import ScoreWriter
from antiphon.record.steps import Key, Step, SteppedTask, Steps
from antiphon.record.watching import Watched, unwatch, watch
from antiphon.record.wrapped import wrap_services
from antiphon.rtvi.input import RTVIInput
from antiphon.services.base import ServiceError
from antiphon.session import Session, SessionResult
from antiphon.transports.acknowledged import AcknowledgedOutput
from antiphon.transports.input import InputTransport
from antiphon.transports.output import OutputTransport
from antiphon.wiring import check_wiring

CHECKPOINT_SECONDS = 1.0
"""How much of a run lies between two checkpoints."""

SESSION = -1
"""The part that stands for the session itself."""


class RecordedSteps(Steps):
    """Steps as they happen: each is written down."""

    def __init__(self, watched: Watched, log: LogWriter) -> None:
        super().__init__(watched)
        self._watched = watched
        self._log = log
        self._score = ScoreWriter()

    def now(self) -> float:
        return self._watched.time()

    def next(self, key: Key) -> Step:
        at = self._watched.real_time()
        number = self._score.ran(key, at)
        if self._score.full:
            self.flush()
        return Step(self, number, at)

    def entry(self, record: Entry) -> Step:
        """Something from outside begins a step."""
        self.write(record)
        return Step(self, self._score.entered(record.at), record.at)

    def enter(self, record: Entry, callback: Callable[..., Any], *args: Any) -> Any:
        """Let something from outside in."""
        return self.stage.run(self.entry(record), callback, *args)

    def write(self, record: AnyRecord) -> None:
        """Write a record behind the steps before it."""
        self.flush()
        self._log.write(record)

    def flush(self) -> None:
        steps = self._score.take()
        if steps is not None:
            self._log.write(steps)

    def cancelled(self, task: SteppedTask, cancel: Callable[[], bool]) -> bool:
        return self.enter(Cancelled(self.now(), *task.work.key), cancel)


class _PartListener:
    """What one service does, for the log."""

    def __init__(self, recorder: Recorder, part: int) -> None:
        self.recorder = recorder
        self.steps = recorder.steps
        self.part = part

    @property
    def calls(self) -> int:
        return self.recorder.calls

    def called(self, request: str) -> int:
        self.recorder.calls += 1
        self.steps.write(Called(self.steps.now(), self.calls, self.part, request))
        return self.calls

    def inside(self) -> None:
        self.steps.go_in()

    def gave(self, call: int, item: Item) -> None:
        record = gave(self.steps.now(), call, item, packs=self.recorder.codec.packs)
        self.steps.come_out(lambda: self.steps.entry(record))

    def finished(self, call: int, error: Exception | None = None) -> None:
        failed = None if error is None else describe(error)
        fatal, service = bool(getattr(error, "fatal", False)), isinstance(error, ServiceError)
        record = Finished(self.steps.now(), call, failed, fatal, service)
        self.steps.come_out(lambda: self.steps.entry(record))

    def left(self, call: int) -> None:
        self.steps.come_out(lambda: self.steps.entry(Left(self.steps.now(), call)))

    def progressed(self, call: int, text: str, tell: Callable[[str], object]) -> None:
        self.steps.enter(Progressed(self.steps.now(), call, text), tell, text)

    def judged(self, probability: float) -> None:
        self.steps.write(Judged(self.steps.now(), self.part, probability))

    def refused(self, number: int, error: str) -> None:
        self.steps.write(Refused(self.part, number, error))


class Recorder:
    """Writes one session to a log.

    Make it on the running event loop, before the session runs. `record(pipeline)` prepares the pipeline;
    `session.run` then writes the log and completes it.
    """

    def __init__(self, session: Session, log: LogWriter) -> None:
        self.log = log
        self.codec = CODECS[log.codec]
        self.calls = 0
        self._session = session
        self._loop = asyncio.get_running_loop()
        self._run = session.run
        self._parts: list[Processor] = []
        self._checked = -math.inf
        self._over = False
        self._doors = make_doors(session)
        session.run = self.run

    def record(self, pipeline: object) -> Processor:
        """Listen to every service and every link of the pipeline. Raises WiringError as `run` would."""
        processor = as_processor(pipeline)
        check_wiring(processor)
        self._watched = watch(self._loop)
        self.steps = RecordedSteps(self._watched, self.log)
        self._parts = processor._parts()
        self._crossings = Crossings(self._parts)
        self._session.observers.append(self._crossings)
        for record in offered(self._parts):
            self.steps.write(record)
        for number, part in enumerate(self._parts):
            wrap_services(part, _PartListener(self, number))
            if isinstance(part, InputTransport):
                guard_input(part, number, self)
            elif isinstance(part, OutputTransport):
                guard_output(part, number, self.steps)
        self._begin()
        guard_session(self._session, self._doors, self)
        return processor

    async def run(self, pipeline: Processor) -> SessionResult:
        """`Session.run`, recorded. Without a `record` before it, just that."""
        if not self._parts:
            return await self._run(pipeline)
        first = Step(self.steps, 0, self.steps.now())
        try:
            task = self._watched.run(first, self._loop.create_task, self._run(pipeline))
            result: SessionResult = await task
            self.finish(result)
        finally:
            self._close()
        return result

    def finish(self, result: SessionResult) -> None:
        """The session is over: check it once more, say how it ended, and close the log. Once is enough."""
        if not self._over:
            self._check(self.steps.now())
            self.steps.write(Closed(self.steps.now(), result.ended.value, result.reason))
            self._close()

    def receive(self, frame: Frame, part: int, callback: Callable[..., Any], *args: Any) -> None:
        """A frame from outside comes in, by `callback`."""
        running, now = self._watched.running, self.steps.now()
        within = running is not None
        if now - self._checked >= CHECKPOINT_SECONDS and not within and part != SESSION:
            self._check(now)
        if isinstance(frame, InputAudioRawFrame):
            heard = Heard(now, part, self.codec.encode(frame.audio), frame.sample_rate, within)
            self.steps.enter(heard, callback, *args)
            return
        try:
            fields = fields_of(frame)
        except TypeError:
            fields = b""
        self.steps.enter(Received(now, part, type(frame).__name__, fields, within), callback, *args)

    def _begin(self) -> None:
        session, start = self._session, self._session.start_frame
        outputs = [part for part in self._parts if isinstance(part, OutputTransport)]
        rtvi = any(isinstance(part, RTVIInput) for part in self._parts)
        ends = Ends(rtvi=rtvi)
        if outputs:
            last = outputs[0]
            acknowledged = isinstance(last, AcknowledgedOutput)
            ends = Ends(last.packet_seconds, last.lead, last.fills_silence, acknowledged, rtvi)
        names = tuple(part.name for part in self._parts)
        rates = start.audio_in_sample_rate, start.audio_out_sample_rate
        self.steps.write(Began(self.steps.now(), names, *rates, ends, session.limits, _plain(session.data)))

    def _check(self, now: float) -> None:
        if self._session.pipeline is None:
            return
        if self._checked == -math.inf:
            rate = next((part.rate for part in self._parts if isinstance(part, OutputTransport)), 0)
            self.steps.write(Started(self._session.clock.epoch.isoformat(), rate))
        self._checked = now
        seen = self._crossings
        self.steps.write(Checkpoint(now, seen.count, seen.digest, seen.events, seen.conversation))

    def _close(self) -> None:
        if not self._over:
            self._over = True
            self.steps.flush()
            self.log.close()
            unwatch(self._loop)


def _plain(data: object) -> bytes:
    try:
        return b"" if data is None else fields_of(data)
    except (TypeError, ValueError, OverflowError):
        return b""
