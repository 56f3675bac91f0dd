"""A processor of one's own between the model and the voice: it keeps a word from being said."""

from antiphon import Pipeline, Processor, Session, Turns, on
from antiphon.frames import LLMTextFrame
from antiphon.services.local import Hibari, Llama, Moonshine, SileroVAD, SmartTurn


class Polite(Processor):
    """Says "heck" for "hell", as long as the model writes it in one piece."""

    @on(LLMTextFrame)
    def soften(self, frame: LLMTextFrame) -> LLMTextFrame:
        return frame.replace(text=frame.text.replace(" hell ", " heck "))


async def bot(session: Session) -> Pipeline:
    return Pipeline(
        [
            session.transport.input(),
            SileroVAD(),
            Moonshine(),
            Turns("You are a pirate. Answer in one sentence.", model=SmartTurn()),
            Llama(),
            Polite(),
            Hibari(),
            session.transport.output(),
        ]
    )
