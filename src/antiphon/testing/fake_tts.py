"""A voice that says its text in tagged audio, so that a recording tells what of it was heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Iterator, Mapping

from antiphon.services.base import Audio, WordTiming
from antiphon.testing.delays import Delay, seconds
from antiphon.testing.scripted import Fault, Scripted, misbehave, unused_delays
from antiphon.testing.tagged import CHARACTERS_PER_SECOND, Utterance


class FakeTTS(Scripted):
    """A TTS service. `ttfa` is the time to the first audio of each text, `per_piece` that of later pieces.

    `timings` says whether it tells when each word is spoken: each before the piece in which it begins. Sound
    comes in pieces of `piece` seconds. `faults` maps the number of a text (the first is 0) to what goes wrong
    with it, counted in pieces.
    """

    def __init__(
        self,
        *,
        characters_per_second: float = CHARACTERS_PER_SECOND,
        ttfa: Delay = 0.1,
        per_piece: Delay = 0.0,
        piece: float = 0.1,
        timings: bool = True,
        rate: int = 24000,
        faults: Mapping[int, Fault] | None = None,
    ) -> None:
        self.said: list[str] = []
        self.closed_early = 0
        self._speed = characters_per_second
        self._ttfa = ttfa
        self._per_piece = per_piece
        self._piece = piece
        self._timings = timings
        self._rate = rate
        self._faults = dict(faults or {})

    async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Audio | WordTiming, None]:
        """Say each text. Times of words count from the first sample of this call."""
        begin, over = 0.0, False
        try:
            async for item in text:
                number = len(self.said)
                self.said.append(item)
                utterance = Utterance(
                    item, seconds=len(item) / self._speed, rate=self._rate, id=number % 32768
                )
                fault, count = self._faults.pop(number, None), 0
                timings = [WordTiming(*span) for span in utterance.spans] if self._timings else []
                for audio in self._cut(utterance):
                    await self._synthesise(fault, count)
                    count += 1
                    while timings and timings[0].start < count * self._piece:
                        timing = timings.pop(0)
                        yield WordTiming(timing.word, begin + timing.start, begin + timing.end)
                    yield audio
                await misbehave(fault, count)
                begin += utterance.seconds
            over = True
        finally:
            self.closed_early += not over

    async def _synthesise(self, fault: Fault | None, number: int) -> None:
        """Take the time that this piece takes, or go wrong."""
        await misbehave(fault, number)
        await asyncio.sleep(seconds(self._per_piece if number else self._ttfa))

    def _cut(self, utterance: Utterance) -> Iterator[Audio]:
        pcm, step = utterance.pcm, 2 * max(1, round(self._piece * self._rate))
        for start in range(0, len(pcm), step):
            yield Audio(pcm[start : start + step], self._rate)

    def unused(self) -> list[str]:
        left = [f"{fault} at text {number} never happened" for number, fault in self._faults.items()]
        return left + unused_delays(self._ttfa, self._per_piece)
