"""The same bot with a language model elsewhere: any OpenAI-compatible endpoint (set OPENAI_API_KEY)."""

from antiphon import Pipeline, Session, Turns
from antiphon.services.local import Hibari, Moonshine, SileroVAD, SmartTurn
from antiphon.services.openai import OpenAI


async def bot(session: Session) -> Pipeline:
    return Pipeline(
        [
            session.transport.input(),
            SileroVAD(),
            Moonshine(),
            Turns("You are a friendly voice assistant. Answer briefly.", model=SmartTurn()),
            OpenAI("gpt-4.1-mini"),
            Hibari(),
            session.transport.output(),
        ]
    )
