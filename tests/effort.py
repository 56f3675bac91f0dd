"""How hard a property is tried: fewer examples and seeds in the fast loop, more where there is time.

The environment's HYPOTHESIS_PROFILE says which: `quick` (`make check`, and where nothing is said), `full`
(`make test`) or `thorough` (a night). A property that takes no number of its own is tried with the share of
100 examples. What is asserted is the same under all of them.
"""

from __future__ import annotations

import math
import os

from hypothesis import settings

SHARES = {"quick": 0.25, "full": 1.0, "thorough": 10.0}
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
    """A part of a number, but five at least, if there are as many."""
    return max(min(number, 5), math.ceil(number * of))


def examples(number: int) -> settings:
    """Settings of a property that `number` examples are enough for, if there is time."""
    return settings(max_examples=share(number, SHARES[PROFILE]))


def seeds(number: int) -> range:
    """Seeds of calls made up at random, `number` of them if there is time."""
    return range(share(number, SHARES[PROFILE]))
