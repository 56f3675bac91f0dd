"""Things a caller says that are not a turn of their own, so that metrics can tell them apart.

To the bot they are speech like any other; it has to find out by itself.
"""

from __future__ import annotations

from antiphon.testing.steps import Say


class GoOn(Say, frozen=True):
    """The same turn goes on after a pause."""


class Backchannel(Say, frozen=True):
    """A sign of listening ("mm-hm"): the bot should go on speaking."""


class Tic(Say, frozen=True):
    """A sound without meaning that has letters ("um"): the bot should not mind it."""


class SideTalk(Say, frozen=True):
    """Words for somebody else in the room: the bot should not mind them. The head is turned away."""

    muffled: bool = True
