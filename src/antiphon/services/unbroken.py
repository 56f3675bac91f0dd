"""A recogniser that is started anew when it breaks off, and hears again what it had not answered yet.

Every `STTHost` puts it around its recogniser, so no bot needs to. What it is given anew comes faster than it
was spoken; a service that breaks off over that a second time goes on without it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any, cast

from antiphon.services.base import STT, EndOfTurn, Notice, ServiceError, Transcript, Warmable
from antiphon.services.fulfils import fulfils
from antiphon.services.resumable import resumable
from antiphon.services.settings import apply_settings
from antiphon.services.unanswered import FRESH_SECONDS, KEPT_SECONDS, SpeechItem, Unanswered

WAITS = (0.0, 1.0)
"""Seconds from a break to the next attempt: a connection that was cut is mostly there again at once."""

ATTEMPTS = len(WAITS) + 1
"""It is given up when it breaks off so often without a final result in between."""

_AT_ONCE = 64
"""So many items are repeated before other tasks have their turn."""

Recognised = Transcript | EndOfTurn | Notice
"""What a recogniser gives."""


class Unbroken:
    """An STT service around another. A break is told with a `Notice`.

    `gated` says whether it is given speech only; by default as `stt` says. Raises the ServiceError of a break
    that is fatal, or the last of `ATTEMPTS` in a row.
    """

    def __init__(self, stt: STT, *, gated: bool | None = None) -> None:
        self.stt = stt
        self.gated = is_gated(stt) if gated is None else gated

    async def warm(self) -> None:
        if fulfils(self.stt, Warmable):
            await self.stt.warm()

    def update_settings(self, settings: Mapping[str, Any]) -> None:
        apply_settings(self.stt, settings)

    async def transcribe(self, audio: AsyncIterable[SpeechItem]) -> AsyncGenerator[Recognised, None]:
        """Listen, over as many streams as it takes. Segments are numbered on from one to the next."""
        unanswered, breaks = kept_for(self.gated), 0
        async with resumable(audio) as source:
            while True:
                retelling = Retelling(source, unanswered)
                try:
                    async with aclosing(listen(self.stt, retelling, unanswered)) as items:
                        async for item in items:
                            if isinstance(item, Transcript) and item.final:
                                breaks = 0
                            yield item
                    return
                except ServiceError as error:
                    breaks += 1
                    if error.fatal or breaks >= ATTEMPTS:
                        raise
                    notice = Notice(str(error))
                yield notice
                if loss := _loss(unanswered, in_vain=breaks > 1 and retelling.told):
                    yield Notice(loss)
                await asyncio.sleep(WAITS[breaks - 1])


class Retelling:
    """What a new stream is given: first what no stream has answered yet, then what comes."""

    def __init__(self, source: AsyncIterator[SpeechItem], unanswered: Unanswered) -> None:
        self._source = source
        self._unanswered = unanswered
        self._again = deque(unanswered.again())

    def __aiter__(self) -> Retelling:
        return self

    @property
    def told(self) -> bool:
        """Whether the stream has taken all that was kept."""
        return not self._again

    async def __anext__(self) -> SpeechItem:
        if self._again:
            if not len(self._again) % _AT_ONCE:
                await asyncio.sleep(0)
            return self._again.popleft()
        item = await anext(self._source)
        self._unanswered.take(item)
        return item


async def listen(
    stt: STT, audio: AsyncIterable[SpeechItem], unanswered: Unanswered
) -> AsyncGenerator[Recognised, None]:
    """One stream of a recogniser. What it gives is noted as answered, and numbered."""
    async with aclosing(cast(AsyncGenerator[Recognised, None], stt.transcribe(audio))) as items:
        async for item in items:
            yield unanswered.heard(item) if isinstance(item, Transcript) else item


def is_gated(stt: STT) -> bool:
    """Whether a recogniser wants nothing but speech."""
    return bool(getattr(stt, "gated", False))


def kept_for(gated: bool) -> Unanswered:
    """One that gets only speech needs all of what came before its first result."""
    return Unanswered(fresh=KEPT_SECONDS if gated else FRESH_SECONDS)


def _loss(unanswered: Unanswered, *, in_vain: bool) -> str:
    """What no stream will hear again, as a sentence; empty if that is nothing."""
    if in_vain:
        seconds, reason = unanswered.give_up(), "the recogniser broke off over it twice"
    else:
        seconds, reason = unanswered.lost, f"the recogniser had not answered for {KEPT_SECONDS:g} s"
    unanswered.lost = 0.0
    return f"{seconds:.1f} s of what was said are lost: {reason}" if seconds else ""
