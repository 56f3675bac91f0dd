"""What the tests of record and replay share: a call that is recorded, and the same call run again."""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable, Sequence
from typing import NamedTuple

from antiphon.clock import run_real, run_virtual
from antiphon.frames import Frame
from antiphon.processor import Processor
from antiphon.record import LogWriter, Opened, Recorder, Replayed, SessionLog, read_records, replay
from antiphon.session import Session
from antiphon.testing import Bot, Call, Step, hold_call
from antiphon.transports.memory import MemoryTransport

END = {"ResponseEndedFrame", "BotStoppedSpeakingFrame", "BotHeardFrame", "ErrorFrame", "TurnDecisionFrame"}
"""What the end of a replay gives, where the log just stops."""

QUIET = 1.0
"""Seconds of silence at the end of a call: what it holds is recorded by then."""


class Crossed(NamedTuple):
    """A frame that left a processor of the bot."""

    source: str
    upstream: bool
    frame: Frame


class Watcher:
    """Sees every frame that leaves a processor of the bot. An observer."""

    def __init__(self) -> None:
        self.seen: list[Crossed] = []

    def on_frame(self, frame: Frame, source: Processor, target: Processor, *, upstream: bool) -> None:
        if source.name not in ("source", "sink", "probe"):
            self.seen.append(Crossed(source.name, upstream, frame))


class KeptBytes(io.BytesIO):
    """A file in memory that can be read after it was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.content = b""

    def close(self) -> None:
        self.content = self.getvalue()
        super().close()


class Recording(NamedTuple):
    call: Call
    frames: list[Crossed]
    data: bytes

    @property
    def log(self) -> SessionLog:
        return read_records(io.BytesIO(self.data))


def record_call(
    make: Callable[[], Bot],
    script: Sequence[Step],
    *,
    codec: str = "pcm",
    real_time: bool = False,
    transport: MemoryTransport | None = None,
) -> Recording:
    """Hold a call and record it. Where the codec matters nothing, the one that takes no time does."""
    file, watcher = KeptBytes(), Watcher()
    recorders: list[Recorder] = []

    def bot(session: Session) -> object:
        session.observers.append(watcher)
        recorders.append(Recorder(session, LogWriter(file, Opened(codec=codec))))
        return recorders[0].record(make()(session))

    run = run_real if real_time else run_virtual
    call = run(hold_call(bot, script, quiet=QUIET, transport=transport))
    recorders[0].finish(call.result)
    return Recording(call, watcher.seen, file.content)


def recorded_bot(bot: Bot, file: KeptBytes, watcher: Watcher, codec: str = "packed") -> Bot:
    """The bot, its session recorded to the file and its frames seen."""

    async def recorded(session: Session) -> object:
        session.observers.append(watcher)
        recorder = Recorder(session, LogWriter(file, Opened(codec=codec)))
        made = bot(session)
        return recorder.record(await made if inspect.isawaitable(made) else made)

    return recorded


async def held(make: Callable[[], Bot], script: Sequence[Step]) -> Recording:
    """A call that is recorded, on the running loop."""
    file, watcher = KeptBytes(), Watcher()
    call = await hold_call(recorded_bot(make(), file, watcher), script, quiet=QUIET)
    return Recording(call, watcher.seen, file.content)


def difference(one: Sequence[object], other: Sequence[object]) -> str:
    """Where two runs part, in one line; empty if they are the same.

    Compared by `==` in an `assert`, thousands of frames that differ would have pytest write out how they do,
    which takes it minutes where it holds nothing back (it sees `CI` in the environment).
    """
    for number, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return f"number {number} is {a!r:.300} here and {b!r:.300} there"
    return "" if len(one) == len(other) else f"{len(one)} here and {len(other)} there"


def replay_call(make: Callable[[], Bot], log: SessionLog) -> tuple[Replayed, list[Crossed]]:
    """Run it again, with a bot that has never been called."""
    watcher = Watcher()
    return replay(log, make(), observers=[watcher]), watcher.seen
