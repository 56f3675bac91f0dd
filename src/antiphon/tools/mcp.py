"""Tools of MCP servers (Model Context Protocol), through the official SDK. Needs the extra `mcp`.

    async with mcp_tools(command=["uvx", "mcp-server-time"]) as tools:
        toolbox = Toolbox([*tools, my_own_function])

The server runs as long as the block does. Its tools are listed once, on entering; arguments are checked by
the server. Limits: of what a tool returns only text and structured content reach the model, pictures and
sound are named but left out; the server's prompts, resources and questions back are not used.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import shlex
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import msgspec

from antiphon.context import ToolSpec
from antiphon.services.base import ServiceError
from antiphon.tools.tool import DEFAULT_TIMEOUT_SECONDS, Tool, ToolContext, ToolError, ToolKind

if TYPE_CHECKING:
    import mcp
    import mcp.types

START_SECONDS = 30.0

KNOWN: ContextVar[Mapping[str, Sequence[Tool]] | None] = ContextVar("known MCP servers", default=None)
"""Where it is set no server is started or asked: its tools are those given here, by `server_digest`."""


@asynccontextmanager
async def mcp_tools(
    *,
    command: Sequence[str] | None = None,
    url: str | None = None,
    env: Mapping[str, str] | None = None,
    kinds: Mapping[str, ToolKind] | None = None,
    timeout: float | None = DEFAULT_TIMEOUT_SECONDS,
    start_timeout: float = START_SECONDS,
) -> AsyncGenerator[list[Tool]]:
    """The tools of one MCP server: `command` starts it as a child process, `url` reaches a running one.

    `env` are variables for the child beside a few safe ones (PATH, HOME, ...). `kinds` says what calling a
    tool does, by its name; without it a tool that the server calls read-only is PURE, any other EFFECTFUL.
    `timeout` is for one call, `start_timeout` until the server has told its tools, both in seconds.

    Raises ServiceError when the extra is missing or the server does not answer, ValueError when not exactly
    one of `command` and `url` is given.
    """
    if bool(command) == bool(url):
        raise ValueError("Give mcp_tools either command=[...] or url='...'.")
    digest, known = server_digest(command, url), KNOWN.get()
    if known is not None:
        yield list(known.get(digest, ()))
        return
    sdk = _sdk()
    server = _Server(sdk.Client(_target(sdk, command, url, env)))
    try:
        await server.start(start_timeout)
    except Exception as error:
        raise _not_started(command, url, error) from error
    try:
        yield [_tool(server.client, entry, kinds or {}, timeout, digest) for entry in server.listed]
    finally:
        await server.stop()


def server_digest(command: Sequence[str] | None, url: str | None) -> str:
    """A name for a server that gives away neither its address nor its arguments."""
    return hashlib.sha256(shlex.join(command or [url or ""]).encode()).hexdigest()[:16]


def server_of(tool: Tool) -> str | None:
    """The digest of the server that runs a tool; None for a tool that is not remote."""
    return tool.invoke.server if isinstance(tool.invoke, _Remote) else None


class _Server:
    """A connection in a task of its own.

    The SDK's task groups must be left by the task that entered them, and they wrap every exception that
    passes through. Kept in their own task, they leave the block's exceptions alone, and the block may be
    entered in one task and left in another, as the setup and cleanup of a session do.
    """

    def __init__(self, client: mcp.Client) -> None:
        self.client = client
        self.listed: list[mcp.types.Tool] = []
        self._ready = asyncio.Event()
        self._leave = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name="mcp")

    async def start(self, seconds: float) -> None:
        """Wait until the tools are known. Raises what went wrong, or TimeoutError."""
        ready = asyncio.create_task(self._ready.wait())
        try:
            await asyncio.wait({self._task, ready}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if self._task.done():
                self._task.result()
            if not self._ready.is_set():
                raise TimeoutError
        except BaseException:
            self._task.cancel()
            await self.stop()
            raise
        finally:
            ready.cancel()

    async def stop(self) -> None:
        """Leave, and wait until the child has ended. What goes wrong now concerns nobody any more."""
        self._leave.set()
        await asyncio.wait({self._task})
        if not self._task.cancelled():
            self._task.exception()

    async def _run(self) -> None:
        async with self.client:
            self.listed = await _list(self.client)
            self._ready.set()
            await self._leave.wait()


def _sdk() -> Any:
    try:
        return importlib.import_module("mcp")
    except ImportError as error:
        raise ServiceError(
            "MCP servers need an extra: run `pip install 'antiphon[mcp]'`.", fatal=True
        ) from error


def _target(sdk: Any, command: Sequence[str] | None, url: str | None, env: Mapping[str, str] | None) -> Any:
    if not command:
        return url
    return sdk.StdioServerParameters(command=command[0], args=list(command[1:]), env=dict(env or {}))


async def _list(client: mcp.Client) -> list[mcp.types.Tool]:
    page = await client.list_tools()
    found = list(page.tools)
    while page.next_cursor:
        page = await client.list_tools(cursor=page.next_cursor)
        found += page.tools
    return found


def _tool(
    client: mcp.Client,
    entry: mcp.types.Tool,
    kinds: Mapping[str, ToolKind],
    timeout: float | None,
    server: str,
) -> Tool:
    read_only = entry.annotations is not None and entry.annotations.read_only_hint is True
    kind = kinds.get(entry.name, ToolKind.PURE if read_only else ToolKind.EFFECTFUL)
    spec = ToolSpec(entry.name, entry.description or entry.title or "", entry.input_schema)
    return Tool(spec, _Remote(client, entry.name, server), kind, timeout)


@dataclass(frozen=True)
class _Remote:
    client: mcp.Client
    name: str
    server: str

    async def __call__(self, arguments: dict[str, Any], context: ToolContext, /) -> object:
        async def tell(progress: float, total: float | None, message: str | None) -> None:
            context.progress(message or (f"{progress:g}" if total is None else f"{progress:g} of {total:g}"))

        result = await self.client.call_tool(self.name, arguments, progress_callback=tell)
        text = _text(result)
        if result.is_error:
            raise ToolError(text or f"{self.name} failed and gave no reason.")
        return text


def _text(result: mcp.types.CallToolResult) -> str:
    words = [block.text if block.type == "text" else f"[{block.type}]" for block in result.content]
    if not words and result.structured_content is not None:
        return msgspec.json.encode(result.structured_content).decode()
    return "\n".join(words)


def _not_started(command: Sequence[str] | None, url: str | None, error: Exception) -> ServiceError:
    reason = "it did not answer in time" if isinstance(error, TimeoutError) else _reason(error)
    if command:
        words = f"The MCP server `{shlex.join(command)}` does not start ({reason}): run the command by hand."
    else:
        words = f"The MCP server at {url} cannot be reached ({reason}): check the address."
    return ServiceError(words, fatal=True)


def _reason(error: BaseException) -> str:
    """The SDK runs in task groups, which wrap what went wrong."""
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    return str(error).strip().rstrip(".") or type(error).__name__
