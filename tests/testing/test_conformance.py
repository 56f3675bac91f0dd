"""The conformance kit: the fakes pass it, broken services do not, and the services on this machine pass."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Callable
from typing import Any

import pytest

from antiphon.clock import run_virtual
from antiphon.context import Context
from antiphon.services.base import Audio, EndTurn, Flush, ServiceError, TextDelta, Transcript, WordTiming
from antiphon.testing import ConformanceError, FakeLLM, FakeSTT, FakeTTS, check_llm, check_stt, check_tts


def test_the_fakes_conform() -> None:
    assert run_virtual(check_stt(FakeSTT)).cancellations > 0
    assert run_virtual(check_stt(lambda: FakeSTT(gated=False, partial_every=None))).cancellations > 0
    assert run_virtual(check_llm(lambda: FakeLLM(otherwise="Hello to you."))).cancellations > 2
    assert run_virtual(check_tts(FakeTTS)).cancellations > 10
    assert run_virtual(check_tts(lambda: FakeTTS(timings=False, piece=0.0123))).cancellations > 10


class Deaf(FakeSTT):
    """Answers only the first Flush."""

    async def transcribe(
        self, audio: AsyncIterable[Audio | Flush | EndTurn]
    ) -> AsyncGenerator[Transcript, None]:
        answered = False
        async for item in audio:
            if isinstance(item, Flush) and not answered:
                answered = True
                yield Transcript("hm")


class Mumbling(FakeTTS):
    """Gives half samples."""

    async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Audio | WordTiming, None]:
        async for _ in text:
            yield Audio(b"abc", 24000)


class Hasty(FakeTTS):
    """Times a word behind the end of the sound."""

    async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Audio | WordTiming, None]:
        async for item in text:
            yield WordTiming(item, 3.0, 4.0)
            yield Audio(bytes(4800), 24000)


class Messy(FakeLLM):
    """Leaves a task behind."""

    async def generate(self, context: Context) -> AsyncGenerator[Any, None]:
        self.task = asyncio.create_task(asyncio.sleep(1000))
        yield TextDelta("hello")


class Silent(FakeLLM):
    """Says nothing."""

    async def generate(self, context: Context) -> AsyncGenerator[Any, None]:
        return
        yield


class Crashing(FakeLLM):
    """Fails in its own way on an empty context."""

    async def generate(self, context: Context) -> AsyncGenerator[Any, None]:
        yield TextDelta(str(context.messages[0]))


class Stubborn(FakeTTS):
    """Swallows cancellation and goes on."""

    async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Audio | WordTiming, None]:
        async for _ in text:
            try:
                await asyncio.sleep(1)
            except asyncio.CancelledError:
                asyncio.create_task(asyncio.sleep(1000), name="unfinished business")  # noqa: RUF006
                raise
            yield Audio(bytes(4800), 24000)


@pytest.mark.parametrize(
    ("check", "factory", "message"),
    [
        (check_stt, Deaf, "Deaf, one final per flush: gave 1 finals for 2 flushes"),
        (check_tts, Mumbling, "Mumbling, speaks: a piece holds half a sample"),
        (check_tts, Hasty, "Hasty, speaks: .* is behind the end at"),
        (check_tts, Stubborn, "Stubborn, cancelled at every point: left tasks behind: unfinished business"),
        (check_llm, Messy, "Messy, answers: left tasks behind"),
        (check_llm, Silent, "Silent, answers: answered nothing"),
        (check_llm, Crashing, "Crashing, empty context: raised IndexError"),
    ],
)
def test_broken_promises_are_named(
    check: Callable[[Any], Any], factory: Callable[[], Any], message: str
) -> None:
    with pytest.raises(ConformanceError, match=message):
        run_virtual(check(factory))


def _local(name: str, *options: Any, **settings: Any) -> Any:
    """A service of this machine, or a skipped test that says what is missing."""
    from antiphon.services import local

    try:
        service = getattr(local, name)(*options, **settings)
        asyncio.run(service.warm())
    except ServiceError as error:
        pytest.skip(str(error))
    return service


@pytest.mark.slow
@pytest.mark.alone
def test_the_local_recogniser_conforms() -> None:
    moonshine = _local("Moonshine")
    voice = _local("Hibari")
    speech = asyncio.run(_say(voice, "This is a test of hearing."))
    report = asyncio.run(check_stt(lambda: moonshine, speech, points=6))
    assert report.cancellations > 0


@pytest.mark.slow
@pytest.mark.alone
def test_the_local_language_model_conforms() -> None:
    llama = _local("Llama", "smollm2-135m-instruct", max_tokens=16, threads=1)
    assert asyncio.run(check_llm(lambda: llama, points=5)).cancellations > 0


@pytest.mark.slow
@pytest.mark.alone
def test_the_local_voice_conforms() -> None:
    hibari = _local("Hibari")
    assert asyncio.run(check_tts(lambda: hibari, points=8)).cancellations > 0


async def _say(voice: Any, text: str) -> list[Audio]:
    async def once() -> AsyncGenerator[str, None]:
        yield text

    return [item async for item in voice.speak(once()) if isinstance(item, Audio)]
