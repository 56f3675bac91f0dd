"""A voice with reserves."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Sequence
from contextlib import aclosing
from typing import cast

from antiphon.services.base import TTS, Audio, Notice, WordTiming
from antiphon.services.combinators.fallback_base import FallbackBase
from antiphon.services.combinators.patience import Patience
from antiphon.services.combinators.said_so_far import SaidSoFar
from antiphon.services.resumable import resumable

TTS_PATIENCE = 3.0
"""Seconds from a text to its first sound."""

Spoken = Audio | WordTiming | Notice
"""What a voice gives."""


class FallbackTTS(FallbackBase[TTS]):
    """A TTS service. One that fails or has given no sound in time is followed by the next.

    One that fails in the middle too: the next goes on with the word in which the sound broke off, or, where
    the voice told no times of words, says the text of this call again from its beginning (`SaidSoFar`).
    """

    def __init__(self, services: Sequence[TTS], *, rest: float, patience: float | None = None) -> None:
        super().__init__(services, rest=rest, patience=TTS_PATIENCE if patience is None else patience)

    async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Spoken, None]:
        """Speak with the first voice that can. Raises what the last one raised."""
        so_far = SaidSoFar()
        async with resumable(text) as source:

            def ask(voice: TTS, patience: Patience) -> AsyncIterator[Spoken]:
                return _speak(voice, _Reading(source, so_far, patience), so_far)

            async with aclosing(self._in_turn(ask, goes_on=True)) as items:
                async for item in items:
                    yield item


async def _speak(voice: TTS, text: AsyncIterable[str], so_far: SaidSoFar) -> AsyncIterator[Spoken]:
    async with aclosing(cast(AsyncGenerator[Spoken, None], voice.speak(text))) as items:
        async for item in items:
            if isinstance(item, Notice):
                yield item
                continue
            for given in so_far.gave(item):
                yield given
    for given in so_far.finish():
        yield given


class _Reading:
    """The text for one voice: what another has taken and not said, then the rest.

    While the voice waits for text, no sound is due.
    """

    def __init__(self, source: AsyncIterator[str], so_far: SaidSoFar, patience: Patience) -> None:
        self._source = source
        self._so_far = so_far
        self._patience = patience
        self._again = deque(so_far.again())

    def __aiter__(self) -> _Reading:
        return self

    async def __anext__(self) -> str:
        if self._again:
            self._patience.begin()
            return self._again.popleft()
        self._patience.end()
        try:
            text = await anext(self._source)
        finally:
            self._patience.begin()
        self._so_far.texts.append(text)
        return text
