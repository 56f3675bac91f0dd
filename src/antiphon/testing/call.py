"""What became of a call: everything a test may want to know about it, in seconds of the session's clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from antiphon.context import AssistantMessage, Message
from antiphon.frames import (
    BotHeardFrame,
    Frame,
    FunctionCallResultFrame,
    OutputDTMFFrame,
    TurnDecisionFrame,
)
from antiphon.ledger import Ledger
from antiphon.session import SessionResult
from antiphon.testing.steps import Press, Step, Type
from antiphon.testing.tagged import HeardWord, TagReader, WordReader, text_of
from antiphon.text.speech import said_of
from antiphon.transports.memory import Written


class Spoken(NamedTuple):
    """Something that the caller said, and when."""

    step: Step
    start: float
    end: float


class Timed(NamedTuple):
    """A frame that came out at the end of the pipeline, and when."""

    at: float
    frame: Frame


class ToolRun(NamedTuple):
    """A tool that has ended, and when: `result` is what the model is told."""

    at: float
    name: str
    arguments: dict[str, Any]
    result: str
    is_error: bool


class BotTurn(NamedTuple):
    """The bot spoke: from when to when, on behalf of which response, and the words that were heard."""

    start: float
    end: float
    response: int | None
    text: str


_SAME_MOMENT = 1e-6


@dataclass(frozen=True, repr=False)
class Call:
    """`words` are those that the bot's packets really hold, read from their tags.

    A bot with a real voice has none (`tagged` is False): then its words are those its ledger says were heard.
    `frames` are those that show what was decided and heard (turns, speaking, transcripts, errors); `leftover`
    names tasks that outlived the session; `undone` are the steps that the end of the session prevented.
    """

    result: SessionResult
    rate: int
    packets: tuple[Written, ...]
    words: tuple[HeardWord, ...]
    tagged: bool
    spoken: tuple[Spoken, ...]
    typed: tuple[Type, ...]
    pressed: tuple[Press, ...]
    bot_turns: tuple[BotTurn, ...]
    frames: tuple[Timed, ...]
    messages: tuple[Message, ...]
    ledger: Ledger
    undone: tuple[Step, ...]
    leftover: tuple[str, ...]
    seconds: float

    @cached_property
    def loud(self) -> tuple[tuple[float, float], ...]:
        """From when to when packets that are not silent followed each other."""
        spans: list[tuple[float, float]] = []
        silence = b""
        for at, pcm in self.packets:
            size = len(pcm)
            if size != len(silence):
                silence = bytes(size)
            if pcm == silence:
                continue
            end = at + size / 2 / self.rate
            if spans and at - spans[-1][1] < _SAME_MOMENT:
                spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
            else:
                spans.append((at, end))
        return tuple(spans)

    def __repr__(self) -> str:
        return f"<Call of {self.seconds:g} s, {len(self.messages)} messages>"

    @property
    def bot_text(self) -> str:
        """All that was heard of the bot, as a voice says it: numbers spelt out."""
        return text_of(self.words) if self.tagged else self.believed_text

    @property
    def believed_text(self) -> str:
        """All that the bot believes was heard of it, as a voice says it."""
        said = [message.said for message in self.messages if isinstance(message, AssistantMessage)]
        return " ".join(filter(None, (said_of(each) for each in said)))

    @property
    def decisions(self) -> list[tuple[float, TurnDecisionFrame]]:
        """What the turn machine decided, and when."""
        return [(at, frame) for at, frame in self.frames if isinstance(frame, TurnDecisionFrame)]

    @property
    def tool_runs(self) -> list[ToolRun]:
        """The tools that ended, in order. One that was cancelled, or outlived the call, is not among them."""
        return [
            ToolRun(at, frame.call.name, frame.call.arguments, frame.result, frame.is_error)
            for at, frame in self.frames
            if isinstance(frame, FunctionCallResultFrame)
        ]

    @property
    def bot_keys(self) -> str:
        """The telephone keys that the bot pressed on the line."""
        return "".join(frame.button for _, frame in self.frames if isinstance(frame, OutputDTMFFrame))

    def of(self, kind: type[Frame]) -> list[Timed]:
        """The frames of one kind."""
        return [timed for timed in self.frames if isinstance(timed.frame, kind)]

    def final_heard(self) -> dict[int, BotHeardFrame]:
        """What the bot believes was heard of each response, once that is final."""
        frames = (timed.frame for timed in self.frames)
        return {f.id: f for f in frames if isinstance(f, BotHeardFrame) and f.final}


def recording(packets: Sequence[Written], rate: int) -> bytes:
    """The packets as one recording that begins at time 0: each at its time, or after the one before.

    Times are rounded to samples, and nothing is stretched.
    """
    sound = bytearray()
    for packet in packets:
        gap = round(packet.at * rate) * 2 - len(sound)
        if gap > 0:
            sound += bytes(gap)
        sound += packet.pcm
    return bytes(sound)


def heard_words(packets: Sequence[Written], rate: int) -> tuple[HeardWord, ...]:
    """The words that the packets hold, with their times."""
    blocks, words = TagReader(rate), WordReader(rate)
    length = 0
    for at, pcm in _stretches(packets, rate):
        blocks.skip(at - length)
        words.feed(blocks.feed(pcm))
        length = at + len(pcm) // 2
    return tuple(words.words)


def _stretches(packets: Sequence[Written], rate: int) -> Iterator[tuple[int, bytes]]:
    """Packets that follow each other, joined, each with the sample at which it begins in the recording."""
    together: list[bytes] = []
    began = length = 0
    for at, pcm in packets:
        gap = round(at * rate) - length
        if gap > 0:
            if together:
                yield began, b"".join(together)
                together = []
            length += gap
        if not together:
            began = length
        together.append(pcm)
        length += len(pcm) // 2
    if together:
        yield began, b"".join(together)
