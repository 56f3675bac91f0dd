"""What to read next of a stream of speech: the pure core of every recogniser that reads whole clips.

Items go in (`feed`), orders come out (`take`), texts go back (`answer`). No I/O, no tasks, no clock: time is
counted in samples.

A segment is the user's turn so far. While it grows, it is read again and again (interim orders). A `Flush`
asks for one final reading of all of it; if the speaker goes on, the next final reading is longer and replaces
the first. `EndTurn` starts the next segment. A segment that reaches the limit is cut at the quietest place
near its end: what is before the cut is read for good, the rest becomes the next segment. So the segments of a
long turn follow each other, and the cost of one reading stays bounded.
"""

from __future__ import annotations

from collections import deque

import msgspec

from antiphon.services.base import Audio, EndTurn, Flush, Transcript
from antiphon.services.local.agreement import stable_prefix
from antiphon.services.local.intake import mono
from antiphon.services.local.loudness import quietest
from antiphon.services.local.segment import Order, Segment

_LEAST_GROWTH = 0.1
"""The share by which a segment grows between interim readings: long ones are read less often, so that a
second of speech costs about the same however long the turn is."""
_CUT_REGION = 4.0
_CUT_WINDOW = 0.1


class _Reading(msgspec.Struct, frozen=True):
    segment: int
    loud: int
    text: str


class Segmenter:
    """Decides what is read when. `partial_every` and `limit` in seconds of sound; `limit` is 5 or more.

    Interim readings come every `partial_every` seconds, and in a long segment every tenth of its length.
    """

    def __init__(
        self, *, partial_every: float = 0.5, limit: float = 25.0, language: str | None = None
    ) -> None:
        if partial_every <= 0 or limit < 5:
            raise ValueError("partial_every must be above zero and limit at least 5 seconds")
        self._partial_every = partial_every
        self._limit = limit
        self._language = language
        self._segment = Segment(0)
        self._finals: deque[Order] = deque()
        self._latest: _Reading | None = None

    @property
    def backlog(self) -> int:
        """Final orders that nobody has taken."""
        return len(self._finals)

    def feed(self, item: Audio | Flush | EndTurn) -> None:
        """Take in the next item. Raises `ServiceError` for audio that is not whole samples."""
        match item:
            case Audio():
                self._segment.append(mono(item), item.rate)
                while self._segment.seconds >= self._limit:
                    self._cut()
            case Flush():
                self._finals.append(self._segment.order(final=True))
            case EndTurn():
                self._segment = Segment(self._segment.number + 1)

    def finish(self) -> None:
        """The stream has ended: what was said since the last `Flush` is to be read as well."""
        if self._segment.unanswered:
            self._finals.append(self._segment.order(final=True))

    def take(self) -> Order | None:
        """The next piece of work: the oldest final one, else an interim one if it is due, else nothing."""
        if self._finals:
            return self._with_answer(self._finals.popleft())
        if self._segment.grown(max(self._partial_every, self._segment.seconds * _LEAST_GROWTH)):
            return self._segment.order(final=False)
        return None

    def overtaken(self, order: Order) -> bool:
        """Whether an interim order has become pointless: a final one waits, or its segment is over."""
        return not order.final and (bool(self._finals) or order.segment != self._segment.number)

    def answer(self, order: Order, text: str) -> Transcript | None:
        """What to tell of this reading; None for an interim one that is overtaken or empty."""
        before = self._latest
        self._latest = _Reading(order.segment, order.loud, text)
        if order.final:
            return Transcript(text, True, order.segment, language=self._language)
        if not text or self.overtaken(order):
            return None
        earlier = before.text if before is not None and before.segment == order.segment else ""
        return Transcript(text, False, order.segment, stable_prefix(earlier, text), self._language)

    def _cut(self) -> None:
        pcm, rate = self._segment.pcm(), self._segment.rate
        end, region = round(self._limit * rate), round(_CUT_REGION * rate)
        cut = end - region + quietest(pcm[end - region : end], round(_CUT_WINDOW * rate))
        head, self._segment = self._segment.cut(cut)
        self._finals.append(head.order(final=True))

    def _with_answer(self, order: Order) -> Order:
        """The order with its answer, if it needs no reading or nothing but silence came since the latest."""
        if not order.readable:
            return msgspec.structs.replace(order, known="")
        latest = self._latest
        if latest is not None and (latest.segment, latest.loud) == (order.segment, order.loud):
            return msgspec.structs.replace(order, known=latest.text)
        return order
