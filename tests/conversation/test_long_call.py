"""A ten-minute call with forty turns and barge-ins, in about a second; a third of it where time is short."""

from __future__ import annotations

from antiphon.clock import perf_seconds
from antiphon.context import Context
from antiphon.testing import (
    Call,
    FakeLLM,
    FakeSTT,
    FakeTTS,
    LogNormal,
    Say,
    Step,
    after,
    bot_starts,
    bot_stops,
    run_call,
)
from conversation.kit import answers, check_call, reports, simple_bot, user_texts
from effort import spread

TURNS = len(spread(range(40)))
LIMIT = 60.0
"""Seconds, on a machine that is busy with other things. The aim is one, on one that is not."""


def _script() -> list[Step]:
    """Every fourth time the caller interrupts; the other times the bot is heard out."""
    steps: list[Step] = [Say("Good morning, is this turn number zero?", after(1.0))]
    for turn in range(1, TURNS):
        when = bot_starts(1.5 + turn % 3) if turn % 4 == 0 else bot_stops(0.4 + turn % 5)
        steps.append(Say(f"And what about turn number {turn} in all?", when))
    return steps


def _answer(context: Context) -> str:
    turn = sum(1 for message in context.messages if message.__struct_config__.tag == "user")
    return (
        f"This is answer number {turn}, and it begins with a clause. It goes on with a sentence that takes "
        "its time, because people like to hear something before they speak again. Then it comes to an end."
    )


def _hold() -> Call:
    bot = simple_bot(
        FakeLLM(otherwise=_answer, ttft=LogNormal(0.3, 0.9, seed=1)),
        stt=FakeSTT(delay=LogNormal(0.1, 0.3, seed=2)),
        tts=FakeTTS(ttfa=LogNormal(0.15, 0.4, seed=3)),
    )
    return run_call(bot, _script())


def test_a_long_call_in_a_moment() -> None:
    began = perf_seconds()
    call = _hold()
    took = perf_seconds() - began
    heard = sum(1 for message in answers(call) if not message.interrupted)
    reports.append(
        f"long call: {call.seconds:.0f} s, {len(user_texts(call))} turns, {heard} answers heard out, "
        f"{len(call.packets)} packets, in {took:.2f} s"
    )
    check_call(call)
    assert len(user_texts(call)) == TURNS
    assert call.seconds > 13.5 * TURNS
    assert took < LIMIT
