"""Contract, line 8: after an interruption the context holds what the user heard, to the word."""

from __future__ import annotations

import pytest

from antiphon.testing import (
    Call,
    FakeLLM,
    FakeTTS,
    LogNormal,
    Say,
    after,
    bot_starts,
    bot_stops,
    run_call,
)
from antiphon.transports.memory import MemoryTransport
from conversation.kit import SEEDS, answers, check_call, plain, simple_bot

ANSWER = (
    "Yes of course, I can tell you more. The first thing to know is that a word counts once half was heard."
)
LENGTH_MS = 6600
"""How long the answer takes, and a little more."""


def _interrupted(offset: float, *, seed: int | None = None, tts: FakeTTS | None = None) -> Call:
    llm = FakeLLM([ANSWER, "Fine."], per_token=0.0)
    script = [Say("Tell me?"), Say("Stop.", bot_starts(offset))]
    return run_call(simple_bot(llm, tts=tts or FakeTTS()), script, seed=seed, quiet=0.5)


@pytest.mark.parametrize("step", [190, pytest.param(10, marks=pytest.mark.slow)])
def test_barge_in_at_every_moment_of_an_answer(step: int) -> None:
    lengths: set[int] = set()
    for offset in range(0, LENGTH_MS, step):
        call = _interrupted(offset / 1000)
        check_call(call)
        lengths.add(len(plain(answers(call)[0].said).split()))
    assert len(lengths) > 15
    assert step > 100 or lengths == set(range(len(ANSWER.split()) + 1))


@pytest.mark.parametrize("seed", SEEDS)
def test_barge_in_whatever_the_order_of_tasks(seed: int | None) -> None:
    for offset in range(200, 3000, 670):
        check_call(_interrupted(offset / 1000, seed=seed))


@pytest.mark.parametrize("speed", [0.05, 0.12])
def test_a_voice_hardly_faster_than_speech(speed: float) -> None:
    """Timings count as they come: an interruption in the middle of a sentence that is still being made."""
    for offset in range(300, 4000, 810):
        tts = FakeTTS(per_piece=LogNormal(speed, speed * 1.5, seed=offset), piece=0.13)
        check_call(_interrupted(offset / 1000, tts=tts))


def test_without_timings_heard_is_estimated() -> None:
    for offset in range(300, 5000, 490):
        call = _interrupted(offset / 1000, tts=FakeTTS(timings=False))
        message = answers(call)[0]
        assert message.generated.startswith(message.said)
        words = len(plain(message.said).split())
        proven = len(call.bot_turns[0].text.split())
        assert abs(words - proven) <= 2


@pytest.mark.parametrize("lead_ms", [40, 200])
def test_a_peer_that_buffers_and_can_take_back(lead_ms: int) -> None:
    for offset in range(100, 3000, 570):
        line = MemoryTransport(lead_ms=lead_ms, takes_back=True)
        llm = FakeLLM([ANSWER, "Fine."], per_token=0.0)
        script = [Say("Tell me?"), Say("Stop.", bot_starts(offset / 1000))]
        call = run_call(simple_bot(llm), script, transport=line, quiet=0.5)
        first = answers(call)[0]
        assert first.interrupted
        assert plain(first.said) == call.bot_text.removesuffix("Fine.").strip()


def test_f1_five_words_were_played_and_the_context_holds_five() -> None:
    call = _interrupted(1.25)
    said = plain(answers(call)[0].said)
    assert said == call.bot_turns[0].text
    assert len(said.split()) == 5


def test_an_answer_heard_out_is_kept_as_it_was_written() -> None:
    written = "One  two,\n\nthree *four* five.  "
    call = run_call(simple_bot(FakeLLM([written])), [Say("Count?")])
    assert answers(call)[0].said == written
    assert not answers(call)[0].interrupted
    assert call.bot_text == "One two, three four five."


def test_an_answer_that_nobody_heard_is_not_in_the_next_request() -> None:
    llm = FakeLLM(["Never heard at all.", "Second."], ttft=0.5)
    script = [Say("First question?"), Say("No, wait.", after(0.5))]
    call = run_call(simple_bot(llm), script)
    assert call.bot_text == "Second."
    assert [type(message).__name__ for message in llm.contexts[1].messages] == ["UserMessage", "UserMessage"]


def test_the_last_sample_leaves_within_a_packet_of_the_decision() -> None:
    for offset in range(500, 3000, 490):
        call = _interrupted(offset / 1000)
        (decided,) = [at for at, frame in call.decisions if frame.decision == "Interrupt"]
        during = [packet.at for packet in call.packets if packet.at > decided and packet.at < decided + 0.3]
        assert len(during) <= 1, "at most the fade"
        spoken = [word for word in call.words if decided + 0.02 < word.start < decided + 0.3]
        assert spoken == []


def test_two_barge_ins_in_one_call() -> None:
    script = [
        Say("One?"),
        Say("Two?", bot_starts(1.0)),
        Say("Three?", bot_starts(2.0)),
        Say("Bye.", bot_stops(1.0)),
    ]
    llm = FakeLLM([ANSWER, ANSWER, "Third answer.", "Bye now."])
    with llm:
        call = run_call(simple_bot(llm), script)
    check_call(call)
    assert [message.interrupted for message in answers(call)] == [True, True, False, False]
