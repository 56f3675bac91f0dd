"""Tools: functions that the model may call.

Write a typed function, put `@tool` on it (or not), and give it to a `Toolbox`.
"""

from antiphon.tools.calls import CallGroup, Order, Step
from antiphon.tools.tool import FunctionTool, Tool, ToolContext, ToolError, ToolKind, as_tool, tool
from antiphon.tools.toolbox import Toolbox, ToolOutcome

__all__ = [
    "CallGroup",
    "FunctionTool",
    "Order",
    "Step",
    "Tool",
    "ToolContext",
    "ToolError",
    "ToolKind",
    "ToolOutcome",
    "Toolbox",
    "as_tool",
    "tool",
]
