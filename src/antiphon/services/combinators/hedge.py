"""`Hedge`: asks a second service as well when the first is slow, and takes whichever begins first.

It buys a short tail with some requests that are paid for in vain. Where the first service fails, the second
is asked at once; but it is asked anew every time: see `Fallback` for services that are down.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing
from typing import Any, overload

from antiphon.context import Context
from antiphon.services.base import LLM, TTS, Audio, Notice, WordTiming
from antiphon.services.combinators.attempt import label
from antiphon.services.combinators.members import Members, S
from antiphon.services.combinators.priming import primed
from antiphon.services.combinators.race import race
from antiphon.services.combinators.tee import tee
from antiphon.services.judging import Written


@overload
def Hedge(first: LLM, second: LLM, *, after: float = 0.5) -> HedgeLLM: ...
@overload
def Hedge(first: TTS, second: TTS, *, after: float = 0.5) -> HedgeTTS: ...


def Hedge(first: Any, second: Any, *, after: float = 0.5) -> Any:
    """Ask `second` too if `first` has given nothing within `after` seconds of the request.

    The one that first gives something is heard to its end, the other is cancelled. Raises TypeError unless
    both are language models or both are voices, ValueError for a time below zero.
    """
    if isinstance(first, LLM) and isinstance(second, LLM):
        return HedgeLLM(first, second, after)
    if isinstance(first, TTS) and isinstance(second, TTS):
        return HedgeTTS(first, second, after)
    raise TypeError(
        "Hedge takes two language models or two voices, "
        f"not {type(first).__name__} and {type(second).__name__}."
    )


class _Hedge(Members[S]):
    def __init__(self, first: S, second: S, after: float) -> None:
        super().__init__([first, second])
        if after < 0:
            raise ValueError("after must be 0 seconds or more.")
        self.after = after

    @property
    def _labels(self) -> tuple[str, str]:
        first, second = self.services
        return label(first), label(second)


class HedgeLLM(_Hedge[LLM]):
    """An LLM service; see `Hedge`."""

    def generate(self, context: Context) -> AsyncGenerator[Written | Notice, None]:
        """One answer. Raises ServiceError if both fail, or the one fails that has begun."""
        first, second = self.services
        asked = (lambda: first.generate(context), lambda: second.generate(context))
        return race(*asked, after=self.after, labels=self._labels)

    async def prime(self, context: Context) -> None:
        """Only the first one reads ahead."""
        await primed(self.services[0], context)


class HedgeTTS(_Hedge[TTS]):
    """A TTS service; see `Hedge`."""

    async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Audio | WordTiming | Notice, None]:
        """The text in one voice. Raises ServiceError if both fail, or the one fails that has begun."""
        first, second = self.services
        async with tee(text) as texts:
            asked = (lambda: first.speak(texts.reader()), lambda: second.speak(texts.reader()))
            async with aclosing(race(*asked, after=self.after, labels=self._labels)) as items:
                async for item in items:
                    yield item
