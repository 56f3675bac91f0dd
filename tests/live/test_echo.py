"""Real voices in one room: what the bot says comes back to its microphone, in virtual time."""

from __future__ import annotations

import pytest

from antiphon.pipeline import Pipeline
from antiphon.services.turns import Turns
from antiphon.session import Session
from antiphon.testing import Answer, Bot, Call, FakeLLM, Say, Step, after, bot_starts, expect, run_call
from antiphon.testing.network import Network, NetworkTransport

pytestmark = pytest.mark.slow

MINUS_12_DB = 10 ** (-12 / 20)

STORY = (
    "The harbour is very old, and it was built of stone by people who came from the north long ago. "
    "They stayed for many winters, and built the walls that you can see today."
)
QUESTION = Say("Can you tell me about the old harbour?", after(0.5))


def call_with_echo(echo: float, *steps: Step) -> Call:
    """A call with real ears and real voices, and a loudspeaker as loud as that."""
    from antiphon.services.local import Hibari, Moonshine, SileroVAD, SmartTurn

    llm = FakeLLM([Answer(STORY, when="old")], otherwise="It is noon.")

    def bot(session: Session) -> Pipeline:
        ends = session.transport
        turns = Turns(model=SmartTurn())
        return Pipeline([ends.input(), SileroVAD(), Moonshine(), turns, llm, Hibari(), ends.output()])

    room = NetworkTransport(Network(echo=echo, echo_delay=0.15))
    made: Bot = bot
    return run_call(made, [QUESTION, *steps], voice=Hibari(), transport=room)


@pytest.mark.parametrize("echo", [MINUS_12_DB, 1.0])
def test_an_answer_out_of_a_loudspeaker_is_heard_to_its_end(echo: float) -> None:
    call = call_with_echo(echo)
    expect(call).is_true().interruptions(False).heard_in_order("The harbour", "today")
    assert not call.tagged


def test_the_user_is_heard_through_the_echo() -> None:
    call = call_with_echo(MINUS_12_DB, Say("Stop, what time is it?", bot_starts(3.0)))
    expect(call).is_true().interruptions(True, False).not_heard("today").yielded_within(1.5)
