"""`Cache`: a voice that says a text it has said before from memory, at once and at no cost.

For greetings, menus and fillers. A text counts as the same only to the letter, in the same voice.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import cast

import msgspec

from antiphon.services.base import TTS, Audio, Notice, WordTiming
from antiphon.services.combinators.members import Members
from antiphon.services.combinators.speech_store import SpeechStore

MAX_BYTES = 32_000_000
"""About ten minutes of speech at 24 kHz."""

Spoken = Audio | WordTiming | Notice


class Cache(Members[TTS]):
    """A TTS service around another, which is given each text in a call of its own.

    `max_bytes` limits what is kept in memory, and in `folder` (which outlives the process) as well; the least
    recently used goes first. `voice` says what makes the voice what it is; by default its class and its
    public settings that are text or numbers, so that a changed setting is another voice. Put it inside a
    `Fallback`, around one voice, not outside, where the reserve's voice would be kept as the first one's.
    """

    def __init__(
        self,
        tts: TTS,
        *,
        max_bytes: int = MAX_BYTES,
        folder: Path | str | None = None,
        voice: str | None = None,
    ) -> None:
        super().__init__([tts])
        if max_bytes < 1:
            raise ValueError("max_bytes must be above zero: without room nothing can be kept.")
        self._voice = voice
        self.hits = 0
        """How many texts were said from memory."""
        self.store = SpeechStore(max_bytes, None if folder is None else Path(folder))

    async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Spoken, None]:
        """Say each text. Only what came to its end is kept. Raises what the voice raises."""
        end = 0.0
        async for piece in text:
            begin = end
            async with aclosing(self._say(piece)) as items:
                async for item in items:
                    end += item.seconds if isinstance(item, Audio) else 0.0
                    yield _later(item, begin)

    async def _say(self, text: str) -> AsyncGenerator[Spoken, None]:
        key = self._key(text)
        speech = await self.store.get(key)
        if speech is not None:
            self.hits += 1
            for item in speech:
                yield item
            return
        said: list[Audio | WordTiming] = []
        (tts,) = self.services
        async with aclosing(cast(AsyncGenerator[Spoken, None], tts.speak(_once(text)))) as items:
            async for item in items:
                if not isinstance(item, Notice):
                    said.append(item)
                yield item
        await self.store.put(key, tuple(said))

    def _key(self, text: str) -> str:
        voice = self._voice if self._voice is not None else _voice_of(self.services[0])
        return hashlib.sha256(f"{voice}\0{text}".encode(errors="surrogatepass")).hexdigest()


def _voice_of(tts: TTS) -> str:
    """The class of a voice, and its public settings that are plain values."""
    plain = {
        name: value
        for name, value in sorted(vars(tts).items())
        if not name.startswith("_") and isinstance(value, str | int | float)
    }
    return f"{type(tts).__module__}.{type(tts).__qualname__} {plain}"


def _later(item: Spoken, seconds: float) -> Spoken:
    """The same, so much later in the sound."""
    if not isinstance(item, WordTiming) or not seconds:
        return item
    return msgspec.structs.replace(item, start=item.start + seconds, end=item.end + seconds)


async def _once(text: str) -> AsyncIterator[str]:
    yield text
