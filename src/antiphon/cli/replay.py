"""`antiphon replay`: run a recorded session again, and see what another turn policy would have changed."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from antiphon.bots import load_bot
from antiphon.cli.told import EXIT_FAILED, told
from antiphon.record.log import SessionLog, read_log
from antiphon.record.policies import turn_machine
from antiphon.record.recorded import Replayed
from antiphon.record.replaying import replay as run_again
from antiphon.record.running import Bot
from antiphon.record.story import Figures


def replay(
    log: Annotated[
        Path,
        typer.Argument(
            help="A session log, as `antiphon talk --record` or `antiphon run --record` writes it."
        ),
    ],
    bot: Annotated[
        Path | None, typer.Argument(help="The bot's Python file; else the one that was recorded.")
    ] = None,
    with_turns: Annotated[
        str | None,
        typer.Option(
            "--with-turns",
            help="Take turns by another policy: a TOML file, or fluent, simple, speculative, eager, patient.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Run a recorded session again in virtual time, without models or networks.

    Examples: `antiphon replay call.antiphon`, `antiphon replay call.antiphon --with-turns patient`

    With another policy the recorded user does the same at the same times, and does not react to what the bot
    does differently.
    """
    with told():
        recorded = read_log(log)
        chosen = load_bot(bot or (Path(recorded.opened.bot) if recorded.opened.bot else None))
        again = run_again(recorded, chosen)
        other = None if with_turns is None else _with_policy(recorded, chosen, with_turns)
    if as_json:
        typer.echo(json.dumps(_as_dict(recorded, again, other), ensure_ascii=False))
    else:
        _show(recorded, again, other, with_turns or "")
    raise typer.Exit(EXIT_FAILED if again.checked and not again.same_conversation else 0)


def _with_policy(log: SessionLog, bot: Bot, policy: str) -> Replayed:
    turn_machine(policy, None)
    return run_again(log, bot, machine=lambda model: turn_machine(policy, model))


def _as_dict(log: SessionLog, again: Replayed, other: Replayed | None) -> dict[str, Any]:
    found: dict[str, Any] = {"damage": log.damage, "replay": _run_dict(again)}
    if other is not None:
        found["with_turns"] = _run_dict(other)
    return found


def _run_dict(run: Replayed) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(run)
    return {**plain, "same": run.same, "same_conversation": run.same_conversation}


def _show(log: SessionLog, again: Replayed, other: Replayed | None, policy: str) -> None:
    console = Console(highlight=False)
    if log.damage:
        console.print(Text.assemble(("Damaged  ", "bold yellow"), log.damage))
    for event in (other or again).events:
        line = Text.assemble((f"{event.at:8.2f} s  ", "dim"), (f"{event.what:<14}", "bold"), event.text)
        console.print(line)
    console.print(_verdict(again))
    if again.lacks:
        console.print(again.lacks)
    if other is not None:
        console.print(_comparison(again.figures, other.figures, policy))
        if other.guessed:
            console.print(f"{other.guessed} answers or texts had not been recorded and were guessed.")


def _verdict(run: Replayed) -> str:
    if not run.checked:
        return f"Replayed {run.seconds:.1f} s. The log has no checkpoint to compare with."
    if run.same:
        return f"Replayed {run.seconds:.1f} s: the same frames at all {run.checked} checkpoints."
    if run.same_conversation:
        return (
            f"Replayed {run.seconds:.1f} s: the same words, decisions and answers at all {run.checked} "
            "checkpoints, but not the same frames: the bot has changed, or the log's sound was compressed."
        )
    return (
        f"Replayed {run.seconds:.1f} s: the same conversation at {run.conversed} of {run.checked} "
        f"checkpoints; the first different frame is before {run.differs_at or 0.0:.2f} s."
    )


def _comparison(recorded: Figures, other: Figures, policy: str) -> Table:
    table = Table("", "recorded", policy, "change")
    for name in ("turns", "dropped", "interruptions", "dismissed", "rolled_back", "errors"):
        before, after = getattr(recorded, name), getattr(other, name)
        table.add_row(name.replace("_", " "), str(before), str(after), f"{after - before:+d}")
    before, after = _median(recorded), _median(other)
    change = "" if before is None or after is None else f"{(after - before) * 1000:+.0f} ms"
    table.add_row("latency (median)", _milliseconds(before), _milliseconds(after), change)
    return table


def _median(figures: Figures) -> float | None:
    return statistics.median(figures.latencies) if figures.latencies else None


def _milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:.0f} ms"
