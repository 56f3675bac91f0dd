"""What a recogniser has taken in and not yet answered for good. Pure.

When its stream breaks off, another stream is given this first, so that no word is lost. What is kept is the
turn that is going on, from its beginning, and those before it that still wait for a final result. Pieces of
sound are kept as they came, none is copied.
"""

from __future__ import annotations

from collections import deque

import msgspec

from antiphon.services.base import Audio, EndTurn, Flush, Transcript

KEPT_SECONDS = 30.0
"""How much sound is kept at most."""

FRESH_SECONDS = 10.0
"""The same while nothing has been asked or heard since the last turn: probably nobody speaks."""

_SLACK_SECONDS = 1.0
"""What is too much is dropped a second at a time: `take` is called for every packet of every call."""

MOST_WAITING = 256
"""How many Flushes may wait for a result; beyond that the oldest will not be asked again."""

SpeechItem = Audio | Flush | EndTurn
"""What a recogniser is given."""


class _Answered(msgspec.Struct, frozen=True):
    """Stands where a Flush was that has been answered by the final result with this number."""

    number: int


class Unanswered:
    """Remembers the items that a stream takes, and numbers the segments of one stream after the other.

    With more than `seconds` of sound the oldest is dropped: first what already has a final result, then,
    counted in `lost`, what has none. `fresh` is the limit before anything was heard of a turn.
    """

    def __init__(self, seconds: float = KEPT_SECONDS, fresh: float = FRESH_SECONDS) -> None:
        self.lost = 0.0
        """Seconds of sound without a result that were dropped since the turn began."""
        self._seconds = seconds
        self._fresh = min(fresh, seconds)
        self._items: deque[SpeechItem | _Answered] = deque()
        self._bytes = 0
        self._room = 0
        self._first = 0
        self._settled = -1
        self._lowest: int | None = None
        self._next = 0

    def take(self, item: SpeechItem) -> None:
        """The stream has taken this."""
        self._items.append(item)
        if isinstance(item, Audio):
            self._bytes += len(item.pcm)
            if self._bytes > self._room:
                self._trim(item)
        elif isinstance(item, Flush):
            if self.waiting > MOST_WAITING:
                self._items.remove(item)
        else:
            self._forget_turns(self._next - 1)

    def heard(self, transcript: Transcript) -> Transcript:
        """The stream has given this. Returns it with a segment number that counts on over all streams.

        A final one answers the first Flush that waits.
        """
        number = self._first + transcript.segment
        self._next = max(self._next, number + 1)
        if number > self._settled and (self._lowest is None or number < self._lowest):
            self._lowest = number
        if transcript.final:
            self._answer(number)
        return transcript if not self._first else msgspec.structs.replace(transcript, segment=number)

    def again(self) -> list[SpeechItem]:
        """What a new stream must be given first; its segments replace what they repeat."""
        self._first = self._next if self._lowest is None else self._lowest
        return [item for item in self._items if not isinstance(item, _Answered)]

    def give_up(self) -> float:
        """Forget the sound, but not that it was asked for. Returns how many seconds had no result."""
        seconds = self.lost
        for item in self._items:
            seconds = 0.0 if isinstance(item, _Answered) else seconds
            seconds += item.seconds if isinstance(item, Audio) else 0.0
        self._items = deque(item for item in self._items if isinstance(item, (Flush, EndTurn)))
        self._bytes, self.lost = 0, 0.0
        self._settle(self._next - 1)
        return seconds

    @property
    def waiting(self) -> int:
        """How many times a final result was asked for that has not come."""
        return sum(isinstance(item, Flush) for item in self._items)

    @property
    def nothing(self) -> bool:
        """Whether nothing but sound is kept, and nothing was heard in it."""
        return self._lowest is None and all(isinstance(item, Audio) for item in self._items)

    def _answer(self, number: int) -> None:
        for index, item in enumerate(self._items):
            if isinstance(item, Flush):
                self._items[index] = _Answered(number)
                break
        if number <= self._settled:
            self._drop_answered()
        self._forget_turns(number)

    def _forget_turns(self, number: int) -> None:
        """Drop the turns that are over and wait for nothing; the last of them has this segment number."""
        over = 0
        for count, item in enumerate(self._items, 1):
            if isinstance(item, Flush):
                break
            if isinstance(item, EndTurn):
                over = count
        if over:
            self._drop(over)
            self._settle(number)
            self._room, self.lost = 0, 0.0

    def _settle(self, number: int) -> None:
        """Segments up to this number are never said again."""
        self._settled = max(self._settled, number)
        if self._lowest is not None and self._lowest <= self._settled:
            self._lowest = None

    def _trim(self, latest: Audio) -> None:
        per_second = 2 * latest.channels * latest.rate
        fresh = self.nothing
        limit = int((self._fresh if fresh else self._seconds) * per_second)
        if self._bytes > limit:
            self._drop_answered()
        dropped = self._drop_oldest(self._bytes - limit) if self._bytes > limit else 0
        self.lost += 0.0 if fresh else dropped / per_second
        self._room = limit + int(_SLACK_SECONDS * per_second)

    def _drop_answered(self) -> None:
        """Drop the sound up to the last final result of the first turn: its words are known."""
        known, last = 0, self._settled
        for count, item in enumerate(self._items, 1):
            if isinstance(item, (Flush, EndTurn)):
                break
            if isinstance(item, _Answered):
                known, last = count, item.number
        if known:
            self._drop(known)
            self._settle(last)

    def _drop(self, count: int) -> None:
        for _ in range(count):
            item = self._items.popleft()
            self._bytes -= len(item.pcm) if isinstance(item, Audio) else 0

    def _drop_oldest(self, excess: int) -> int:
        """Drop at least so many bytes of sound, the oldest; what is no sound stays. Returns how many."""
        dropped = 0
        kept: list[SpeechItem | _Answered] = []
        while dropped < excess:
            item = self._items.popleft()
            if isinstance(item, Audio):
                dropped += len(item.pcm)
            else:
                kept.append(item)
        self._items.extendleft(reversed(kept))
        self._bytes -= dropped
        return dropped
