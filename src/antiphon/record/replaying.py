"""Replay: run a recorded session again, in virtual time, with the same bot and without its services.

The bot builds its pipeline as ever; then its services and tools are replaced by what they gave, its transport
by one that lets in what came in. The session's own tasks, timers and callbacks run in the recorded order, at
the recorded moments: every frame is the same, byte for byte, whether the session was held in virtual or in
real time, and the log's checkpoints prove it. What the log does not hold (the I/O of a processor of your own)
is not replayed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from antiphon.clock import VirtualTimeDeadlock, run_quietly
from antiphon.record.log import LogError, SessionLog
from antiphon.record.played import play_services
from antiphon.record.players import PartPlayer
from antiphon.record.recorded import Recorded, Replayed
from antiphon.record.records import (
    Cancelled,
    Checkpoint,
    Entry,
    Finished,
    Gave,
    Heard,
    Left,
    Progressed,
    Received,
)
from antiphon.record.replay_loop import ReplayLoop, Score
from antiphon.record.running import Bot, Run
from antiphon.record.steps import Key, Step
from antiphon.record.what_if import Machine, WhatIf
from antiphon.session import Observer, SessionResult
from antiphon.tools.mcp import KNOWN


class Exact(Run):
    """A run that is the recorded one, step by step."""

    def __init__(self, loop: ReplayLoop, recorded: Recorded, observers: Sequence[Observer]) -> None:
        super().__init__(loop, recorded, observers, exact=True)
        self.score = Score(loop, recorded.score, self._perform, self.end_afterwards, self._differs)

    def checkpoints(self) -> list[Checkpoint]:
        return self.recorded.checkpoints

    def prepare(self) -> None:
        for number, part in enumerate(self.parts):
            play_services(part, PartPlayer(self.programme, number, self.score))
        self.transport.source.within = lambda: self.score.play_within(_is_within)
        self.loop.score = self.score

    async def run(self) -> SessionResult:
        first = Step(self.score, 0, self.loop.time())
        try:
            return await self.loop.stage.run(first, self.loop.create_task, self.session.run(self.pipeline))
        finally:
            self.loop.score = None
            self.deliveries.end()

    def counts(self) -> tuple[int, int, int]:
        return self.score.missing, self.score.loose, 0

    def _differs(self, now: float) -> bool:
        return self.checks.differs(now)

    def _perform(self, entry: Entry, step: Step) -> None:
        match entry:
            case Gave() | Finished() | Left():
                self.deliveries.give(entry, step)
            case Progressed():
                self.programme.progressed(entry, step)
            case Cancelled():
                self.score.cancel(Key(entry.parent, entry.label, entry.count), step)
            case _:
                self.loop.stage.run(step, self.let_in, entry)


def _is_within(entry: Entry) -> bool:
    return isinstance(entry, Heard | Received) and entry.within


def replay(
    log: SessionLog,
    bot: Bot,
    *,
    machine: Machine | None = None,
    observers: Sequence[Observer] = (),
) -> Replayed:
    """Run a recorded session again.

    With a `machine` (made for the bot's end-of-turn model) it is a what-if run: `antiphon.record.what_if`.
    It always comes to an end, also with a bot that behaves otherwise than the recorded one. Raises LogError
    when the log and the bot do not go together, or the bot waits for what is not in the log.
    """
    recorded = Recorded(log)
    loop = ReplayLoop(recorded.began.at, recorded.epoch)
    known = KNOWN.set(recorded.remote_tools)
    try:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            run: Run
            if machine is None:
                run = Exact(loop, recorded, observers)
            else:
                run = WhatIf(loop, recorded, observers, machine)
            runner.run(run.build(bot))
            return run_quietly(runner, run.hold())
    except VirtualTimeDeadlock as waits:
        raise LogError(f"The bot waits for something that is not in the log. {waits}") from None
    except RuntimeError:
        if not loop.stopped:
            raise
        names = ", ".join(loop.stopped)
        raise LogError(f"The bot runs in circles, which the recorded one did not; tasks: {names}.") from None
    finally:
        KNOWN.reset(known)
