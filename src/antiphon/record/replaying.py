"""Replay: run a recorded session again, in virtual time, with the same bot and without its services.

The bot builds its pipeline as ever; then its services are replaced by what they gave, its transport by one
that receives what was received. For a session recorded in virtual time every frame is the same, byte for
byte, and the log's checkpoints prove it. A session recorded in real time had timers that fired a little late;
its replay has the same inputs in the same order and the same conversation, but times inside frames differ.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from antiphon import frames
from antiphon.audio.g711 import ulaw_decode
from antiphon.frames import Frame, InputAudioRawFrame, StartFrame
from antiphon.pipeline import as_processor
from antiphon.processor import Processor
from antiphon.record.conductor import Conductor, ReplayLoop
from antiphon.record.digest import Crossings
from antiphon.record.guesses import Guesser, Library
from antiphon.record.log import LogError, SessionLog
from antiphon.record.place import Whereabouts
from antiphon.record.played import Probabilities, play_services
from antiphon.record.records import (
    Asked,
    Began,
    Called,
    Checkpoint,
    Closed,
    Finished,
    Gave,
    Heard,
    Input,
    Judged,
    Lost,
    Place,
    Received,
)
from antiphon.record.story import Event, Figures, Story
from antiphon.services.base import TurnModel
from antiphon.services.stt_host import STTHost
from antiphon.services.tts_host import TTSHost
from antiphon.services.turns import Turns
from antiphon.services.vad_host import VADHost
from antiphon.session import Observer, Session, SessionResult
from antiphon.transports.input import InputTransport
from antiphon.transports.output import OutputTransport
from antiphon.turns.events import TurnMachine

Bot = Callable[[Session], "object | Awaitable[object]"]

Machine = Callable[[TurnModel | None], TurnMachine[Any]]
"""Makes a turn machine, given the end-of-turn model that it may ask."""

AFTERLIFE = 120.0
"""Seconds that a session may go on after the last input of a complete log."""

DECODERS: dict[str, Callable[[bytes], bytes]] = {"pcm": bytes, "ulaw": ulaw_decode}


class Replayed(msgspec.Struct, frozen=True):
    """What became of a replay. Times in seconds since the session's start.

    `agreed` checkpoints of `checked` had the same frames, `conversed` the same conversation (words,
    decisions, ends of answers); `differs_at` is the time of the first that had not the same frames.
    `forced` inputs came although the run had not come to their place; `unclaimed` results were not asked for,
    `unanswered` calls had not been recorded. `guessed` counts what a what-if run had to make up.
    """

    result: SessionResult
    events: tuple[Event, ...]
    figures: Figures
    seconds: float
    checked: int
    agreed: int
    conversed: int
    differs_at: float | None
    forced: int
    unclaimed: int
    unanswered: int
    guessed: int

    @property
    def same(self) -> bool:
        """Whether every checkpoint of the log had the same frames."""
        return self.checked > 0 and self.agreed == self.checked

    @property
    def same_conversation(self) -> bool:
        """Whether at every checkpoint of the log the conversation was the same."""
        return self.checked > 0 and self.conversed == self.checked


class ReplayOutput(OutputTransport):
    """Plays to nobody. Writing fails once the recorded connection was lost."""

    def __init__(self, began: Began, lost: Lost | None) -> None:
        super().__init__(packet_ms=round(began.packet * 1000), lead_ms=round(began.lead * 1000))
        self._lost = lost

    def write_audio(self, pcm: bytes) -> None:
        lost = self._lost
        if lost is not None and self.session.now() >= lost.at and self._due >= lost.place.output - 1e-9:
            raise ConnectionResetError(lost.error.partition(": ")[2] or lost.error)


class ReplayTransport:
    """The recorded session's transport."""

    def __init__(self, began: Began, lost: Lost | None) -> None:
        self.source = InputTransport()
        self.sink = ReplayOutput(began, lost)

    def input(self) -> InputTransport:
        return self.source

    def output(self) -> OutputTransport:
        return self.sink


class _Recorded:
    """The log, sorted by what it is needed for."""

    def __init__(self, log: SessionLog) -> None:
        began = next((record for record in log.records if isinstance(record, Began)), None)
        if began is None:
            raise LogError("The log ends before its session began: there is nothing to replay.")
        self.began = began
        self.decode = DECODERS.get(log.opened.codec, bytes)
        self.inputs: list[Input] = [
            r for r in log.records if isinstance(r, Input) and not isinstance(r, Lost)
        ]
        self.lost = next((record for record in log.records if isinstance(record, Lost)), None)
        self.checkpoints = deque(record for record in log.records if isinstance(record, Checkpoint))
        self.closed = next((record for record in log.records if isinstance(record, Closed)), None)
        self.calls: dict[int, deque[int]] = defaultdict(deque)
        self.judged: dict[int, list[Judged]] = defaultdict(list)
        heard = began.at
        for record in log.records:
            if isinstance(record, Called):
                self.calls[record.part].append(record.call)
            elif isinstance(record, Heard):
                heard = record.at
            elif isinstance(record, Judged):
                self.judged[record.part].append(msgspec.structs.replace(record, at=heard))
        self.records = log.records
        self.last = max((record.at for record in self.inputs), default=began.at)


class _Checks:
    """Compares the run with the log's checkpoints. An observer; add it before the one that counts."""

    def __init__(self, checkpoints: Sequence[Checkpoint], crossings: Crossings) -> None:
        self.checked, self.agreed, self.conversed = len(checkpoints), 0, 0
        self.differs_at: float | None = None
        self._frames = deque(checkpoints)
        self._events = deque(checkpoints)
        self._crossings = crossings

    def on_frame(self, frame: Frame, source: Processor, target: Processor, *, upstream: bool) -> None:
        self.compare()

    def compare(self, *, over: bool = False) -> None:
        """Look at the checkpoints that the run has come to; at all that are left once it is over."""
        here = self._crossings
        while self._frames and (over or self._frames[0].crossings <= here.count):
            expected = self._frames.popleft()
            if (here.count, here.digest) == (expected.crossings, expected.digest):
                self.agreed += 1
            elif self.differs_at is None:
                self.differs_at = expected.at
        while self._events and (over or self._events[0].events <= here.events):
            expected = self._events.popleft()
            self.conversed += (here.events, here.conversation) == (expected.events, expected.conversation)


class _PartPlayer:
    """The recorded results of one processor's service."""

    def __init__(self, run: _Run, part: int) -> None:
        self._run = run
        self._calls = run.recorded.calls[part]
        self._probabilities = Probabilities(run.recorded.judged[part])

    def begin(self, request: str) -> int | None:
        if self._calls:
            return self._calls.popleft()
        self._run.unanswered += 1
        return None

    async def next(self, call: int | None) -> Gave | Finished:
        if call is None:
            await self._run.loop.create_future()
        return await self._run.conductor.next(call or 0)

    def probability(self) -> float:
        return self._probabilities.at(self._run.loop.time())


class _Run:
    """One replay under way."""

    def __init__(
        self, loop: ReplayLoop, recorded: _Recorded, observers: Sequence[Observer], machine: Machine | None
    ) -> None:
        self.loop = loop
        self.machine = machine
        self.guessers: list[Guesser] = []
        self.recorded = recorded
        self.unanswered = 0
        began = recorded.began
        self.transport = ReplayTransport(began, recorded.lost)
        self.story = Story(lambda: loop.time() - began.at)
        self.session = Session(
            transport=self.transport,
            limits=began.limits,
            start=StartFrame(began.rate_in, began.rate_out),
            observers=[self.story, *observers],
        )

    async def hold(self, bot: Bot) -> Replayed:
        """Hold the conversation once more."""
        made = bot(self.session)
        pipeline = as_processor(await made if inspect.isawaitable(made) else made)
        parts = pipeline._parts()
        self._check_parts(tuple(part.name for part in parts))
        self._change_turns(parts)
        crossings = Crossings(parts)
        checks = _Checks(self.recorded.checkpoints, crossings)
        self.session.observers += [checks, crossings]
        where = Whereabouts(crossings, parts)
        self._put_players(parts)
        self.conductor = Conductor(self.loop, self._inputs(parts), where.place, self._perform)
        watch = asyncio.create_task(self._watch(), name="replay")
        self.loop.conductor = self.conductor
        try:
            result = await self.session.run(pipeline)
        finally:
            self.loop.conductor = None
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch
        checks.compare(over=True)
        return self._told(result, checks)

    def _told(self, result: SessionResult, checks: _Checks) -> Replayed:
        return Replayed(
            result=result,
            events=tuple(self.story.events),
            figures=self.story.figures,
            seconds=round(self.loop.time() - self.recorded.began.at, 3),
            checked=checks.checked,
            agreed=checks.agreed,
            conversed=checks.conversed,
            differs_at=None if checks.differs_at is None else checks.differs_at - self.recorded.began.at,
            forced=self.conductor.forced,
            unclaimed=self.conductor.unclaimed,
            unanswered=self.unanswered,
            guessed=sum(guesser.guessed for guesser in self.guessers),
        )

    def _change_turns(self, parts: Sequence[Processor]) -> None:
        turns = [part for part in parts if isinstance(part, Turns)]
        if self.machine is None:
            return
        self.recorded.checkpoints.clear()
        if not turns:
            raise LogError("This bot has no Turns processor: there is no turn policy to change.")
        for part in turns:
            part.machine = self.machine(part.model)
            part.state = part.machine.initial()

    def _put_players(self, parts: Sequence[Processor]) -> None:
        """Players in place of services. What depends on the bot's course is guessed if that may change."""
        library = Library(self.recorded.records)
        for number, part in enumerate(parts):
            if self.machine is None or isinstance(part, STTHost | VADHost):
                play_services(part, _PartPlayer(self, number))
                continue
            voice = self.recorded.began.rate_out if isinstance(part, TTSHost) else None
            self.guessers.append(Guesser(library, number, voice))
            play_services(part, self.guessers[-1])

    def _inputs(self, parts: Sequence[Processor]) -> list[Input]:
        """What comes by the clock: everything, or all but what is guessed, and then wherever the run is."""
        if self.machine is None:
            return self.recorded.inputs
        listening = {number for number, part in enumerate(parts) if isinstance(part, STTHost)}
        heard = {r.call for r in self.recorded.records if isinstance(r, Called) and r.part in listening}
        free = [msgspec.structs.replace(record, place=Place()) for record in self.recorded.inputs]
        return [r for r in free if not isinstance(r, Gave | Finished) or r.call in heard]

    def _check_parts(self, parts: tuple[str, ...]) -> None:
        if parts != self.recorded.began.parts:
            raise LogError(
                f"The log is of another bot: its pipeline was {', '.join(self.recorded.began.parts)}, "
                f"this one's is {', '.join(parts)}. Give the bot that was recorded."
            )

    async def _watch(self) -> None:
        """End what the log does not end."""
        await asyncio.sleep(self.recorded.last - self.loop.time())
        if self.recorded.closed is not None:
            await asyncio.sleep(max(self.recorded.closed.at - self.recorded.last, 0.0) + AFTERLIFE)
        self.session.cancel("the log ends here")

    def _perform(self, record: Input) -> None:
        source = self.transport.source
        match record:
            case Heard():
                source.receive(InputAudioRawFrame(self.recorded.decode(record.sound), record.rate))
            case Received():
                receive = source.receive if record.part >= 0 else self.session.receive
                receive(frame_of(record))
            case Asked(_, _, "end", reason):
                self.session.end(reason)
            case Asked(_, _, "stop", reason):
                self.session.stop(reason)
            case Asked():
                self.session.cancel(record.reason)
            case _:
                pass


def frame_of(record: Received) -> Frame:
    """The frame that was received. Raises LogError for a kind that the catalogue does not have."""
    kind: Any = getattr(frames, record.kind, None)
    if not (isinstance(kind, type) and issubclass(kind, Frame)):
        raise LogError(f"The log holds a frame of kind {record.kind}, which is none of the catalogue.")
    try:
        return msgspec.msgpack.decode(record.fields, type=kind)
    except msgspec.MsgspecError as error:
        raise LogError(f"The log holds a {record.kind} that cannot be read: {error}.") from None


def replay(
    log: SessionLog,
    bot: Bot,
    *,
    machine: Machine | None = None,
    observers: Sequence[Observer] = (),
) -> Replayed:
    """Run a recorded session again.

    With a `machine` (made for the bot's end-of-turn model) it is a what-if run: the user does the same at the
    same times, the recogniser gives the same, but another machine takes the turns; models and voices give
    what they gave for the same request (see `antiphon.record.guesses`). The recorded user does not react to
    what the bot does differently. Raises LogError when the log and the bot do not go together.
    """
    recorded = _Recorded(log)
    with asyncio.Runner(loop_factory=lambda: ReplayLoop(recorded.began.at)) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, ReplayLoop)
        return runner.run(_Run(loop, recorded, observers, machine).hold(bot))
