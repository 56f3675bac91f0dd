"""The interaction metrics that `antiphon simulate` shows, beside what they should be.

The targets hold for scenarios in which nothing is slow and nothing fails (`Scenario.usual`), with final
transcripts after 250 ms (95th percentile 300), first tokens after 300 (600) and first sound after 120 (200).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from rich.table import Table
from rich.text import Text

from antiphon.testing.metrics import together
from antiphon.testing.simulation import Run

Figures = dict[str, float | int | None]


class Row(NamedTuple):
    """A figure by its key in `Metrics.summary`, and the key of the number of events behind it.

    `at_most` or `at_least` is what it should be. Keys that end in `_ms` are milliseconds, the others rates.
    """

    name: str
    key: str
    of: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def target(self) -> str:
        if self.at_most is not None:
            return f"under {self.shown(self.at_most)}"
        return "" if self.at_least is None else f"over {self.shown(self.at_least)}"

    def met(self, value: float | None) -> bool | None:
        """Whether the target is met; None without a target or a value."""
        if value is None or (self.at_most is None and self.at_least is None):
            return None
        return value < self.at_most if self.at_most is not None else value > (self.at_least or 0.0)

    def shown(self, value: float | None) -> str:
        if value is None:
            return "-"
        return f"{value:.0f} ms" if self.key.endswith("_ms") else f"{100 * value:.1f} %"


ROWS = (
    Row("response latency, median", "response_latency_median_ms", "turns", at_most=700),
    Row("response latency, p95", "response_latency_p95_ms", "turns", at_most=1100),
    Row("response rate", "response_rate", "turns"),
    Row("yield latency, median", "yield_latency_median_ms", "interruptions", at_most=300),
    Row("yield latency, p95", "yield_latency_p95_ms", "interruptions", at_most=300),
    Row("yield rate", "yield_rate", "interruptions"),
    Row("interruption rate (bot over user)", "interruption_rate", "user_turns", at_most=0.05),
    Row("selectivity (the answer survives)", "selectivity", "signals", at_least=0.9),
    Row("  backchannels", "selectivity_backchannel", "signals_backchannel"),
    Row("  tics, coughs, noise", "selectivity_tic", "signals_tic"),
    Row("  side talk", "selectivity_side_talk", "signals_side_talk"),
    Row("  pause for them, median", "pause_median_ms", "pauses"),
    Row("  pause for them, p95", "pause_p95_ms", "pauses"),
    Row("selectivity, strict (no tick of silence)", "selectivity_strict", "signals", at_least=0.9),
)


def figures(runs: list[Run]) -> Figures:
    """The metrics of these runs as if they were one call."""
    metrics = together(run.metrics for run in runs)
    return {**metrics.summary(), "user_turns": metrics.user_turns}


def usual(runs: list[Run]) -> list[Run]:
    """The runs in which nothing is slow and nothing fails."""
    return [run for run in runs if run.usual]


def targets(runs: list[Run]) -> dict[str, dict[str, Any]]:
    """Each target: what the figure should be at most or at least, what it is, and whether that is so."""
    found = figures(usual(runs))
    return {
        row.key: {
            "at_most": row.at_most,
            "at_least": row.at_least,
            "value": found.get(row.key),
            "met": row.met(found.get(row.key)),
        }
        for row in ROWS
        if row.target
    }


def metrics_table(runs: list[Run]) -> Table:
    """A row per metric: usual conditions, their target, and all runs with the number of events."""
    ordinary, every = figures(usual(runs)), figures(runs)
    table = Table("metric", header_style="bold", box=None, title="")
    for name in ("usual conditions", "of", "target", "all runs", "of"):
        table.add_column(name, justify="right")
    for row in ROWS:
        if not every.get(row.of):
            continue
        value = ordinary.get(row.key)
        met = row.met(value)
        style = "" if met is None else "green" if met else "bold red"
        table.add_row(
            row.name,
            Text(row.shown(value), style=style),
            str(ordinary.get(row.of) or "-"),
            row.target,
            row.shown(every.get(row.key)),
            str(every[row.of]),
        )
    return table
