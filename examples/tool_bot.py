"""A bot that can look something up: the tool's schema comes from its signature and docstring."""

from antiphon import Pipeline, Session, Turns
from antiphon.services.local import Hibari, Llama, Moonshine, SileroVAD, SmartTurn
from antiphon.tools import ToolKind, tool


@tool(kind=ToolKind.PURE)
async def opening_hours(day: str) -> str:
    """Tell when the shop is open.

    Args:
        day: A day of the week, for example Monday.
    """
    return "closed" if day.lower() == "sunday" else "nine to six"


async def bot(session: Session) -> Pipeline:
    turns = Turns(
        "You answer the phone of a small bookshop. Answer briefly.",
        model=SmartTurn(),
        tools=[opening_hours],
        filler="Let me look. ",
    )
    return Pipeline(
        [
            session.transport.input(),
            SileroVAD(),
            Moonshine(),
            turns,
            Llama(),
            Hibari(),
            session.transport.output(),
        ]
    )
