"""A call with everything on: all that can come into a session from outside, in one bot and one script."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable

from antiphon.context import Context, SystemMessage, ToolCall, UserMessage
from antiphon.dispatch import on
from antiphon.frames import (
    Frame,
    InputDTMFFrame,
    InputTransportMessageFrame,
    LLMFullResponseEndFrame,
    LLMMessagesAppendFrame,
    LLMUpdateSettingsFrame,
    TextFrame,
    TTSUpdateSettingsFrame,
)
from antiphon.judgement import Judgement
from antiphon.pipeline import Pipeline, SyncParallelPipeline
from antiphon.processor import Processor
from antiphon.services.base import Picture, ServiceError
from antiphon.services.filler import Filler
from antiphon.services.requests import Budget
from antiphon.services.turns import Turns
from antiphon.session import Session
from antiphon.testing import (
    Answer,
    Bot,
    Fail,
    FakeLLM,
    FakeSTT,
    FakeTool,
    FakeTTS,
    FakeTurnModel,
    FakeVAD,
    LogNormal,
    MakeNoise,
    Press,
    Say,
    Step,
    Type,
    after,
)
from antiphon.tools import Tool, ToolContext, ToolKind
from antiphon.tools.tool import ToolSpec
from antiphon.turns.rules import Reminder
from antiphon.turns.state import Policy
from record.calls import LONG


class Keys(Processor):
    """What keys and messages of the client do: change settings, good and bad ones, and ask."""

    gives = ()

    @on(InputDTMFFrame)
    def pressed(self, frame: InputDTMFFrame) -> list[Frame]:
        asked = UserMessage.of(f"I press {frame.button}.")
        return [frame, LLMMessagesAppendFrame((asked,), run=True)]

    @on(InputTransportMessageFrame)
    def told(self, frame: InputTransportMessageFrame) -> list[Frame]:
        return [frame, TTSUpdateSettingsFrame({"colour": "red"}), LLMUpdateSettingsFrame({"tokens": 0})]


class Scenes(Processor):
    """Asks for a picture after each answer."""

    gives = (TextFrame,)

    @on(LLMFullResponseEndFrame)
    def over(self, frame: LLMFullResponseEndFrame) -> list[Frame]:
        return [TextFrame("A picture."), frame]


class Painter:
    """Draws two pictures, and fails now and then."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    async def draw(self, prompt: str) -> AsyncGenerator[Picture, None]:
        await asyncio.sleep(self._rng.random())
        yield Picture(data=prompt.encode())
        if self._rng.random() < 0.3:
            raise ServiceError("the paint is dry")
        await asyncio.sleep(self._rng.random())
        yield Picture(data=self._rng.randbytes(9))


class WarmLLM(FakeLLM):
    """Takes a moment to get ready, and to read ahead."""

    async def warm(self) -> None:
        await asyncio.sleep(0.2)

    async def prime(self, context: Context) -> None:
        await asyncio.sleep(0.1)
        await super().prime(context)


async def _tells_its_progress(arguments: dict[str, object], context: ToolContext, /) -> object:
    for part in ("half", "most"):
        await asyncio.sleep(0.3)
        context.progress(part)
    return {"found": arguments}


def _tools(rng: random.Random) -> list[Tool]:
    delay = LogNormal(0.3, 2.0, seed=rng.randrange(99))
    spec = ToolSpec("slowly", "Tells how far it is.", {"type": "object", "properties": {}})
    return [
        FakeTool("look", {"seen": 3}, kind=ToolKind.PURE, delay=delay).tool,
        FakeTool("write", delay=delay).tool,
        FakeTool("fetch", "much", kind=ToolKind.BACKGROUND, delay=3.0).tool,
        FakeTool("fail", error="out of paper", delay=0.1).tool,
        FakeTool("never", kind=ToolKind.PURE, delay=99.0, timeout=1.0).tool,
        Tool(spec, _tells_its_progress, ToolKind.EFFECTFUL, 9.0),
    ]


def _answers(rng: random.Random) -> Callable[[Context], Answer]:
    """What the model says: something long, some tools, a mark, or that it fails."""
    numbers = iter(range(10**6))

    def answer(context: Context) -> Answer:
        kind = rng.random()
        if kind < 0.35:
            names = rng.sample(["look", "write", "fetch", "fail", "never", "slowly", "unknown"], 2)
            return Answer(tools=tuple(ToolCall(f"c{next(numbers)}", name, {"n": 1}) for name in names))
        if kind < 0.45:
            return Answer("<wait>")
        if kind < 0.55:
            return Answer(LONG, fault=Fail(2))
        return Answer(LONG)

    return answer


def everything(seed: int) -> Bot:
    """The bot. What its services do is made of the seed."""
    rng = random.Random(seed)
    writer = FakeLLM(otherwise="They talked.", ttft=LogNormal(0.5, 4.0, seed=seed))
    start = Context((SystemMessage("Be brief."),))
    turns = Turns(
        start,
        model=FakeTurnModel([rng.random() for _ in range(99)]),
        tools=_tools(rng),
        filler=Filler(("One moment.", "Let me see."), after=0.3),
        budget=Budget(60, summary=writer, keep_turns=1),
        policy=Policy(
            speculate=True,
            judgement=Judgement() if seed % 2 else None,
            reminders=(Reminder(5.0, "Are you still there?"),),
        ),
    )
    llm = WarmLLM(
        otherwise=_answers(rng),
        ttft=LogNormal(0.3, 1.0, seed=seed),
        per_token=LogNormal(0.02, 0.1, seed=seed),
    )
    stt = FakeSTT(
        delay=LogNormal(0.1, 0.5, seed=seed),
        partial_every=0.1,
        gated=seed % 3 > 0,
        fault=Fail(3) if seed % 5 == 0 else None,
    )
    tts = FakeTTS(per_piece=0.05, faults={4: Fail(2)})

    def bot(session: Session) -> Pipeline:
        asyncio.get_running_loop().call_at(
            4.0, session.receive, InputTransportMessageFrame({"about": ["settings", seed]})
        )
        pictures = SyncParallelPipeline(tts, Painter(rng))
        before = [session.transport.input(), FakeVAD(), stt, Keys()]
        return Pipeline([*before, turns, llm, Scenes(), pictures, session.transport.output()])

    return bot


def script(seed: int) -> list[Step]:
    """What the caller does."""
    rng = random.Random(seed)

    def step(number: int) -> Step:
        when = after(rng.choice([0.1, 0.8, 2.5, 6.0]) * rng.uniform(0.5, 1.5))
        kinds: list[Step] = [
            Say(f"Tell me about number {number}, please, and all about it.", when),
            Say("Yes.", when),
            Say("I would like, um", when),
            MakeNoise(0.3, when),
            Type(f"And number {number}?", when),
            Press(str(number % 10), when),
        ]
        return rng.choices(kinds, [4, 1, 1, 1, 1, 1])[0]

    return [step(number) for number in range(7)]
