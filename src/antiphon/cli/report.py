"""What `antiphon talk` shows: the transcript as it happens, a waterfall per turn, or one JSON object."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.text import Text

from antiphon.audio.meter import LevelMeter
from antiphon.audio.wav import WavError, read_wav
from antiphon.cli.told import EXIT_FAILED
from antiphon.observe.timeline_html import TimelineError, write_timeline
from antiphon.observe.timeline_model import Timeline
from antiphon.observe.waterfall import STEPS, Turn
from antiphon.session import SessionResult

BAR_WIDTH = 40

HINT = "Use headphones: without them the bot hears itself. Ctrl-C ends the call."

SILENCE = "The bot heard no words: is there speech, and a recogniser in the pipeline?"


class Report:
    """Collects a conversation and prints it. `quiet` prints nothing; `timeline` is where its page goes."""

    def __init__(self, *, quiet: bool, timeline: Path | None = None) -> None:
        self.turns: list[Turn] = []
        self.errors: list[str] = []
        self.exit_code = 0
        self._console = Console(quiet=quiet, highlight=False)
        self._audio: dict[str, Any] = {"path": None, "seconds": 0.0}
        self._page = timeline
        self._recorded: Callable[[], Timeline] | None = None

    @property
    def wants_timeline(self) -> bool:
        """Whether a page is to be written."""
        return self._page is not None

    def record(self, recorded: Callable[[], Timeline]) -> None:
        """Where the timeline comes from, once the conversation is over."""
        self._recorded = recorded

    @contextmanager
    def loading(self) -> Generator[None, None, None]:
        """Show that the bot is being made ready."""
        with self._console.status("Waking the bot ..."):
            yield

    @contextmanager
    def microphone(self, meter: LevelMeter | None) -> Generator[None, None, None]:
        """Show how loud the microphone is, if there is one, below everything else."""
        if meter is None:
            yield
            return
        self._console.print(HINT, style="dim")

        def level() -> Text:
            return Text.assemble(("Mic  ", "bold"), (meter.bar(), "green"), (f"  {meter.advice()}", "yellow"))

        with Live(get_renderable=level, console=self._console, refresh_per_second=10, transient=True):
            yield

    def line(self, turn: Turn, what: str) -> None:
        """Something in a turn is complete: show it."""
        if what == "user":
            self._console.print(Text.assemble(("You  ", "bold cyan"), turn.user))
        elif what == "bot":
            self._console.print(self._bot_line(turn))
            self._console.print(self._waterfall(turn))

    def audio(self, path: Path | None, seconds: float) -> None:
        """Where the recording is."""
        self._audio = {"path": None if path is None else str(path), "seconds": round(seconds, 3)}

    def interrupted(self) -> None:
        """The user pressed Ctrl-C."""
        self._console.print("[yellow]Stopped; what was said so far is kept.[/]")

    def finish(self, result: SessionResult) -> None:
        """The session has ended."""
        self.errors += [error.error for error in result.errors]
        for error in dict.fromkeys(self.errors):
            self._console.print(Text.assemble(("Error  ", "bold red"), error))
        for owner in result.late:
            self._console.print(Text.assemble(("Late  ", "bold red"), f"{owner} did not stop in time"))
        if not self.turns:
            self._console.print(
                "[yellow]The bot heard no words: is there speech, and a recogniser in the pipeline?[/]"
            )
        if self._audio["path"]:
            self._console.print(f"Recorded {self._audio['seconds']:.1f} s in {self._audio['path']}")
        self._write_page()
        if self.errors and not any(turn.ended == "completed" for turn in self.turns):
            self.exit_code = self.exit_code or EXIT_FAILED

    def _write_page(self) -> None:
        if self._page is None or self._recorded is None:
            return
        path = self._audio["path"]
        try:
            audio = None if path is None else read_wav(Path(path).read_bytes())
        except (OSError, WavError):
            audio = None
        try:
            write_timeline(self._page, self._recorded(), audio)
        except TimelineError as error:
            self.errors.append(str(error))
            self._console.print(Text.assemble(("Error  ", "bold red"), str(error)))
            return
        self._console.print(f"Timeline in {self._page}")

    def as_dict(self) -> dict[str, Any]:
        """The conversation as the JSON object of `--json`."""
        told = {"turns": [_turn(turn) for turn in self.turns], "errors": self.errors, "audio": self._audio}
        return told | ({"timeline": str(self._page)} if self._page else {})

    def _bot_line(self, turn: Turn) -> Text:
        line = Text.assemble(("Bot  ", "bold green"), turn.heard.strip() or "(nothing was heard)")
        unheard = turn.generated[len(turn.heard) :].rstrip() if turn.ended != "completed" else ""
        if unheard:
            line.append(unheard if turn.heard.endswith(" ") else f" {unheard.lstrip()}", style="dim strike")
        if turn.ended != "completed":
            line.append(f"  [{turn.ended}]", style="yellow")
        return line

    def _waterfall(self, turn: Turn) -> Text:
        times = turn.milliseconds()
        longest = max([ms for ms in times.values() if ms is not None] or [1]) or 1
        text = Text()
        for name, label in STEPS[1:]:
            ms = times[name]
            if ms is not None:
                bar = "━" * max(1, round(BAR_WIDTH * max(ms, 0) / longest))
                text.append(f"     {label:<20}{ms:>6} ms ", style="dim").append(bar + "\n", style="blue")
        return text


def _turn(turn: Turn) -> dict[str, Any]:
    return {
        "user": turn.user,
        "generated": turn.generated,
        "heard": turn.heard,
        "ended": turn.ended,
        "latency_ms": turn.milliseconds(),
    }
