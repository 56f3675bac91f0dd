"""`antiphon simulate`: run scenarios under many seeds, in virtual time, and show how the bot did."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from antiphon.cli.told import EXIT_FAILED, EXIT_MISTAKE, told

if TYPE_CHECKING:
    from antiphon.testing.scenario import Scenario
    from antiphon.testing.simulation import Run

PARALLEL_FROM = 50
"""More runs than this are spread over the processor's cores."""

_CHUNK = 25
"""How many runs a worker is given at a time: runs of one scenario, which say the same."""


class Job(NamedTuple):
    """One run to be made."""

    scenario: Scenario
    seed: int
    bot: Path | None = None
    caller: Path | None = None


def simulate(
    scenarios: Annotated[
        list[Path], typer.Argument(help="Scenario files, or folders that hold *.scenario.toml.")
    ],
    runs: Annotated[int, typer.Option("--runs", min=1, help="How many seeds to run each under.")] = 1,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The first seed; the next ones follow.")] = 0,
    bot: Annotated[
        Path | None, typer.Option("--bot", help="A file with `async def bot(session)` to call instead.")
    ] = None,
    caller: Annotated[
        Path | None,
        typer.Option(
            "--caller",
            help="A file with `def caller()`: the language model that plays personas, no two calls alike.",
        ),
    ] = None,
    timeline: Annotated[
        Path | None,
        typer.Option(
            "--timeline",
            help="Write the worst run as one HTML page to this file; of several scenarios, into this folder.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Simulate callers, in virtual time, and check what comes of each call.

    Examples: `antiphon simulate tests/scenarios`, `antiphon simulate mm-hm.scenario.toml --runs 1000`,
    `antiphon simulate mm-hm.scenario.toml --seed 417 --timeline call.html`

    The proof, on all cores, in minutes: `antiphon simulate tests/scenarios/core --runs 1000`. For every
    commit a few seeds are enough (`--runs 5`, or `pytest --scenario-seeds 3`).

    A seed decides every delay, every lost packet and the order of ready tasks: the same seed is the same
    call, byte for byte. Exits with 1 if a run is not as expected.
    """
    with told():
        loaded = _load(scenarios, bot, caller)
        pages = [] if timeline is None else _pages(timeline, loaded)
        jobs = [Job(each, seed + n, bot, caller) for each in loaded for n in range(runs)]
        made = list(_watched(run_jobs(jobs), len(jobs)))
        by_scenario = [made[n * runs : (n + 1) * runs] for n in range(len(loaded))]
        if pages:
            from antiphon.cli.simulate_timeline import write_pages

            write_pages(pages, loaded, by_scenario, bot, caller)
    _tell(by_scenario, pages, scenarios, timeline, as_json=as_json)
    raise typer.Exit(0 if all(run.passed for run in made) else EXIT_FAILED)


def _load(paths: list[Path], bot: Path | None, caller: Path | None) -> list[Scenario]:
    """The scenarios. The bot and the caller are loaded as well, so that a mistake in them is told at once."""
    from antiphon.testing.scenario_file import ScenarioError, find_scenarios, load_scenario

    try:
        loaded = [load_scenario(path) for path in find_scenarios(paths)]
    except ScenarioError as error:
        typer.echo(f"antiphon: {error}", err=True)
        raise typer.Exit(EXIT_MISTAKE) from None
    if bot is not None:
        from antiphon.bots import load_bot

        load_bot(bot)
    if caller is not None:
        from antiphon.cli.caller_model import load_caller

        load_caller(caller)
    return loaded


def _tell(
    by_scenario: list[list[Run]],
    pages: list[Path],
    again: list[Path],
    timeline: Path | None,
    *,
    as_json: bool,
) -> None:
    from antiphon.cli.simulate_report import as_dict, show

    if as_json:
        typer.echo(json.dumps(as_dict(by_scenario, pages), ensure_ascii=False))
    else:
        show(by_scenario, again=[str(path) for path in again], timeline=timeline)


def _pages(place: Path, scenarios: list[Scenario]) -> list[Path]:
    from antiphon.cli.simulate_timeline import pages_of
    from antiphon.observe.timeline_html import TimelineError

    try:
        return pages_of(place, scenarios)
    except TimelineError as error:
        typer.echo(f"antiphon: {error}", err=True)
        raise typer.Exit(EXIT_MISTAKE) from None


def _watched(runs: Iterator[Run], total: int) -> Iterator[Run]:
    """The runs, with a bar for somebody who sits at a terminal and waits."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    hidden = not console.is_terminal or total <= PARALLEL_FROM
    yield from track(runs, "simulating", total, console=console, transient=True, disable=hidden)


def run_jobs(jobs: list[Job]) -> Iterator[Run]:
    """All runs in order; many of them over all cores."""
    from antiphon.testing.garbage import collected_seldom

    cores = min(len(jobs), os.cpu_count() or 1)
    if len(jobs) <= PARALLEL_FROM or cores == 1:
        with collected_seldom():
            yield from map(run_job, jobs)
        return
    with multiprocessing.get_context("spawn").Pool(cores, _begin) as pool:
        yield from pool.imap(run_job, jobs, chunksize=_CHUNK)


def _begin() -> None:
    """A worker begins: what it has imported is no garbage."""
    import gc
    import importlib

    from antiphon.testing.garbage import SELDOM

    importlib.import_module("antiphon.testing.simulation")
    gc.freeze()
    gc.set_threshold(SELDOM, 10, 10)


def run_job(job: Job) -> Run:
    """One run. What the bot's failures would write to the log is in the result."""
    import logging

    from antiphon.bots import load_bot
    from antiphon.cli.caller_model import caller_model
    from antiphon.testing.simulation import simulate as hold

    if not logging.getLogger().handlers:
        logging.getLogger("antiphon").setLevel(logging.CRITICAL)
    bot = None if job.bot is None else load_bot(job.bot)
    with caller_model(job.caller) as caller:
        return hold(job.scenario, job.seed, bot=bot, caller=caller)
