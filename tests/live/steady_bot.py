"""A bot file for `antiphon talk`: the built-in bot, but its model draws no lots and always says the same."""

from __future__ import annotations

import os

from antiphon.local_bot import INSTRUCTIONS, MODEL_VARIABLE
from antiphon.pipeline import Pipeline
from antiphon.services.local import Hibari, Llama, Moonshine, SileroVAD, SmartTurn
from antiphon.services.turns import Turns
from antiphon.session import Session


async def bot(session: Session) -> Pipeline:
    turns = Turns(INSTRUCTIONS, model=SmartTurn())
    llm = Llama(os.environ[MODEL_VARIABLE], max_tokens=30, temperature=0.0, slots=1)
    ends = session.transport
    return Pipeline([ends.input(), SileroVAD(), Moonshine(), turns, llm, Hibari(), ends.output()])
