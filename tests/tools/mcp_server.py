"""A small MCP server, run by the tests as a child process: over stdio, or over HTTP on the port given."""

from __future__ import annotations

import sys

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

server = MCPServer("kitchen")


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def add(one: int, two: int) -> int:
    """Add two numbers."""
    return one + two


@server.tool()
def burn(dish: str) -> str:
    """Burn a dish."""
    raise ToolError(f"the {dish} is on fire")


@server.tool()
async def cook(dish: str, ctx: Context) -> str:
    """Cook a dish."""
    await ctx.report_progress(1, 2, "stirring")
    return f"{dish} is ready"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        server.run("streamable-http", port=int(sys.argv[1]))
    else:
        server.run("stdio")
