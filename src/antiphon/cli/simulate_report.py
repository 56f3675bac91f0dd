"""What `antiphon simulate` shows: a row per scenario, the metrics of all, what failed under which seed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from antiphon.cli.simulate_metrics import figures, metrics_table, targets, usual
from antiphon.testing.metrics import percentile
from antiphon.testing.simulation import Run

FAILURES_SHOWN = 10


def as_dict(by_scenario: list[list[Run]], pages: Sequence[Path] = ()) -> dict[str, Any]:
    """Everything as plain values: per scenario (`pages`: its timeline), and the metrics of all."""
    every = [run for runs in by_scenario for run in runs]
    places: list[dict[str, Any]] = [{"timeline": str(page)} for page in pages] or [{} for _ in by_scenario]
    return {
        "passed": all(run.passed for run in every),
        "runs": len(every),
        "seeds": {"first": by_scenario[0][0].seed, "last": by_scenario[0][-1].seed},
        "scenarios": [_scenario(runs) | place for runs, place in zip(by_scenario, places, strict=True)],
        "metrics": figures(every),
        "metrics_usual": figures(usual(every)),
        "targets": targets(every),
    }


def show(by_scenario: list[list[Run]], *, again: list[str], timeline: Path | None = None) -> None:
    """Print it. `again` is what to give the command to run it again, `timeline` where the pages are."""
    console = Console(highlight=False)
    console.print(_table(by_scenario))
    every = [run for runs in by_scenario for run in runs]
    console.print(metrics_table(every))
    console.print(_seeds(by_scenario))
    failed = [run for run in every if not run.passed]
    for run in failed[:FAILURES_SHOWN]:
        console.print(Text(f"{run.scenario}, seed {run.seed}: {'; '.join(run.unmet)}", style="red"))
    if len(failed) > FAILURES_SHOWN:
        console.print(f"... and {len(failed) - FAILURES_SHOWN} more runs that failed")
    if timeline is not None:
        console.print(f"Timeline of the worst run in {timeline}", soft_wrap=True)
    if failed:
        console.print(
            f"Again, the same call: antiphon simulate {' '.join(again)} --seed {failed[0].seed}",
            soft_wrap=True,
        )


def _seeds(by_scenario: list[list[Run]]) -> str:
    seeds = [run.seed for run in by_scenario[0]]
    many = f"seeds {seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else f"seed {seeds[0]}"
    return f"{len(by_scenario)} scenarios under {many}; a seed is the same call again, byte for byte"


def worst(runs: list[Run]) -> Run:
    """The first that failed, else the one with the slowest answer."""
    failed = [run for run in runs if not run.passed]
    return (
        failed[0] if failed else max(runs, key=lambda run: max(run.metrics.response_latencies, default=0.0))
    )


def _scenario(runs: list[Run]) -> dict[str, Any]:
    failed = [run for run in runs if not run.passed]
    bad = worst(runs)
    return {
        "name": runs[0].scenario,
        "passed": not failed,
        "runs": len(runs),
        "failed": {run.seed: list(run.unmet) for run in failed},
        "worst_seed": bad.seed,
        "fingerprint": bad.fingerprint,
        "metrics": figures(runs),
    }


def _table(by_scenario: list[list[Run]]) -> Table:
    table = Table(header_style="bold", box=None)
    table.add_column("scenario", overflow="fold")
    for name in ("", "runs", "worst seed"):
        table.add_column(name)
    table.add_column("fingerprint", no_wrap=True)
    for name in ("answer median", "p95", "worst"):
        table.add_column(f"{name} (ms)" if name == "answer median" else name, justify="right")
    for runs in by_scenario:
        failed = sum(not run.passed for run in runs)
        taken = [seconds for run in runs for seconds in run.metrics.response_latencies]
        bad = worst(runs)
        state = Text(f"{failed} failed", style="bold red") if failed else Text("pass", style="green")
        times = [_ms(percentile(taken, percent)) for percent in (50, 95, 100)]
        row = (str(len(runs)), str(bad.seed), bad.fingerprint)
        table.add_row(runs[0].scenario, state, *row, *times)
    return table


def _ms(seconds: float | None) -> str:
    return "-" if seconds is None else f"{1000 * seconds:.0f}"
