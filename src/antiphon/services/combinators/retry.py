"""`Retry`: asks a service again that failed before it gave anything, after waits that double."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any, TypeVar, overload

from antiphon.context import Context
from antiphon.services.base import LLM, TTS, Audio, ImageMaker, Notice, Picture, ServiceError, WordTiming
from antiphon.services.combinators.attempt import Attempt, label
from antiphon.services.combinators.members import Members, S
from antiphon.services.combinators.patience import Patience
from antiphon.services.combinators.priming import primed
from antiphon.services.combinators.tee import tee
from antiphon.services.judging import Written

T = TypeVar("T")


@overload
def Retry(service: LLM, *, attempts: int = 3, wait: float = 0.2) -> RetryLLM: ...
@overload
def Retry(service: TTS, *, attempts: int = 3, wait: float = 0.2) -> RetryTTS: ...
@overload
def Retry(service: ImageMaker, *, attempts: int = 3, wait: float = 0.2) -> RetryImages: ...


def Retry(service: Any, *, attempts: int = 3, wait: float = 0.2) -> Any:
    """The service, asked up to `attempts` times, `wait` seconds apart, then twice as many, and so on.

    Only failures count that are not fatal and come before the first result; each is told. A recogniser needs
    none: its host starts it anew. Raises TypeError for it, and ValueError without an attempt.
    """
    if isinstance(service, LLM):
        return RetryLLM(service, attempts, wait)
    if isinstance(service, TTS):
        return RetryTTS(service, attempts, wait)
    if isinstance(service, ImageMaker):
        return RetryImages(service, attempts, wait)
    raise TypeError(
        f"Retry takes a language model, a voice or an image maker, not {type(service).__name__}: "
        "a recogniser is started anew by its host."
    )


class _Retry(Members[S]):
    def __init__(self, service: S, attempts: int, wait: float) -> None:
        super().__init__([service])
        if attempts < 1 or wait < 0:
            raise ValueError("attempts must be 1 or more, and wait not negative.")
        self.attempts = attempts
        self.wait = wait

    async def _try(self, call: Callable[[S], AsyncIterator[T]]) -> AsyncGenerator[T | Notice, None]:
        (service,) = self.services
        for number in range(1, self.attempts + 1):
            attempt = Attempt(call(service), Patience(None, ""))
            try:
                async with aclosing(attempt.items()) as items:
                    async for item in items:
                        yield item
                return
            except ServiceError as error:
                if attempt.began or error.fatal or number == self.attempts:
                    raise
                notice = Notice(f"{label(service)} failed and is asked again: {error}")
            yield notice
            await asyncio.sleep(self.wait * 2 ** (number - 1))


class RetryLLM(_Retry[LLM]):
    """An LLM service; see `Retry`."""

    def generate(self, context: Context) -> AsyncGenerator[Written, None]:
        return self._try(lambda model: model.generate(context))

    async def prime(self, context: Context) -> None:
        await primed(self.services[0], context)


class RetryTTS(_Retry[TTS]):
    """A TTS service; see `Retry`."""

    async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Audio | WordTiming | Notice, None]:
        async with tee(text) as texts, aclosing(self._try(lambda v: v.speak(texts.reader()))) as items:
            async for item in items:
                yield item


class RetryImages(_Retry[ImageMaker]):
    """An ImageMaker; see `Retry`."""

    def draw(self, prompt: str) -> AsyncGenerator[Picture | Notice, None]:
        return self._try(lambda maker: maker.draw(prompt))
