"""Tools of MCP servers in a log: what the servers offered, so that a replay needs none of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from antiphon.processor import Processor
from antiphon.record.records import AnyRecord, Offered
from antiphon.services.turns import Turns
from antiphon.tools.mcp import server_of
from antiphon.tools.tool import Tool, ToolContext, ToolError, ToolKind


def offered(parts: Iterable[Processor]) -> Iterator[Offered]:
    """A record for each remote tool of a bot."""
    for part in parts:
        if not isinstance(part, Turns):
            continue
        for tool in part.tools.toolbox.all:
            server = server_of(tool)
            if server is not None:
                yield Offered(server, tool.spec, tool.kind.value, tool.timeout)


def remote_tools(records: Iterable[AnyRecord]) -> Mapping[str, Sequence[Tool]]:
    """The tools that each server offered. Raises ValueError for a kind of tool that there is not."""
    found: dict[str, list[Tool]] = {}
    for record in records:
        if isinstance(record, Offered):
            tool = Tool(record.spec, _never, ToolKind(record.kind), record.timeout)
            found.setdefault(record.server, []).append(tool)
    return found


async def _never(arguments: dict[str, object], context: ToolContext, /) -> object:
    raise ToolError("In a replay, no tool runs.")
