"""A log, sorted by what a replay needs of it; what a replay found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from antiphon import frames
from antiphon.clock import VIRTUAL_EPOCH
from antiphon.frames import Frame, InputAudioRawFrame
from antiphon.processor import Processor
from antiphon.record.codecs import CODECS
from antiphon.record.log import LogError, SessionLog
from antiphon.record.records import Began, Checkpoint, Closed, Heard, Received, Started
from antiphon.record.remote_tools import remote_tools
from antiphon.record.scores import read_score
from antiphon.record.story import Event, Figures
from antiphon.services.turns import Turns
from antiphon.session import SessionResult

SUMMARIES_SINCE = 3
"""The version of the log in which summaries of the conversation came in."""


class Replayed(msgspec.Struct, frozen=True):
    """What became of a replay. Times in seconds since the session's start.

    `agreed` checkpoints of `checked` had the same frames, `conversed` the same conversation (words,
    decisions, ends of answers); `differs_at` is the time of the first that had not the same frames. `missing`
    steps of the log did not come up in the run, `loose` ones of the run are not in the log (a transport's own
    steps are missing in a replay; more than that tells that the bot has changed); `unclaimed` results were
    not asked for, `unanswered` calls had not been recorded. `guessed` counts what a what-if run made up.
    `lacks` says in one sentence what an older log does not hold of what this bot needs; empty if nothing.
    """

    result: SessionResult
    events: tuple[Event, ...]
    figures: Figures
    seconds: float
    checked: int
    agreed: int
    conversed: int
    differs_at: float | None
    missing: int
    loose: int
    unclaimed: int
    unanswered: int
    guessed: int
    lacks: str = ""

    @property
    def same(self) -> bool:
        """Whether every checkpoint of the log had the same frames."""
        return self.checked > 0 and self.agreed == self.checked

    @property
    def same_conversation(self) -> bool:
        """Whether at every checkpoint of the log the conversation was the same."""
        return self.checked > 0 and self.conversed == self.checked


class Recorded:
    """A log that a session can be run again from. Raises LogError for one that holds no session."""

    def __init__(self, log: SessionLog) -> None:
        began = next((record for record in log.records if isinstance(record, Began)), None)
        if began is None:
            raise LogError("The log ends before its session began: there is nothing to replay.")
        self.began = began
        self.records = log.records
        self._version = log.opened.version
        if log.opened.codec not in CODECS:
            raise LogError(f"The log keeps sound as {log.opened.codec!r}, which this version cannot read.")
        self._codec = CODECS[log.opened.codec]
        self.checkpoints = [record for record in log.records if isinstance(record, Checkpoint)]
        self.closed = next((record for record in log.records if isinstance(record, Closed)), None)
        try:
            self.remote_tools = remote_tools(log.records)
            self.score = read_score(log.records)
            started = next((record for record in log.records if isinstance(record, Started)), None)
            self.epoch = datetime.fromisoformat(started.epoch) if started is not None else VIRTUAL_EPOCH
            self.rate_out = started.rate_out if started is not None else 0
            self.data: Any = msgspec.msgpack.decode(began.data) if began.data else None
        except (ValueError, msgspec.MsgspecError) as error:
            raise LogError(f"The log cannot be replayed: {error}.") from None

    def frame_of(self, record: Heard | Received) -> Frame:
        """The frame that came in. Raises LogError for a kind that the catalogue does not have."""
        if isinstance(record, Heard):
            try:
                return InputAudioRawFrame(self._codec.decode(record.sound), record.rate)
            except ValueError as error:
                raise LogError(f"The log holds sound that cannot be read: {error}.") from None
        kind: Any = getattr(frames, record.kind, None)
        if not (isinstance(kind, type) and issubclass(kind, Frame)):
            raise LogError(f"The log holds a frame of kind {record.kind}, which is none of the catalogue.")
        try:
            return msgspec.msgpack.decode(record.fields, type=kind)
        except msgspec.MsgspecError as error:
            raise LogError(f"The log holds a {record.kind} that cannot be read: {error}.") from None

    def lacks(self, parts: Sequence[Processor]) -> str:
        """What this log, written before, does not hold of what such a bot needs; empty if nothing."""
        if self._version >= SUMMARIES_SINCE or not any(_summarises(part) for part in parts):
            return ""
        return "The log is older than summaries in logs: where the conversation was summarised, it differs."

    def check_parts(self, parts: tuple[str, ...]) -> None:
        """Raises LogError unless these are the parts of the bot that was recorded."""
        if parts != self.began.parts:
            raise LogError(
                f"The log is of another bot: its pipeline was {', '.join(self.began.parts)}, "
                f"this one's is {', '.join(parts)}. Give the bot that was recorded."
            )


def _summarises(part: Processor) -> bool:
    budget = part.requests.budget if isinstance(part, Turns) else None
    return budget is not None and budget.summary is not None
