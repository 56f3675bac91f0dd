"""How long a fake takes: a number of seconds, or something that gives one each time it is asked.

Distributions are seeded, so that a test is the same every time.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable

Delay = float | Callable[[], float]
"""Seconds, or a function that says how many this time."""

_P95_SIGMAS = 1.6448536269514722
"""How many standard deviations above the median the 95th percentile of a normal distribution is."""


def seconds(delay: Delay) -> float:
    """How long this time."""
    return delay() if callable(delay) else delay


class LogNormal:
    """Mostly near the median, sometimes much more, as networks and models are. Both in seconds.

    Raises ValueError unless 0 < median <= p95.
    """

    def __init__(self, median: float, p95: float, *, seed: int = 0) -> None:
        if not 0 < median <= p95:
            raise ValueError(f"The median and the 95th percentile must be 0 < {median} <= {p95}.")
        self._mu = math.log(median)
        self._sigma = (math.log(p95) - self._mu) / _P95_SIGMAS
        self._random = random.Random(seed)

    def __call__(self) -> float:
        return self._random.lognormvariate(self._mu, self._sigma)


class Steps:
    """One delay after the other. Asking for more than there are raises AssertionError."""

    def __init__(self, delays: Iterable[float]) -> None:
        self._left = list(delays)
        self.missing = 0
        """How many were asked for beyond the script."""

    @property
    def left(self) -> int:
        """How many have not been used."""
        return len(self._left)

    def __call__(self) -> float:
        if not self._left:
            self.missing += 1
            raise AssertionError("more delays were asked for than the test scripted")
        return self._left.pop(0)
