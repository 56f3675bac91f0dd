"""Tools of MCP servers: what goes wrong before one runs, and (slow) a real server as a child process."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from antiphon.context import ToolCall
from antiphon.services.base import ServiceError
from antiphon.tools import Tool, Toolbox, ToolContext, ToolKind
from antiphon.tools.mcp import mcp_tools

PYTHON = [sys.executable, "-c"]
SERVER = [sys.executable, str(Path(__file__).with_name("mcp_server.py"))]


def with_server(run: Callable[[list[Tool]], Coroutine[Any, Any, None]], **options: Any) -> None:
    pytest.importorskip("mcp")

    async def main() -> None:
        async with mcp_tools(command=SERVER, **options) as tools:
            await run(tools)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())


def test_exactly_one_way_to_reach_a_server() -> None:
    async def main(**options: Any) -> None:
        async with mcp_tools(**options):
            pass

    for options in ({}, {"command": ["x"], "url": "http://x"}):
        with pytest.raises(ValueError, match="either command"):
            asyncio.run(main(**options))


@pytest.mark.slow
def test_the_servers_tools_are_described() -> None:
    async def run(tools: list[Tool]) -> None:
        by_name = {tool.name: tool for tool in tools}
        assert set(by_name) == {"add", "burn", "cook"}
        assert by_name["add"].spec.description == "Add two numbers."
        assert by_name["add"].spec.parameters["properties"]["one"]["type"] == "integer"
        assert [by_name[name].kind for name in ("add", "burn", "cook")] == [
            ToolKind.PURE,
            ToolKind.EFFECTFUL,
            ToolKind.BACKGROUND,
        ]

    with_server(run, kinds={"cook": ToolKind.BACKGROUND})


@pytest.mark.slow
def test_calls_errors_and_progress() -> None:
    async def run(tools: list[Tool]) -> None:
        box, heard = Toolbox(tools), list[str]()

        async def call(name: str, **arguments: Any) -> tuple[bool, str]:
            outcome = await box.run(ToolCall(name, name, arguments), ToolContext(name, heard.append))
            return outcome.is_error, outcome.content

        assert await call("add", one=2, two=3) == (False, "5")
        assert await call("cook", dish="soup") == (False, "soup is ready")
        assert heard == ["stirring"]
        failed, words = await call("burn", dish="soup")
        assert failed
        assert "the soup is on fire" in words
        assert (await call("add", one="two"))[0]
        together = await asyncio.gather(*(call("add", one=number, two=1) for number in range(5)))
        assert together == [(False, str(number + 1)) for number in range(5)]

    with_server(run)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "words"),
    [
        ({"command": ["no-such-command-anywhere"]}, r"`no-such-command-anywhere` does not start"),
        ({"command": [*PYTHON, "raise SystemExit(1)"]}, "does not start"),
        (
            {"command": [sys.executable, "-c", "import sys; sys.stdin.read()"], "start_timeout": 0.5},
            "did not answer in time",
        ),
        ({"url": "http://127.0.0.1:9/mcp"}, "127.0.0.1:9/mcp cannot be reached"),
    ],
)
def test_a_server_that_does_not_start_is_told_in_one_sentence(target: dict[str, Any], words: str) -> None:
    pytest.importorskip("mcp")

    async def main() -> None:
        async with mcp_tools(**target):
            pass

    with pytest.raises(ServiceError, match=words) as caught:
        asyncio.run(main())
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_an_error_in_the_block_is_the_users_own() -> None:
    async def run(tools: list[Tool]) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        with_server(run)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def running_over_http() -> Generator[str]:
    """The server's address; it listens once its log says so."""
    port = free_port()
    with subprocess.Popen([*SERVER, str(port)], stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr is not None
        try:
            assert any("Uvicorn running" in line for line in child.stderr)
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            child.kill()


@pytest.mark.slow
def test_a_server_over_http() -> None:
    pytest.importorskip("mcp")

    async def main(url: str) -> str:
        async with mcp_tools(url=url) as tools:
            return (await Toolbox(tools).run(ToolCall("c1", "add", {"one": 2, "two": 3}))).content

    with running_over_http() as url:
        assert asyncio.run(main(url)) == "5"
