"""The local language model: the service around a scripted engine, and (slow) the real one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import pytest

from antiphon.context import AssistantMessage, Context, ImagePart, ToolCall, UserMessage
from antiphon.models import ModelError, missing
from antiphon.services.base import LLM, ServiceError, TextDelta, Usage, Warmable
from antiphon.services.local.llama import Llama
from antiphon.services.local.llama_engine import Chunk, EngineSettings, OnChunk
from antiphon.services.local.slots import Slots

CONTEXT = Context.of("Be brief.").append(UserMessage.of("Hi."))
Item = TextDelta | ToolCall | Usage


def delta(finish: str | None = None, **content: Any) -> Chunk:
    return {"choices": [{"index": 0, "delta": content, "finish_reason": finish}]}


class ScriptedEngine:
    """Answers every request with `chunks`; with `endless` it repeats them until it is told to stop."""

    def __init__(self, *chunks: Chunk, endless: bool = False, fails: str = "", slots: int = 2) -> None:
        self.pool = ThreadPoolExecutor(2 * slots)
        self.slots = Slots(slots)
        self.chunks = chunks
        self.endless = endless
        self.fails = fails
        self.requests: list[dict[str, Any]] = []
        self.running = 0
        self.entered = threading.Event()

    def chat(self, request: dict[str, Any], on_chunk: OnChunk) -> None:
        self.requests.append(request)
        self.running += 1
        self.entered.set()
        try:
            while not any(on_chunk(chunk) for chunk in self.chunks) and self.endless:
                pass
            if self.fails:
                raise ServiceError(self.fails)
        finally:
            self.running -= 1


@pytest.fixture
def gguf(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF" + bytes(64))
    return path


async def answer(llm: Llama, context: Context = CONTEXT) -> list[Item]:
    return [item async for item in llm.generate(context)]


def ask(gguf: Path, engine: ScriptedEngine, context: Context = CONTEXT, **options: Any) -> list[Item]:
    return asyncio.run(answer(Llama(gguf, load=lambda _: engine, **options), context))


HELLO = (delta(role="assistant", content=None), delta(content="Hel"), delta(content="lo."), delta("stop"))


def test_it_fits_the_protocols() -> None:
    assert isinstance(Llama(), LLM)
    assert isinstance(Llama(), Warmable)


def test_text_in_order_then_usage(gguf: Path) -> None:
    words = [delta(content=f"{number} ") for number in range(200)]
    usage: Chunk = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 200}}
    items = ask(gguf, ScriptedEngine(*words, delta("stop"), usage))
    assert items == [*(TextDelta(f"{number} ") for number in range(200)), Usage(3, 200)]


def test_the_request(gguf: Path) -> None:
    engine = ScriptedEngine(*HELLO)
    ask(gguf, engine, max_tokens=40, temperature=0.0)
    (request,) = engine.requests
    assert request["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi."},
    ]
    assert (request["max_tokens"], request["temperature"], request["cache_prompt"]) == (40, 0.0, True)


def test_settings_reach_the_engine(gguf: Path) -> None:
    asked: list[EngineSettings] = []

    def load(settings: EngineSettings) -> ScriptedEngine:
        asked.append(settings)
        return ScriptedEngine(*HELLO)

    llm = Llama(gguf, context_tokens=512, slots=3, threads=1, load=load)
    asyncio.run(answer(llm))
    asyncio.run(answer(llm))
    assert asked == [EngineSettings(gguf, 512, 3, 1)]


def test_a_model_that_says_nothing_ends_normally(gguf: Path) -> None:
    assert ask(gguf, ScriptedEngine(delta("stop"))) == []


def test_an_engines_error_is_raised(gguf: Path) -> None:
    with pytest.raises(ServiceError, match="no pictures"):
        ask(gguf, ScriptedEngine(fails="no pictures"))


def test_a_conversation_that_is_too_long_says_what_to_do(gguf: Path) -> None:
    error = {"type": "exceed_context_size_error", "n_prompt_tokens": 6031, "n_ctx": 2048}
    with pytest.raises(ServiceError, match=r"6031 tokens.*2048.*context_tokens"):
        ask(gguf, ScriptedEngine({"error": error}))


def test_closing_stops_the_model_and_waits_for_it(gguf: Path) -> None:
    engine = ScriptedEngine(delta(content="on and "), endless=True)

    async def run() -> None:
        stream = cast("AsyncGenerator[Item]", Llama(gguf, load=lambda _: engine).generate(CONTEXT))
        async with aclosing(stream):
            assert await anext(stream) == TextDelta("on and ")
        assert engine.running == 0
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(run())


def test_cancelling_the_reader_stops_the_model(gguf: Path) -> None:
    engine = ScriptedEngine(delta(content="on and "), endless=True)

    async def run() -> None:
        llm = Llama(gguf, load=lambda _: engine)
        reader = asyncio.create_task(answer(llm))
        await asyncio.to_thread(engine.entered.wait)
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
        assert engine.running == 0

    asyncio.run(run())


def test_warming_up_reads_the_beginning_in_every_slot_and_answers_nothing(gguf: Path) -> None:
    engine = ScriptedEngine(*HELLO)
    asyncio.run(Llama(gguf, load=lambda _: engine).warm(Context.of("Be brief.")))
    assert [(request["id_slot"], request["max_tokens"]) for request in engine.requests] == [(0, 0), (1, 0)]


def test_an_answer_follows_its_priming_into_the_same_slot(gguf: Path) -> None:
    engine = ScriptedEngine(*HELLO)

    async def run() -> None:
        llm = Llama(gguf, load=lambda _: engine)
        await llm.warm(Context.of("Be brief."))
        await llm.prime(Context.of("Be brief.").append(UserMessage.of("I would like to book")))
        await answer(llm, Context.of("Be brief.").append(UserMessage.of("What is the time?")))
        await answer(llm, Context.of("Be brief.").append(UserMessage.of("I would like to book a table.")))

    asyncio.run(run())
    primed, other, answered = (request["id_slot"] for request in engine.requests[2:])
    assert answered == primed != other


def test_a_missing_model_is_named() -> None:
    with pytest.raises(ModelError, match="qwen9"):
        asyncio.run(answer(Llama("qwen9")))


real = pytest.mark.skipif(bool(missing(["smollm2-135m-instruct"])), reason="the model is not on this machine")


def with_real(run: Callable[[Llama], Coroutine[Any, Any, None]]) -> None:
    pytest.importorskip("xllamacpp")
    llm = Llama("smollm2-135m-instruct", temperature=0.0, max_tokens=16, context_tokens=512, threads=1)
    asyncio.run(run(llm))


@real
@pytest.mark.slow
@pytest.mark.alone
def test_the_real_model_answers_and_remembers() -> None:
    async def run(llm: Llama) -> None:
        context = Context.of("You are a helpful voice bot. Answer in one sentence.")
        await llm.warm(context)
        asked = context.append(UserMessage.of("What is the capital of Australia?"))
        items = await answer(llm, asked)
        text = "".join(item.text for item in items if isinstance(item, TextDelta))
        assert "Canberra" in text
        (first,) = [item for item in items if isinstance(item, Usage)]
        assert 8 < first.cached_tokens < first.prompt_tokens
        later = asked.append(AssistantMessage(text), UserMessage.of("Thank you!"))
        (second,) = [item for item in await answer(llm, later) if isinstance(item, Usage)]
        assert second.cached_tokens >= first.prompt_tokens - 2

    with_real(run)


@real
@pytest.mark.slow
@pytest.mark.alone
def test_priming_leaves_little_to_read() -> None:
    async def run(llm: Llama) -> None:
        words = "I would like to book a table for two tomorrow night"
        await llm.prime(Context((UserMessage.of(words[:38]),)))
        items = await answer(llm, Context((UserMessage.of(words),)))
        (usage,) = [item for item in items if isinstance(item, Usage)]
        assert usage.prompt_tokens - usage.cached_tokens < 12

    with_real(run)


@real
@pytest.mark.slow
@pytest.mark.alone
def test_the_real_model_stops_while_reading_and_while_writing() -> None:
    async def run(llm: Llama) -> None:
        await llm.warm()
        reading = asyncio.create_task(llm.prime(Context((UserMessage.of("one two three " * 120),))))
        await asyncio.sleep(0.05)
        reading.cancel()
        stream = cast("AsyncGenerator[Item]", llm.generate(CONTEXT))
        async with aclosing(stream):
            await anext(stream)
        assert threading.active_count() < 20
        assert await answer(llm)

    with_real(run)


@real
@pytest.mark.slow
@pytest.mark.alone
def test_four_conversations_share_two_slots() -> None:
    async def run(llm: Llama) -> None:
        contexts = [Context((UserMessage.of(f"Say {number}."),)) for number in range(4)]
        assert all(await asyncio.gather(*(answer(llm, context) for context in contexts)))

    with_real(run)


@real
@pytest.mark.slow
@pytest.mark.alone
def test_what_the_real_model_cannot_do_is_said_in_words() -> None:
    async def run(llm: Llama) -> None:
        with pytest.raises(ServiceError, match="context_tokens"):
            await answer(llm, Context((UserMessage.of("word " * 2000),)))
        with pytest.raises(ServiceError, match="image"):
            await answer(llm, Context((UserMessage((ImagePart(data=b"x"),)),)))
        assert await answer(llm, Context((UserMessage.of("a\ud800b \x00 日本"),)))

    with_real(run)


@pytest.mark.slow
@pytest.mark.alone
def test_a_file_that_is_no_model(gguf: Path) -> None:
    pytest.importorskip("xllamacpp")
    with pytest.raises(ServiceError, match="cannot be loaded"):
        asyncio.run(answer(Llama(gguf)))
