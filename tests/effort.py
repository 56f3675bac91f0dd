"""How hard a property is tried: fewer examples and seeds in the fast loop, more where there is time.

The environment's HYPOTHESIS_PROFILE says which: `quick` (`make check`, and where nothing is said), `full`
(`make test`) or `thorough` (a night). A property that takes no number of its own is tried with the share of
100 examples. What is asserted is the same under all of them.

A property whose calls take long is tried with few under `quick`: it finds there what breaks most calls, and
what breaks one in ten is left to `make test`.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import TypeVar

from hypothesis import settings

T = TypeVar("T")

SHARES = {"quick": 0.15, "full": 1.0, "thorough": 10.0}
LEAST = 3
PROFILE = os.environ.get("HYPOTHESIS_PROFILE") or "quick"


def load_profile() -> None:
    """Make hypothesis follow, without deadlines. Raises InvalidArgument for an unknown profile."""
    for name in SHARES:
        settings.register_profile(
            name,
            max_examples=share(100, SHARES[name]),
            deadline=None,
            derandomize="CI" in os.environ,
            print_blob=True,
        )
    settings.load_profile(PROFILE)


def share(number: int, of: float) -> int:
    """A part of a number, but three at least, if there are as many."""
    return max(min(number, LEAST), math.ceil(number * of))


def examples(number: int) -> settings:
    """Settings of a property that `number` examples are enough for, if there is time."""
    return settings(max_examples=share(number, SHARES[PROFILE]))


def seeds(number: int) -> range:
    """Seeds of calls made up at random, `number` of them if there is time."""
    return range(share(number, SHARES[PROFILE]))


def spread(values: Sequence[T]) -> Sequence[T]:
    """Cases that differ by little: all if there is time, else every third, from the first on."""
    return values[::3] if PROFILE == "quick" else values
