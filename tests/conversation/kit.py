"""What the tests of the conversation share."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from antiphon.clock import run_virtual
from antiphon.context import AssistantMessage, UserMessage
from antiphon.frames import Frame, InputAudioRawFrame, LLMContextFrame, LLMTextFrame, TTSSpeakFrame
from antiphon.pipeline import Pipeline
from antiphon.processor import Processor
from antiphon.session import Session, SessionResult
from antiphon.testing import Bot, Call, FakeLLM, Found, Timed, voice_bot
from antiphon.testing.probe import Probe
from antiphon.text.speech import said_text, speakable
from antiphon.transports.memory import MemoryTransport
from antiphon.turns.simple import SimpleTurns
from effort import spread

reports: list[str] = []
"""Lines for the end of the test run."""

SEEDS = spread((None, 1, 2, 3))
"""Orders of ready tasks in which a call is held."""


def simple_bot(llm: FakeLLM | None = None, **services: Any) -> Bot:
    """The usual bot with simple turn-taking, whatever the default is."""
    return voice_bot(llm, machine=SimpleTurns(), **services)


def plain(text: str | None) -> str:
    """Words with one space between them."""
    return " ".join((text or "").split())


def spoken(text: str) -> str:
    """The words as a voice says them: numbers spelt out."""
    return said_text(speakable(text))


def user_texts(call: Call) -> list[str]:
    return [message.text for message in call.messages if isinstance(message, UserMessage)]


def answers(call: Call) -> list[AssistantMessage]:
    return [message for message in call.messages if isinstance(message, AssistantMessage)]


def check_call(call: Call) -> None:
    """What holds of every call: nothing left behind, truth about what was heard, turns that end once."""
    assert call.leftover == ()
    assert call.result.late == ()
    check_heard(call)
    check_turns(call)
    check_pace(call)


def check_heard(call: Call) -> None:
    """Contract, line 8: `heard` is a prefix of `generated`, and the recording holds exactly those words."""
    for message in answers(call):
        assert message.generated.startswith(message.said)
    believed = " ".join(spoken(message.said) for message in answers(call) if plain(message.said))
    assert believed == call.bot_text


def check_turns(call: Call) -> None:
    """Turns open and end by turns, each once; nothing is committed without an open turn."""
    is_open = False
    for _, frame in call.decisions:
        if frame.decision == "OpenTurn":
            assert not is_open
            is_open = True
        elif frame.decision in ("Commit", "Drop"):
            assert is_open
            is_open = False


def check_pace(call: Call) -> None:
    """Packets are never closer to each other than they are long."""
    packet = len(call.packets[0].pcm) / 2 / call.rate if call.packets else 0
    for first, second in zip(call.packets, call.packets[1:], strict=False):
        assert second.at - first.at >= packet - 1e-6


def unbroken(found: Sequence[Found]) -> bool:
    """Whether every block of every utterance is there, in order."""
    return all(
        (b.utterance, b.place) in ((a.utterance, a.place + 1), (a.utterance + 1, 0))
        for (_, a), (_, b) in itertools.pairwise(found)
    )


Act = tuple[float, Callable[[], object]]
"""Something to do at a session time, in seconds."""


class Outside(Processor):
    """Stands for whatever else a pipeline has at its beginning."""

    gives = (InputAudioRawFrame, TTSSpeakFrame, LLMTextFrame, LLMContextFrame)


class Stage(NamedTuple):
    """A short session over a memory transport, without a caller."""

    session: Session
    line: MemoryTransport
    probe: Probe
    result: SessionResult

    def of(self, kind: type[Frame]) -> list[Timed]:
        return [timed for timed in self.probe.frames if isinstance(timed.frame, kind)]

    @property
    def sound(self) -> bytes:
        """All packets, one after the other."""
        return b"".join(packet.pcm for packet in self.line.sink.packets)


def play(
    parts: Sequence[object],
    acts: Callable[[Session], Sequence[Act]],
    *,
    line: MemoryTransport | None = None,
    end_at: float = 5.0,
    seed: int | None = None,
) -> Stage:
    """Run `parts` before a transport's output, act as told, and end the session gracefully at `end_at`."""

    async def run() -> Stage:
        transport = line or MemoryTransport()
        session, probe = Session(transport=transport), Probe()
        pipeline = Pipeline([Outside(), *parts, transport.output(), probe])
        loop = asyncio.get_running_loop()
        for at, act in acts(session):
            loop.call_at(at, act)
        loop.call_at(end_at, session.end)
        before = asyncio.all_tasks()
        result = await session.run(pipeline)
        assert asyncio.all_tasks() == before
        return Stage(session, transport, probe, result)

    return run_virtual(run(), seed=seed)
