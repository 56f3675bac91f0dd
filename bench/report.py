"""Reports: measurements of several rounds, gathered, summed up and shown side by side."""

from __future__ import annotations

import statistics
import sys
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

PLAIN_WIDTH = 140
"""Columns of a table that goes into a file."""


class Summary(NamedTuple):
    """The median of the rounds, the least and the greatest."""

    median: float
    least: float
    greatest: float
    rounds: int

    @classmethod
    def of(cls, values: list[float]) -> Summary:
        return cls(statistics.median(values), min(values), max(values), len(values))

    def __str__(self) -> str:
        if self.rounds == 1 or self.least == self.greatest:
            return _number(self.median)
        return f"{_number(self.median)} ({_number(self.least)} to {_number(self.greatest)})"


Side = dict[str, Summary]
"""What one side measured, by label."""


class Result(NamedTuple):
    """One benchmark: what it measures, in which unit, on both sides."""

    name: str
    what: str
    unit: str
    ours: Side
    peer: Side

    def as_json(self) -> dict[str, Any]:
        sides = {"antiphon": self.ours, "peer": self.peer}
        return {
            "what": self.what,
            "unit": self.unit,
            **{who: {label: found._asdict() for label, found in side.items()} for who, side in sides.items()},
        }


class Rounds:
    """Gathers the rounds of one side."""

    def __init__(self) -> None:
        self._values: dict[str, list[float]] = defaultdict(list)

    def add(self, found: Mapping[str, float]) -> None:
        """One round."""
        for label, value in found.items():
            self._values[label].append(value)

    def side(self) -> Side:
        return {label: Summary.of(values) for label, values in self._values.items()}


def show(results: list[Result], conditions: Mapping[str, Any], peer: str) -> None:
    """Print a table of everything measured."""
    table = Table(title="median (least to greatest) of alternating rounds", title_justify="left")
    for column in ("benchmark", "unit", "case"):
        table.add_column(column, no_wrap=True)
    table.add_column("Antiphon", justify="right", no_wrap=True)
    table.add_column(peer, justify="right", no_wrap=True)
    for result in results:
        for number, label in enumerate(dict.fromkeys([*result.ours, *result.peer])):
            heading = ("", "") if number else (result.what, result.unit)
            table.add_row(*heading, label, _cell(result.ours, label), _cell(result.peer, label))
        table.add_section()
    console = Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH)
    console.print(table)
    console.print(", ".join(f"{name}: {value}" for name, value in conditions.items()), highlight=False)


def _cell(side: Side, label: str) -> str:
    return str(side[label]) if label in side else ""


def _number(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
