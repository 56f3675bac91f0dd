"""A simulated caller with a real voice: real ears hear it, in virtual time."""

from __future__ import annotations

import pytest

from antiphon.pipeline import Pipeline
from antiphon.services.turns import Turns
from antiphon.session import Session
from antiphon.testing import Answer, FakeLLM, MakeNoise, Say, after, bot_starts, expect, run_call
from antiphon.testing.call_timeline import CallWatcher
from antiphon.text.words import normalise

pytestmark = [pytest.mark.slow, pytest.mark.alone]

STORY = (
    "The harbour is very old, and it was built of stone by people who came from the north long ago. "
    "They stayed for many winters, and built the walls that you can see today."
)


def test_a_spoken_caller_is_understood_and_stops_the_bot() -> None:
    from antiphon.services.local import Hibari, Moonshine, SileroVAD, SmartTurn

    llm = FakeLLM([Answer(STORY, when="old")], otherwise="It is noon.")

    def bot(session: Session) -> Pipeline:
        turns = Turns(model=SmartTurn())
        ends = session.transport
        return Pipeline([ends.input(), SileroVAD(), Moonshine(), turns, llm, Hibari(), ends.output()])

    script = [
        Say("Can you tell me about the old harbour?", after(0.5)),
        MakeNoise(0.15, bot_starts(1.0)),
        Say("Stop, what time is it?", after(2.0)),
    ]
    watcher = CallWatcher()
    call = run_call(watcher.watch(bot), script, voice=Hibari())
    expect(call).is_true().interruptions(True, False).heard_in_order("The harbour", "It is noon.")
    expect(call).not_heard("today").yielded_within(0.5)
    assert not call.tagged
    assert not watcher.tagged
    turns = [turn for turn in watcher.timeline().turns if turn.outcome == "committed"]
    assert [normalise(turn.text)[-3:] for turn in turns] == [["the", "old", "harbor"], ["time", "is", "it"]]
