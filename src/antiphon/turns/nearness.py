"""Is a sound from afar? Learns how loud this user is, and takes what is much quieter for somebody else. Pure.

What is said to others in the room usually comes with the head turned away or a hand over the microphone, and
the bot's own voice comes back from a loudspeaker quieter than the user is. How loud a person is at the
microphone differs by tens of dB between people and devices, so it is learned from the turns of this one.

The limits: words for somebody else at full voice are near, and a short word for the bot with the head turned
away is far. A line whose level is controlled automatically makes everything equally loud, and nothing far.
"""

from __future__ import annotations

import statistics

import msgspec

Levels = tuple[float, ...]
"""How loud the last turns were, in dBFS (RMS), the latest last."""


class Nearness(msgspec.Struct, frozen=True):
    """What is `quieter` by so many dB than the median of the last `kept` turns is from afar.

    Somebody who has walked away from the microphone gets through: after so many `words` that say something,
    or so many seconds of `speech`, and their new level counts from then on. Turns of less than `least`
    seconds teach nothing; before the first one, nothing is from afar.
    """

    quieter: float = 9.0
    words: int = 8
    speech: float = 3.0
    least: float = 0.3
    kept: int = 5

    def far(self, known: Levels, level: float | None) -> bool:
        """Whether a sound of this level (dBFS, None: not measured) is from afar."""
        return bool(known) and level is not None and level <= statistics.median(known) - self.quieter

    def insists(self, words: int, seconds: float) -> bool:
        """Whether somebody who has said so many telling words, for so long, means the bot after all."""
        return words >= self.words or seconds >= self.speech - 1e-6

    def learn(self, known: Levels, level: float | None, seconds: float) -> Levels:
        """The levels with that of one more turn, `seconds` long."""
        if level is None or seconds < self.least:
            return known
        return (*known, level)[-self.kept :]
