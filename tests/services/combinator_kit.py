"""What the tests of combinators share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

from antiphon.context import Context, UserMessage
from antiphon.services.base import LLM, TTS, Audio, Notice, TextDelta, WordTiming
from antiphon.testing import Answer, Fail, FakeLLM, decode

T = TypeVar("T")

QUESTION = Context().append(UserMessage.of("Hello?"))


def broken(at: int = 0, *, message: str = "out of order", fatal: bool = False) -> FakeLLM:
    """A model that fails at this token of every answer."""
    return FakeLLM(otherwise=Answer("one two three", fault=Fail(at, message, fatal=fatal)))


async def given(items: Iterable[T]) -> AsyncIterator[T]:
    for item in items:
        yield item


async def drained(items: AsyncIterator[T]) -> list[T]:
    return [item async for item in items]


async def answer(model: LLM) -> tuple[str, list[str]]:
    """What a model answers, and what it tells beside it."""
    items = await drained(model.generate(QUESTION))
    text = "".join(item.text for item in items if isinstance(item, TextDelta))
    return text, [item.text for item in items if isinstance(item, Notice)]


async def said(voice: TTS, *texts: str) -> tuple[list[str], list[WordTiming], list[str]]:
    """The words that are in the sound of a voice, their times, and what it tells beside them."""
    items = await drained(voice.speak(given(texts)))
    sound = [item for item in items if isinstance(item, Audio)]
    timings = [item for item in items if isinstance(item, WordTiming)]
    return words_in(sound), timings, [item.text for item in items if isinstance(item, Notice)]


def words_in(sound: Iterable[Audio]) -> list[str]:
    """The words that can be heard, whole or not."""
    pieces = list(sound)
    if not pieces:
        return []
    return [word.text for word in decode(b"".join(piece.pcm for piece in pieces), pieces[0].rate)]


def now() -> float:
    return asyncio.get_running_loop().time()
