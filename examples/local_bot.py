"""A bot that runs on this machine alone: antiphon talk examples/local_bot.py --in question.wav"""

from antiphon import Pipeline, Session, Turns
from antiphon.services.local import Hibari, Llama, Moonshine, SileroVAD, SmartTurn


async def bot(session: Session) -> Pipeline:
    return Pipeline(
        [
            session.transport.input(),
            SileroVAD(),
            Moonshine(),
            Turns("You are a friendly voice assistant. Answer briefly.", model=SmartTurn()),
            Llama(),
            Hibari(),
            session.transport.output(),
        ]
    )
