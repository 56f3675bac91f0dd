"""A bot that goes on when its model in the cloud fails: a local one stands behind it (set OPENAI_API_KEY)."""

from antiphon import Pipeline, Session, Turns
from antiphon.services.combinators import Cache, Fallback
from antiphon.services.local import Hibari, Llama, Moonshine, SileroVAD, SmartTurn
from antiphon.services.openai import OpenAI


async def bot(session: Session) -> Pipeline:
    return Pipeline(
        [
            session.transport.input(),
            SileroVAD(),
            Moonshine(),
            Turns("You are a friendly voice assistant. Answer briefly.", model=SmartTurn()),
            Fallback([OpenAI("gpt-4.1-mini"), Llama()]),
            Cache(Hibari()),
            session.transport.output(),
        ]
    )
