"""The `antiphon` command: its subcommands, put together."""

from __future__ import annotations

from typing import Annotated

import typer

from antiphon.cli import chat, doctor, models, replay, run, simulate, speech, talk

app = typer.Typer(
    name="antiphon",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Real-time, multimodal AI bots: talk to one, hear why it is slow, see what it does.",
    epilog="Examples: `antiphon run --open`, `antiphon run --help`, `antiphon doctor`",
)
app.command("run")(run.run)
app.command("talk")(talk.talk)
app.command("replay")(replay.replay)
app.command("say")(speech.say)
app.command("transcribe")(speech.transcribe)
app.command("chat")(chat.chat)
app.command("simulate")(simulate.simulate)
app.command("doctor")(doctor.doctor)
app.add_typer(models.app, name="models")


@app.callback()
def options(
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Write what goes on to the error stream, with tracebacks.")
    ] = False,
) -> None:
    """Options of all commands."""
    import logging

    level = logging.DEBUG if verbose else logging.CRITICAL
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("antiphon").setLevel(level)
