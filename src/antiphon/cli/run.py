"""`antiphon run`: serve a bot to browsers, apps and telephone lines."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Coroutine
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from antiphon.bots import Bot, BotFailed, load_bot
from antiphon.cli import run_options as options
from antiphon.cli.browser import open_page as open_in_browser
from antiphon.cli.told import EXIT_FAILED, told
from antiphon.record.folder import Folder
from antiphon.server.listening import ServeError, address_of, bind
from antiphon.server.origins import is_loopback
from antiphon.server.settings import Auth, Settings
from antiphon.services.base import ServiceError

if TYPE_CHECKING:
    import socket

NEEDED = ("starlette", "uvicorn", "websockets", "prometheus_client")
UNREHEARSED = (
    "Serving it all the same: it was tried without a caller's data, which it may need. "
    "Its models are loaded by the first call."
)


def run(
    bot: options.BotFile = None,
    host: options.Host = "127.0.0.1",
    port: options.Port = 7860,
    reload: options.Reload = False,
    open_page: options.OpenPage = False,
    allowed_origins: options.AllowedOrigins = None,
    auth: options.Admission = Auth.NONE,
    max_sessions: options.MaxSessions = 100,
    max_minutes: options.MaxMinutes = None,
    drain: options.Drain = 60.0,
    ice_server: options.IceServers = None,
    trust_proxy: options.TrustProxy = "127.0.0.1",
    watch: options.Watch = None,
    record: options.Record = None,
    as_json: options.AsJson = False,
) -> None:
    """Serve a bot: open the address it prints and talk to it.

    Examples: `antiphon run`, `antiphon run bot.py --open --reload`,
    `antiphon run bot.py --host 0.0.0.0 --auth token --allowed-origins https://example.com`

    Ctrl-C lets calls finish; pressed twice it ends them.
    """
    settings = Settings(
        host=host,
        auth=auth,
        allowed_origins=tuple(allowed_origins or ()),
        max_sessions=max_sessions,
        max_seconds=None if max_minutes is None else max_minutes * 60,
        drain_seconds=drain,
        ice_servers=tuple(ice_server or ()),
        watch=is_loopback(host) if watch is None else watch,
    )
    with told():
        _check_installed()
        folder = None if record is None else Folder(record)
        if reload:
            _reloading(bot)
            return
        _log(as_json=as_json)
        try:
            listener = bind(host, port)
        except ServeError as error:
            typer.echo(f"antiphon: {error}", err=True)
            raise typer.Exit(EXIT_FAILED) from None
        with listener:
            chosen = load_bot(bot)
            served = chosen if folder is None else folder.recording(chosen, str(bot or ""))
            _run(_serve(chosen, served, settings, listener, trust_proxy, open_page=open_page))


async def _serve(
    bot: Bot, served: Bot, settings: Settings, listener: socket.socket, trusted: str, *, open_page: bool
) -> None:
    from antiphon.server.app import create_app
    from antiphon.server.serving import Serving

    await _warm(bot)
    address = address_of(listener)

    def started() -> None:
        typer.echo(f"Talk to the bot at {address}")
        sys.stdout.flush()
        if open_page and not open_in_browser(address):
            typer.echo("Open that address in a browser.")

    await Serving(create_app(served, settings), settings, trusted=trusted).run(listener, started)


async def _warm(bot: Bot) -> None:
    from antiphon.server.rehearsal import rehearse

    with Console(stderr=True).status("Waking the bot: its models are being loaded ..."):
        try:
            await rehearse(bot)
        except BotFailed as error:
            typer.echo(f"antiphon: {error}. {UNREHEARSED}", err=True)


def _check_installed() -> None:
    missing = next((name for name in NEEDED if find_spec(name) is None), None)
    if missing is not None:
        raise ServiceError(f"The server needs {missing}: pip install 'antiphon[web]'", fatal=True)


def _run(main: Coroutine[Any, Any, None]) -> None:
    """On uvloop where there is one: it is faster at sockets."""
    factory = None
    if find_spec("uvloop") is not None:
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main)


def _reloading(bot: Path | None) -> None:
    """Run this command without `--reload`, anew whenever a Python file changes."""
    if find_spec("watchfiles") is None:
        raise ServiceError("--reload needs watchfiles: pip install 'antiphon[web]'", fatal=True)
    import shlex

    from watchfiles import PythonFilter, run_process

    arguments = [argument for argument in sys.argv[1:] if argument != "--reload"]
    command = [sys.executable, "-m", "antiphon", *arguments, "--drain", "0"]
    folder = Path.cwd() if bot is None else bot.resolve().parent
    run_process(folder, target=shlex.join(command), target_type="command", watch_filter=PythonFilter())


def _log(*, as_json: bool) -> None:
    """The server's log is written to the error stream: what goes wrong always, what goes on with `-v`."""
    logger = logging.getLogger("antiphon")
    if logger.level > logging.WARNING:
        logger.setLevel(logging.WARNING)
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    if as_json:
        for handler in logging.getLogger().handlers:
            handler.setFormatter(JsonLines())


class JsonLines(logging.Formatter):
    """A log record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        line = {"level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
