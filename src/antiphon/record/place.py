"""Where a run is: how many frames have crossed links, and how far the output has been filled."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.processor import Processor
from antiphon.record.digest import Crossings
from antiphon.record.records import Place
from antiphon.transports.output import OutputTransport


class Whereabouts:
    """Tells the place of a run at any moment."""

    def __init__(self, crossings: Crossings, parts: Sequence[Processor]) -> None:
        self._crossings = crossings
        self._outputs = [part for part in parts if isinstance(part, OutputTransport)]

    def place(self) -> Place:
        """The place now."""
        return Place(self._crossings.count, sum(output._due for output in self._outputs))
