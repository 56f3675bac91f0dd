"""A speech recogniser that reads tags: it can only hear words that are in the audio it was really given."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Sequence

from antiphon.services.base import Audio, EndTurn, Flush, Transcript
from antiphon.testing.delays import Delay, seconds
from antiphon.testing.scripted import Fault, Scripted, misbehave, unused_delays
from antiphon.testing.tagged import TagReader, WordReader


class FakeSTT(Scripted):
    """An STT service: partial results every `partial_every` seconds of sound, one final result per Flush.

    The final one comes `delay` seconds after its Flush and holds the words since the last EndTurn; what comes
    in the meantime waits. `mishear` turns what was said into what is recognised. Faults count final results
    that were asked for; each happens once. `gated` says that it wants speech only, as a real local recogniser
    does. One per session.
    """

    def __init__(
        self,
        *,
        delay: Delay = 0.1,
        partial_every: float | None = 0.2,
        gated: bool = True,
        mishear: Callable[[str], str] = str,
        fault: Fault | Sequence[Fault] | None = None,
    ) -> None:
        self.gated = gated
        self.heard_seconds = 0.0
        self.finals: list[str] = []
        self._delay = delay
        self._partial_every = partial_every
        self._mishear = mishear
        faults = fault if isinstance(fault, Sequence) else [fault] if fault is not None else []
        self._faults = {each.at: each for each in faults}
        self._asked = 0

    async def transcribe(
        self, audio: AsyncIterable[Audio | Flush | EndTurn]
    ) -> AsyncGenerator[Transcript, None]:
        """Listen. Raises ServiceError if the fault says so."""
        segment, ear, partial = 0, _Ear(), 0.0
        async for item in audio:
            match item:
                case Audio():
                    ear.listen(item)
                    length = item.seconds
                    partial += length
                    self.heard_seconds += length
                    if self._partial_every is not None and partial >= self._partial_every:
                        partial = 0.0
                        if words := ear.words:
                            text, stable = " ".join(words), " ".join(words[:-1])
                            yield Transcript(self._mishear(text), False, segment, self._mishear(stable))
                case Flush():
                    yield await self._final(" ".join(ear.words), segment)
                case EndTurn():
                    segment, ear, partial = segment + 1, _Ear(), 0.0

    async def _final(self, said: str, segment: int) -> Transcript:
        await asyncio.sleep(seconds(self._delay))
        number, self._asked = self._asked, self._asked + 1
        await misbehave(self._faults.pop(number, None), number)
        text = self._mishear(said)
        self.finals.append(text)
        return Transcript(text, True, segment, text)

    def unused(self) -> list[str]:
        left = [f"{fault} never happened" for fault in self._faults.values()]
        return left + unused_delays(self._delay)


class _Ear:
    """The words of one segment."""

    def __init__(self) -> None:
        self._blocks = TagReader(0)
        self._words = WordReader(0)
        self._unread: list[bytes] = []

    def listen(self, audio: Audio) -> None:
        if self._blocks.rate != audio.rate:
            self._unread.clear()
            self._blocks, self._words = TagReader(audio.rate), WordReader(audio.rate)
        self._unread.append(audio.pcm)

    @property
    def words(self) -> list[str]:
        """Read when they are asked for: all sound that has come since then at once."""
        self._words.feed(self._blocks.feed(b"".join(self._unread)))
        self._unread.clear()
        return [word.text for word in self._words.words]
