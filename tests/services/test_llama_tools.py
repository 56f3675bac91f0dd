"""Tools with the local language model: around a scripted engine, and (slow) measured with the real one."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from antiphon.context import AssistantMessage, Context, ToolCall, ToolMessage, UserMessage
from antiphon.models import missing
from antiphon.services.base import ServiceError, TextDelta, Usage
from antiphon.services.local.llama import Llama
from antiphon.services.local.llama_engine import Chunk, OnChunk
from antiphon.services.local.slots import Slots
from antiphon.services.local.tool_prompt import CALL_BIAS
from antiphon.tools import Toolbox

MODEL = "qwen2.5-coder-0.5b-instruct"


def get_weather(city: str) -> str:
    """Say what the weather is like now.

    Args:
        city: Name of the city.
    """
    return f"sunny in {city}"


def set_timer(minutes: int) -> None:
    """Start a timer.

    Args:
        minutes: How long, in minutes.
    """


def end_call() -> None:
    """Hang up. Use it when the user says goodbye."""


TOOLS = Toolbox([get_weather, set_timer, end_call]).specs
CONTEXT = Context.of("You are a friendly voice bot. Answer in one or two short sentences.", tools=TOOLS)


class WritingEngine:
    """Writes the same text to every request, in small pieces."""

    def __init__(self, text: str, finish: str = "stop") -> None:
        self.pool = ThreadPoolExecutor(2)
        self.slots = Slots(1)
        self.text = text
        self.finish = finish
        self.requests: list[dict[str, Any]] = []

    def chat(self, request: dict[str, Any], on_chunk: OnChunk) -> None:
        self.requests.append(request)
        for start in range(0, len(self.text), 3):
            on_chunk(self._delta(content=self.text[start : start + 3]))
        on_chunk(self._delta(self.finish))

    def _delta(self, finish: str | None = None, **content: Any) -> Chunk:
        return {"choices": [{"index": 0, "delta": content, "finish_reason": finish}]}


async def answer(llm: Llama, context: Context) -> tuple[str, list[ToolCall]]:
    items: list[TextDelta | ToolCall | Usage] = [item async for item in llm.generate(context)]
    words = "".join(item.text for item in items if isinstance(item, TextDelta))
    return words, [item for item in items if isinstance(item, ToolCall)]


def written(tmp_path: Path, engine: WritingEngine, context: Context) -> tuple[str, list[ToolCall]]:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF" + bytes(64))
    llm = Llama(path, slots=1, load=lambda _: engine)
    return asyncio.run(answer(llm, context.append(UserMessage.of("Hi."))))


CALL = '{"name": "get_weather", "arguments": {"city": "Paris"}}'


def test_a_call_in_text_becomes_a_call(tmp_path: Path) -> None:
    engine = WritingEngine(f"Let me see.\n{CALL}")
    words, (call,) = written(tmp_path, engine, CONTEXT)
    assert (words, call.name, call.arguments) == ("Let me see.", "get_weather", {"city": "Paris"})
    (request,) = engine.requests
    assert request["grammar"].startswith("%llguidance")
    assert request["logit_bias"] == [CALL_BIAS]
    assert "get_weather" in request["messages"][0]["content"]


def test_without_tools_text_is_text(tmp_path: Path) -> None:
    engine = WritingEngine(CALL)
    assert written(tmp_path, engine, Context()) == (CALL, [])
    assert "grammar" not in engine.requests[0]


def test_a_call_that_is_cut_off_is_neither_made_nor_spoken(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="in the middle of a tool call: raise max_tokens"):
        written(tmp_path, WritingEngine(CALL[:-5], "length"), CONTEXT)


REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    ("What's the weather in Paris?", "get_weather", {"city": "Paris"}),
    ("Set a timer for ten minutes.", "set_timer", {"minutes": 10}),
    ("Is it raining in Tokyo right now?", "get_weather", {"city": "Tokyo"}),
    ("Can you wake me up in twenty minutes?", "set_timer", {"minutes": 20}),
    ("Okay, that's all, goodbye.", "end_call", {}),
    ("Please hang up now.", "end_call", {}),
]
SMALL_TALK = [
    "Hi, how are you?",
    "What is the capital of Australia?",
    "Tell me a joke.",
    "What is your name?",
    "I had a long day today.",
    "Why is the sky blue?",
]
RESULTS = [
    (ToolCall("c1", "get_weather", {"city": "Paris"}), "sunny, 21 degrees", "21"),
    (ToolCall("c1", "get_weather", {"city": "Oslo"}), "snow, minus 5 degrees", "snow"),
]

real = pytest.mark.skipif(bool(missing([MODEL])), reason="the model is not on this machine")


def real_model() -> Llama:
    pytest.importorskip("xllamacpp")
    return Llama(MODEL, temperature=0.0, max_tokens=80, context_tokens=2048, slots=1)


@real
@pytest.mark.slow
@pytest.mark.alone
def test_how_well_the_real_model_calls(capsys: pytest.CaptureFixture[str]) -> None:
    async def run() -> tuple[int, int, int]:
        llm = real_model()
        named = fitting = needless = 0
        for words, name, arguments in REQUESTS:
            _, calls = await answer(llm, CONTEXT.append(UserMessage.of(words)))
            named += [call.name for call in calls] == [name]
            fitting += [(call.name, call.arguments) for call in calls] == [(name, arguments)]
        for words in SMALL_TALK:
            needless += bool((await answer(llm, CONTEXT.append(UserMessage.of(words))))[1])
        return named, fitting, needless

    named, fitting, needless = asyncio.run(run())
    with capsys.disabled():
        print(f"\n{MODEL}: {named} of 6 calls, {fitting} with the right arguments, {needless} of 6 needless")
    assert named >= 4
    assert fitting >= 4
    assert needless <= 2


@real
@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize(("call", "result", "expected"), RESULTS)
def test_the_real_model_answers_from_a_result(call: ToolCall, result: str, expected: str) -> None:
    context = CONTEXT.append(
        UserMessage.of(f"What's the weather in {call.arguments['city']}?"),
        AssistantMessage("", tool_calls=(call,)),
        ToolMessage(call.id, call.name, result),
    )
    words, calls = asyncio.run(answer(real_model(), context))
    assert expected in words
    assert calls == []
