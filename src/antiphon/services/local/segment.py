"""The sound of one segment of speech while it grows, and the orders to read it. Pure."""

from __future__ import annotations

import msgspec
import numpy as np

from antiphon.services.local.arrays import Pcm
from antiphon.services.local.intake import resampled
from antiphon.services.local.loudness import loud_samples

SHORTEST = 0.3
"""Seconds of sound below which nothing is read: recognisers invent words there."""
LEAST_LOUD = 0.1
"""Seconds of it that must be louder than near silence, for the same reason."""


class Order(msgspec.Struct, frozen=True, eq=False):
    """A piece of work: read `pcm`, mono at `rate`.

    `loud` counts the samples in it that are not near silence; two orders of one segment with the same count
    differ by silence only. `known` is the answer if it needs no reading.
    """

    segment: int
    pcm: Pcm
    rate: int
    final: bool
    loud: int
    known: str | None = None

    @property
    def readable(self) -> bool:
        """Whether there is enough sound in it to be words."""
        return enough(len(self.pcm), self.loud, self.rate)


def enough(samples: int, loud: int, rate: int) -> bool:
    """Whether so many samples, so many of them louder than near silence, are worth reading."""
    return samples >= SHORTEST * rate and loud >= LEAST_LOUD * rate


class Segment:
    """Segment `number`. Remembers how much of it its orders have held so far."""

    def __init__(self, number: int, rate: int = 16_000) -> None:
        self.number = number
        self.rate = rate
        self._pcm = bytearray()
        self._loud = 0
        self._ordered = 0
        self._ordered_loud = 0
        self._final_loud = 0

    @property
    def seconds(self) -> float:
        return len(self._pcm) / 2 / self.rate

    @property
    def unanswered(self) -> bool:
        """Whether it holds more than silence that no final order has held."""
        return self._loud > self._final_loud

    def grown(self, seconds: float) -> bool:
        """Whether so much sound, not only silence, came since its latest order, and is enough to be words."""
        samples = len(self._pcm) // 2
        new = samples - self._ordered >= seconds * self.rate and self._loud > self._ordered_loud
        return new and enough(samples, self._loud, self.rate)

    def append(self, pcm: Pcm, rate: int) -> None:
        """Add sound. At another rate than so far, what there is is converted to it first."""
        if rate != self.rate:
            self._convert(rate)
        self._pcm += pcm.tobytes()
        self._loud += loud_samples(pcm, rate)

    def pcm(self) -> Pcm:
        """All of it so far, a copy."""
        return np.frombuffer(bytes(self._pcm), np.int16)

    def order(self, *, final: bool) -> Order:
        """An order to read all of it so far."""
        self._ordered, self._ordered_loud = len(self._pcm) // 2, self._loud
        if final:
            self._final_loud = self._loud
        return Order(self.number, self.pcm(), self.rate, final, self._loud)

    def cut(self, at: int) -> tuple[Segment, Segment]:
        """This segment up to sample `at`, and the next one, which holds the rest."""
        pcm = self.pcm()
        head, tail = Segment(self.number, self.rate), Segment(self.number + 1, self.rate)
        head.append(pcm[:at], self.rate)
        tail.append(pcm[at:], self.rate)
        return head, tail

    def _convert(self, rate: int) -> None:
        """Orders made so far count as if they had held none of it: the next one reads all anew."""
        converted = resampled(self.pcm(), self.rate, rate)
        self.rate = rate
        self._pcm = bytearray(converted.tobytes())
        self._loud = loud_samples(converted, rate)
        self._ordered = self._ordered_loud = self._final_loud = 0
