"""A recogniser with reserves: the next one hears again what the one that failed had not answered."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Container, Sequence
from contextlib import aclosing

from antiphon.services.base import STT, Audio, EndTurn, Flush, ServiceError, Transcript
from antiphon.services.combinators.attempt import label
from antiphon.services.combinators.fallback_base import FallbackBase
from antiphon.services.combinators.patience import Patience
from antiphon.services.resumable import resumable
from antiphon.services.unanswered import SpeechItem, Unanswered
from antiphon.services.unbroken import Recognised, Retelling, is_gated, kept_for, listen

STT_PATIENCE = 2.5
"""Seconds from a Flush to its final result: less than a turn is waited for."""


class FallbackSTT(FallbackBase[STT]):
    """An STT service. One that breaks off, or does not answer a Flush in time, is followed by the next.

    One that was preferred is listened to again at the beginning of a turn after its rest, so no turn is torn.
    It is `gated` if one of them is.
    """

    def __init__(self, services: Sequence[STT], *, rest: float, patience: float | None = None) -> None:
        super().__init__(services, rest=rest, patience=STT_PATIENCE if patience is None else patience)
        self.gated = any(is_gated(stt) for stt in services)

    async def transcribe(self, audio: AsyncIterable[SpeechItem]) -> AsyncGenerator[Recognised, None]:
        """Listen with the first recogniser that can. Raises when all have failed in a row."""
        unanswered, failed = kept_for(self.gated), set[int]()
        async with resumable(audio) as source:
            while True:
                for notice in self._news():
                    yield notice
                stream = _Stream(self, self.choose(failed), source, unanswered, failed)
                try:
                    async with aclosing(stream.items()) as items:
                        async for item in items:
                            yield item
                    if not stream.left:
                        return
                except Exception as error:
                    self._failed(stream.number, error)
                    failed.add(stream.number)
                    if len(failed) == len(self.services):
                        raise self._softened(error) from None
                    self._untold.append(self._notice(stream.number, error, self.choose(failed)))

    def choose(self, failed: Container[int]) -> int:
        """The one to listen to now, of those that have not failed since the last final result."""
        return next(number for number in self.reserves.order(self._now()) if number not in failed)

    def has_other(self, number: int) -> bool:
        """Whether there is another that does not rest."""
        return any(each != number and not self._rests(each) for each in range(len(self.services)))


class _Stream:
    """One stream of one recogniser. It is left at the beginning of a turn when another is preferred."""

    def __init__(
        self,
        owner: FallbackSTT,
        number: int,
        source: AsyncIterator[SpeechItem],
        unanswered: Unanswered,
        failed: set[int],
    ) -> None:
        self.number = number
        self.left = False
        self._owner = owner
        self._failed = failed
        self._unanswered = unanswered
        self._audio = Retelling(source, unanswered)
        self._patience = Patience(owner.patience, label(owner.services[number]))
        self._between_turns = False

    async def items(self) -> AsyncGenerator[Recognised, None]:
        stt = self._owner.services[self.number]
        async with aclosing(listen(stt, self, self._unanswered)) as items:
            self._expect()
            while (item := await self._next(items)) is not None:
                if isinstance(item, Transcript) and item.final:
                    self._answered()
                yield item

    def __aiter__(self) -> _Stream:
        return self

    async def __anext__(self) -> SpeechItem:
        """What the recogniser is given."""
        if self.left:
            raise StopAsyncIteration
        item = await anext(self._audio)
        match item:
            case Audio():
                if self._between_turns:
                    self._begin_turn()
            case Flush():
                self._expect()
            case EndTurn():
                self._between_turns = self._unanswered.nothing
        return item

    async def _next(self, items: AsyncIterator[Recognised]) -> Recognised | None:
        try:
            return await self._patience.next(items)
        except ServiceError:
            if self.left:
                return None
            raise

    def _expect(self) -> None:
        """A result is due, if somebody else could give it."""
        if self._unanswered.waiting and self._owner.has_other(self.number):
            self._patience.begin()

    def _answered(self) -> None:
        self._owner.reserves.worked(self.number)
        self._failed.clear()
        self._patience.end()
        self._expect()
        self._between_turns = self._unanswered.nothing

    def _begin_turn(self) -> None:
        """The first sound of a turn: it is kept, so whoever is preferred hears it."""
        self._between_turns = False
        if self._owner.choose(self._failed) != self.number:
            self.left = True
            self._patience.exhaust()
            raise StopAsyncIteration
