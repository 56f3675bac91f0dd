"""Contract, line 4, in whole calls: an answer cancelled in each state that it can be in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

import pytest

from antiphon.context import ToolCall, ToolMessage
from antiphon.frames import (
    BotStartedSpeakingFrame,
    Frame,
    FunctionCallsFrame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMTextFrame,
    Outcome,
    ResponseEndedFrame,
    TurnDecisionFrame,
)
from antiphon.pipeline import Pipeline
from antiphon.processor import Processor
from antiphon.response import Response
from antiphon.services.turns import Turns
from antiphon.session import Session
from antiphon.testing import (
    Answer,
    Bot,
    FakeLLM,
    FakeTTS,
    FakeTurnModel,
    Say,
    after,
    bot_starts,
    run_call,
    voice_bot,
)
from antiphon.tools import ToolKind, tool
from conversation.kit import SEEDS, check_call, user_texts

LONG = "This is a rather long answer, which goes on and on. And then it goes on for some time more."


LOOK = Answer(tools=(ToolCall("1", "look_up", {}),))
BOOK = Answer(tools=(ToolCall("1", "book", {}),))


class State(NamedTuple):
    """Where an answer is cut: `delay` seconds after the first frame that fits; `overlap`: over a "yeah"."""

    begins: Callable[[Frame], bool]
    delay: float
    first: Answer = Answer(LONG)
    tts: float = 0.1
    speculate: bool = False
    overlap: bool = False


def decided(what: str) -> Callable[[Frame], bool]:
    return lambda frame: isinstance(frame, TurnDecisionFrame) and frame.decision == what


def seen(kind: type[Frame]) -> Callable[[Frame], bool]:
    return lambda frame: isinstance(frame, kind)


STATES = {
    "waiting for the model": State(seen(LLMContextFrame), 0.1),
    "text streams": State(seen(LLMTextFrame), 0.1, Answer(LONG, per_token=0.05)),
    "waiting for the voice": State(seen(LLMFullResponseEndFrame), 0.1, tts=1.0),
    "playing": State(seen(BotStartedSpeakingFrame), 0.5),
    "paused": State(decided("PauseBot"), 0.05, overlap=True),
    "a pure tool runs": State(seen(FunctionCallsFrame), 0.2, LOOK),
    "an effectful tool runs": State(seen(FunctionCallsFrame), 0.2, BOOK),
    "speculative": State(decided("Speculate"), 0.25, speculate=True),
    "speculative, a tool runs": State(seen(FunctionCallsFrame), 0.05, LOOK, speculate=True),
}


class Cut:
    """Cancels every answer at the state's moment, and watches every link for what comes after."""

    def __init__(self, session: Session, state: State) -> None:
        self.state = state
        self.at: float | None = None
        self.responses: list[Response] = []
        self.after: list[str] = []
        self.working: list[int] = []
        self._session = session
        self._armed = False

    def on_frame(self, frame: Frame, source: Processor, target: Processor, *, upstream: bool) -> None:
        if not self._armed and self.state.begins(frame):
            self._armed = True
            self._session.clock.after(self.state.delay, self.cut)
        if frame.response in [response.id for response in self.responses]:
            self.after.append(f"{frame.name} to {target.name}")
        if isinstance(frame, ResponseEndedFrame):
            self.working += [len(response.tasks) for response in self.responses if response.id == frame.id]

    def cut(self) -> None:
        self.at = self._session.now()
        self.responses = list(self._session.responses.live.values())
        for response in self.responses:
            gated = response.gated
            response.cancel(Outcome.ROLLED_BACK if gated else Outcome.INTERRUPTED, "cut by the test")


class Desk:
    """A pure tool and one with effects, both slow."""

    def __init__(self) -> None:
        self.story: list[str] = []

    async def look_up(self) -> str:
        """Look something up."""
        return await self._work("look")

    async def book(self) -> str:
        """Book something."""
        return await self._work("book")

    async def _work(self, what: str) -> str:
        try:
            await asyncio.sleep(1.0)
        except asyncio.CancelledError:
            self.story.append(f"{what} cancelled")
            raise
        self.story.append(f"{what} done")
        return "fine"


def watched(state: State, desk: Desk, cuts: list[Cut]) -> Bot:
    tools = [tool(kind=ToolKind.PURE)(desk.look_up), tool(desk.book)]
    turns = Turns(model=FakeTurnModel([0.1, 0.9, 0.9]), tools=tools, speculate=state.speculate)
    llm = FakeLLM([state.first], otherwise="All is well.", ttft=0.3)

    def bot(session: Session) -> Pipeline:
        cuts.append(Cut(session, state))
        session.observers.append(cuts[0])
        pipeline = voice_bot(llm, turns=turns, tts=FakeTTS(ttfa=state.tts))(session)
        assert isinstance(pipeline, Pipeline)
        return pipeline

    return bot


@pytest.mark.parametrize("seed", SEEDS[:2])
@pytest.mark.parametrize("name", STATES)
def test_nothing_of_a_cancelled_answer_comes_through_and_the_rest_goes_on(
    name: str, seed: int | None
) -> None:
    state, desk, cuts = STATES[name], Desk(), list[Cut]()
    script = [Say("First question?", after(0.5))]
    script += [Say("Yeah.", bot_starts(0.5), 0.3)] if state.overlap else []
    script.append(Say("Second question?", after(6.0)))
    call = run_call(watched(state, desk, cuts), script, seed=seed, quiet=3.0)
    cut = cuts[0]
    assert cut.at is not None
    assert len(cut.responses) == 1
    assert cut.after == []
    assert set(cut.working) == {0}
    assert not [word for word in call.words if cut.at + 0.02 < word.start < cut.at + 0.1]
    check_call(call)
    assert call.result.errors == ()
    yeah = ["Yeah."] if state.overlap else []
    assert user_texts(call) == ["First question?", *yeah, "Second question?"]
    assert call.bot_turns[-1].text == "All is well."
    assert LONG not in call.bot_text


def test_what_has_begun_to_change_something_goes_on_and_the_rest_is_stopped() -> None:
    for name, story, results in (
        ("a pure tool runs", ["look cancelled"], 0),
        ("an effectful tool runs", ["book done"], 1),
        ("speculative, a tool runs", ["look cancelled"], 0),
    ):
        desk, cuts = Desk(), list[Cut]()
        call = run_call(watched(STATES[name], desk, cuts), [Say("First question?", after(0.5))], quiet=4.0)
        assert desk.story == story
        assert len([m for m in call.messages if isinstance(m, ToolMessage)]) == results
