"""Services that behave, with fixed delays and no models: a detector of loudness, ears, a mind, a voice.

The delays are those of good cloud services: recognition 150 ms after a pause, the first words of the model
after 300 ms, the first sound of the voice after 100 ms.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator

from antiphon.context import Context
from antiphon.services.base import Audio, EndTurn, Flush, TextDelta, Transcript, WordTiming

QUESTION = "what can you tell me about the weather tomorrow"
ANSWER = (
    "It will be mostly sunny in the morning, with a few clouds. In the afternoon the wind turns to the west. "
    "Take a light coat if you stay out late."
)
WORD_SECONDS = 0.3
VOICE_RATE = 24000


class LoudnessVAD:
    """Speech is what is not silent."""

    rate = 16000
    window = 512

    def probability(self, pcm: bytes) -> float:
        return 1.0 if pcm[-1] else 0.0

    def reset(self) -> None:
        """There is nothing to forget."""


class FixedEars:
    """Hears the same question in every pause."""

    async def transcribe(self, audio: AsyncIterable[Audio | Flush | EndTurn]) -> AsyncIterator[Transcript]:
        segment = 0
        async for item in audio:
            if isinstance(item, Flush):
                await asyncio.sleep(0.15)
                yield Transcript(QUESTION, segment=segment)
            elif isinstance(item, EndTurn):
                segment += 1


class FixedMind:
    """Answers the same, fifty words a second, after `thinking` seconds."""

    def __init__(self, thinking: float) -> None:
        self.thinking = thinking

    async def generate(self, context: Context) -> AsyncIterator[TextDelta]:
        await asyncio.sleep(self.thinking)
        for word in ANSWER.split(" "):
            await asyncio.sleep(0.02)
            yield TextDelta(word + " ")


class FixedVoice:
    """Says a word in 0.3 s, in pieces of 100 ms, ten times as fast as it is heard."""

    async def speak(self, text: AsyncIterable[str]) -> AsyncIterator[Audio | WordTiming]:
        await asyncio.sleep(0.09)
        piece = Audio(b"\x00\x10" * (VOICE_RATE // 10), VOICE_RATE)
        async for chunk in text:
            for index, word in enumerate(chunk.split()):
                yield WordTiming(word, index * WORD_SECONDS, (index + 1) * WORD_SECONDS)
                for _ in range(3):
                    await asyncio.sleep(0.01)
                    yield piece
