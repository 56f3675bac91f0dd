"""Speech in ticks of 200 ms, as tau-voice sees a call: who yields, who responds. Pure: lists in, lists out.

The rules are those of `extract_interaction_events` and its kin in tau2-bench
(`src/tau2/metrics/voice_interaction_metrics.py`, metrics version 1.1). A party speaks in a tick when any of
its sound falls in it. A pause that empties no tick does not exist for them, so that one of 0.2 to 0.4 s is
seen or not depending on how it lies. For exact times see `antiphon.testing.metrics`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from antiphon.testing.call_speech import Stretch

TICK_SECONDS = 0.2
YIELD_TICKS = 5
"""Yielding is looked for in the tick in which a signal begins and the four after it."""
RESPONSE_TICKS = 10
"""Responding is looked for until so many ticks after the first in which the signal is over."""

_ROUNDING = 1e-6


def tick_at(seconds: float) -> int:
    """The tick that a moment lies in; one that lies between two belongs to the later."""
    return math.floor(seconds / TICK_SECONDS + _ROUNDING)


def ticks_of(stretches: Iterable[Stretch]) -> list[int]:
    """The ticks that these stretches of sound fall in, in order, each once."""
    spoken: set[int] = set()
    for start, end in stretches:
        spoken.update(range(tick_at(start), _tick_after(end)))
    return sorted(spoken)


def yields(spoken: Iterable[int], start: float) -> bool | None:
    """Whether a party that speaks in these ticks falls silent for a sound that begins at `start` seconds.

    None if it does not speak in the tick in which the sound begins. An answer that ends by itself within the
    window counts as yielding: nobody can tell from the ticks.
    """
    ticks, first = set(spoken), tick_at(start)
    if first not in ticks:
        return None
    return not ticks.issuperset(range(first, first + YIELD_TICKS))


def responds(spoken: Iterable[int], start: float, end: float) -> bool:
    """Whether a party that speaks in these ticks begins to after a sound from `start` to `end` seconds."""
    ticks = set(spoken)
    window = range(tick_at(start), _tick_after(end) + RESPONSE_TICKS + 1)
    return any(tick in ticks and tick - 1 not in ticks for tick in window)


def _tick_after(end: float) -> int:
    """The first tick that is free of a sound which ends then."""
    return math.ceil(end / TICK_SECONDS - _ROUNDING)
