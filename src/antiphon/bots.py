"""Finding the bot to run: a Python file with `async def bot(session)`, or the built-in local one."""

from __future__ import annotations

import inspect
import runpy
import sys
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

from antiphon.pipeline import as_processor
from antiphon.processor import Processor
from antiphon.services.base import ServiceError
from antiphon.session import Session
from antiphon.wiring import WiringError

Bot = Callable[[Session], Awaitable[object]]


class BotError(Exception):
    """The bot file cannot be used; the message says what to change."""


class BotFailed(BotError):
    """`bot(session)` raised something of its own."""


def load_bot(path: Path | None) -> Bot:
    """The bot in a file, or the built-in one. Raises BotError."""
    if path is None:
        from antiphon.local_bot import bot

        return bot
    if not path.is_file():
        raise BotError(f"There is no bot file {path}.")
    names = _execute(path)
    found = names.get("bot")
    if found is None:
        raise BotError(f"{path} has no bot: define `async def bot(session)` that returns a pipeline.")
    if not inspect.iscoroutinefunction(found):
        raise BotError(f"{path}: bot must be `async def bot(session)`, it is {_what(found)}.")
    return cast(Bot, found)


async def build(bot: Bot, session: Session) -> Processor:
    """Ask the bot for its pipeline. Raises BotFailed if it fails, BotError for another result."""
    try:
        made = await bot(session)
    except (ServiceError, WiringError):
        raise
    except Exception as error:
        raise BotFailed(f"bot(session) failed: {_where(error)}") from error
    if made is None:
        raise BotError("bot(session) returned nothing: it must return a pipeline.")
    try:
        pipeline = as_processor(made)
    except TypeError as error:
        raise BotError(f"bot(session) must return a pipeline: {error}") from None
    _check_ends(pipeline)
    return pipeline


def _check_ends(pipeline: Processor) -> None:
    """The transport must be where it is of use. Raises BotError."""
    from antiphon.services.tts_host import TTSHost
    from antiphon.transports.input import InputTransport
    from antiphon.transports.output import OutputTransport

    parts = pipeline._parts()
    if parts and isinstance(parts[-1], TTSHost):
        voice = parts[-1].name
        raise BotError(f"Nobody hears {voice}, the last in the pipeline: put transport.output() after it.")
    ends = [part for part in parts if isinstance(part, InputTransport | OutputTransport)]
    if len(ends) > 1 and isinstance(ends[0], OutputTransport):
        raise BotError("transport.output() stands before transport.input(), so nothing would reach it.")


def _execute(path: Path) -> dict[str, Any]:
    sys.path.insert(0, str(path.resolve().parent))
    try:
        return runpy.run_path(str(path))
    except SyntaxError as error:
        raise BotError(f"{path}, line {error.lineno}: {error.msg}") from None
    except ServiceError:
        raise
    except (Exception, SystemExit) as error:
        raise BotError(f"{path} failed when it was loaded: {_where(error)}") from error
    finally:
        sys.path.pop(0)


def _where(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    mine = [frame for frame in frames if "antiphon" not in Path(frame.filename).parts and _is_file(frame)]
    place = f" ({Path(mine[-1].filename).name}, line {mine[-1].lineno})" if mine else ""
    return f"{type(error).__name__}: {error}{place}"


def _is_file(frame: traceback.FrameSummary) -> bool:
    return not frame.filename.startswith("<")


def _what(found: object) -> str:
    return "a plain function" if inspect.isfunction(found) else f"of type {type(found).__name__}"
