"""What all runs from a log have in common: the session, its bot, and what is told at the end."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence

from antiphon.frames import StartFrame
from antiphon.pipeline import as_processor
from antiphon.record.checks import Checks
from antiphon.record.deliveries import Deliveries
from antiphon.record.digest import Crossings
from antiphon.record.players import Programme
from antiphon.record.recorded import Recorded, Replayed
from antiphon.record.records import Asked, Checkpoint, Entry, Heard, Received, Signalled
from antiphon.record.replay_loop import ReplayLoop
from antiphon.record.replay_transport import ReplayTransport
from antiphon.record.story import Story
from antiphon.session import Ended, Observer, Session, SessionResult
from antiphon.transports.acknowledged import AcknowledgedOutput
from antiphon.transports.output import Line

Bot = Callable[[Session], "object | Awaitable[object]"]

AFTERLIFE = 120.0
"""Seconds that a session may go on after the last step of a complete log."""

CUT = "the log ends here"

CIRCLES = "the replayed session runs in circles, which the recorded one did not: the bot has changed"


class Run(ABC):
    """One run under way."""

    def __init__(
        self, loop: ReplayLoop, recorded: Recorded, observers: Sequence[Observer], *, exact: bool
    ) -> None:
        self.loop = loop
        self.recorded = recorded
        self.deliveries = Deliveries()
        self.programme = Programme(recorded.records, self.deliveries)
        began = recorded.began
        self.transport = ReplayTransport(began, recorded.records, recorded.rate_out, exact=exact)
        self.story = Story(lambda: loop.time() - began.at)
        self.session = Session(
            transport=self.transport,
            limits=began.limits,
            start=StartFrame(began.rate_in, began.rate_out),
            observers=[self.story, *observers],
            data=recorded.data,
        )

    async def build(self, bot: Bot) -> None:
        """Let the bot build its pipeline. Raises LogError if it is another one than the recorded."""
        made = bot(self.session)
        self.pipeline = as_processor(await made if inspect.isawaitable(made) else made)
        self.transport.source._early.clear()
        self.session._early.clear()
        self.parts = self.pipeline._parts()
        self.recorded.check_parts(tuple(part.name for part in self.parts))
        crossings = Crossings(self.parts)
        self.checks = Checks(self.checkpoints(), crossings)
        self.session.observers += [self.checks, crossings]
        self.prepare()

    async def hold(self) -> Replayed:
        """Hold the conversation once more."""
        self.loop.in_circles = lambda: self.session.cancel(CIRCLES)
        result = await self.run()
        self.checks.compare(over=True)
        return self._told(result, self.checks)

    @abstractmethod
    def checkpoints(self) -> list[Checkpoint]:
        """What the run is to be compared with."""

    @abstractmethod
    def prepare(self) -> None:
        """Put players in the place of services."""

    @abstractmethod
    async def run(self) -> SessionResult:
        """Run the session to its end."""

    def counts(self) -> tuple[int, int, int]:
        """Steps that were missing, steps that were loose, and what was guessed."""
        return 0, 0, 0

    def end_afterwards(self) -> None:
        """The log has come to its end: end what it did not end."""
        self.deliveries.end()
        if self.recorded.closed is None:
            self.session.cancel(CUT)
        else:
            self.loop.call_later(AFTERLIFE, lambda: self.session.cancel(CUT))

    def let_in(self, entry: Entry) -> None:
        """What came from outside comes again."""
        session, source = self.session, self.transport.source
        match entry:
            case Heard() | Received() if entry.part >= 0:
                source.push(self.recorded.frame_of(entry))
            case Received():
                session.receive(self.recorded.frame_of(entry))
            case Asked(_, "end", reason, deadline):
                session.end(reason, deadline=deadline)
            case Asked(_, "stop", reason):
                session.stop(reason)
            case Asked(_, how, reason):
                session.cancel(reason, ended=Ended(how))
            case Signalled(_, _, what, value):
                self._signal(what, value)
            case _:
                pass

    def _signal(self, what: str, value: str) -> None:
        sink = self.transport.sink
        if what == "hang_up":
            sink.hang_up(value)
        elif what == "set_line" and value in Line.__members__:
            sink.set_line(Line[value])
        elif what == "acknowledge" and isinstance(sink, AcknowledgedOutput):
            sink.acknowledge(value)

    def _told(self, result: SessionResult, checks: Checks) -> Replayed:
        began = self.recorded.began.at
        missing, loose, guessed = self.counts()
        return Replayed(
            result=result,
            events=tuple(self.story.events),
            figures=self.story.figures,
            seconds=round(self.loop.time() - began, 3),
            checked=checks.checked,
            agreed=checks.agreed,
            conversed=checks.conversed,
            differs_at=None if checks.differs_at is None else checks.differs_at - began,
            missing=missing,
            loose=loose,
            unclaimed=self.deliveries.unclaimed,
            unanswered=self.programme.unanswered,
            guessed=guessed,
            lacks=self.recorded.lacks(self.parts),
        )
