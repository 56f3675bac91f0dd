"""Tools of MCP servers: a replay has what the servers offered, and starts none of them."""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from antiphon.clock import run_real, run_virtual
from antiphon.context import ToolCall, ToolSpec
from antiphon.record.records import Called, Offered
from antiphon.record.remote_tools import remote_tools
from antiphon.services.turns import Turns
from antiphon.session import Session
from antiphon.testing import Answer, Bot, FakeLLM, FakeTurnModel, Say, hold_call, voice_bot
from antiphon.tools.mcp import KNOWN, mcp_tools, server_digest
from antiphon.tools.tool import Tool, ToolKind
from record.kit import KeptBytes, Recording, Watcher, difference, recorded_bot, replay_call

SERVER = [sys.executable, str(Path(__file__).parents[1] / "tools" / "mcp_server.py")]


def test_what_is_known_of_a_server_needs_no_server() -> None:
    command, spec = ["no-such-command"], ToolSpec("add", "Adds.", {"type": "object"})
    offered = Offered(server_digest(command, None), spec, "pure", 9.0)

    async def tools() -> list[Tool]:
        known = KNOWN.set(remote_tools([offered]))
        try:
            async with mcp_tools(command=command) as found, mcp_tools(url="http://other") as none:
                return [*found, *none]
        finally:
            KNOWN.reset(known)

    [tool] = run_virtual(tools())
    assert (tool.spec, tool.kind, tool.timeout) == (spec, ToolKind.PURE, 9.0)


def test_a_digest_gives_nothing_away() -> None:
    assert "key" not in server_digest(["server", "--key", "key"], None)
    assert server_digest(None, "http://a") != server_digest(None, "http://b")


@pytest.mark.slow
def test_a_session_with_the_tools_of_a_server_replays_without_it() -> None:
    pytest.importorskip("mcp")
    stack = AsyncExitStack()

    def make() -> Bot:
        async def bot(session: Session) -> object:
            tools = await stack.enter_async_context(mcp_tools(command=SERVER))
            model = FakeLLM(
                [Answer(tools=(ToolCall("c1", "add", {"one": 1, "two": 2}),))], otherwise="Three."
            )
            return voice_bot(model, turns=Turns(model=FakeTurnModel(), tools=tools))(session)

        return bot

    async def recorded() -> Recording:
        file, watcher = KeptBytes(), Watcher()
        async with stack:
            call = await hold_call(recorded_bot(make(), file, watcher), [Say("What is one and two?")])
        return Recording(call, watcher.seen, file.content)

    recording = run_real(recorded())
    assert any(r.request.startswith("add") for r in recording.log.records if isinstance(r, Called))
    assert recording.call.tool_runs[0].result == "3"
    replayed, frames = replay_call(make, recording.log)
    assert not difference(frames, recording.frames)
    assert replayed.same
