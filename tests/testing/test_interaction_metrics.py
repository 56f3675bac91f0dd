"""The metrics, on calls whose figures can be told beforehand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.testing import (
    Backchannel,
    Call,
    FakeLLM,
    FakeSTT,
    FakeTTS,
    GoOn,
    MakeNoise,
    Say,
    SideTalk,
    Step,
    after,
    bot_starts,
    measure,
    run_call,
    voice_bot,
)
from antiphon.testing.call_speech import bot_speech, user_turns
from antiphon.testing.metrics import Metrics, percentile, together
from antiphon.turns.fluent import FluentTurns
from antiphon.turns.overlap import WordJudge
from antiphon.turns.rules import MuteWhile
from antiphon.turns.simple import SimpleTurns
from antiphon.turns.state import Policy

LONG = "The harbour is very old and it was built of stone by people who came from the north long ago."


def talk(script: list[Step], **bot: Any) -> Call:
    llm = FakeLLM(otherwise=LONG, ttft=0.3, per_token=0.0)
    return run_call(voice_bot(llm, stt=FakeSTT(delay=0.25), tts=FakeTTS(ttfa=0.12), **bot), script)


def test_response_latency_is_from_the_end_of_speech_to_the_first_sound() -> None:
    call = talk([Say("What is the weather?")])
    (latency,) = measure(call).response_latencies
    assert latency == pytest.approx(call.bot_turns[0].start - call.spoken[0].end, abs=0.021)
    assert 0.06 + 0.25 + 0.3 + 0.12 <= latency < 0.85
    assert measure(call).response_rate == 1.0


def test_a_turn_that_is_never_answered_counts() -> None:
    metrics = measure(run_call(voice_bot(FakeLLM()), [Say("Hello?")]))
    assert (metrics.turns, metrics.response_rate) == (1, 0.0)


def test_yielding_takes_as_long_as_detection() -> None:
    metrics = measure(talk([Say("Tell me."), Say("No, something else please.", bot_starts(1.0))]))
    (latency,) = metrics.yield_latencies
    assert 0.2 < latency < 0.28
    assert (metrics.interruptions, metrics.yield_rate) == (1, 1.0)


def test_a_bot_that_does_not_listen_does_not_yield() -> None:
    muted = FluentTurns(Policy(mute=frozenset({MuteWhile.BOT_SPEAKS})))
    metrics = measure(talk([Say("Tell me."), Say("No, something else.", bot_starts(1.0))], machine=muted))
    assert (metrics.interruptions, metrics.yield_rate) == (1, 0.0)


def test_a_pause_is_kept_but_not_strictly() -> None:
    cautious = FluentTurns(Policy(overlap_after=0.0, judge=WordJudge(short=0.0, hum=0.0)))
    script: list[Step] = [Say("Tell me."), MakeNoise(0.4, bot_starts(1.0))]
    metrics = measure(talk(script, machine=cautious))
    assert (metrics.selectivity.rate, metrics.selectivity.strict_rate) == (1.0, 0.0)
    assert metrics.interruptions == 0


def test_a_pause_for_a_signal_lasts_until_it_is_known_for_what_it_is() -> None:
    call = talk([Say("Tell me."), Backchannel("Right.", bot_starts(1.0))])
    (pause,) = measure(call).pauses
    (heard,) = [spoken for spoken in call.spoken if isinstance(spoken.step, Backchannel)]
    kinds = ("PauseBot", "ReleaseBot")
    fell_silent, went_on = (at for at, frame in call.decisions if frame.decision in kinds)
    assert heard.start < fell_silent < heard.end < went_on
    assert pause == pytest.approx(went_on - fell_silent, abs=0.04)


def test_a_bot_that_is_not_disturbed_does_not_pause() -> None:
    deaf = FluentTurns(Policy(mute=frozenset({MuteWhile.BOT_SPEAKS})))
    metrics = measure(talk([Say("Tell me."), Backchannel("Mm-hm.", bot_starts(1.0))], machine=deaf))
    assert metrics.pauses == (0.0,)
    assert metrics.selectivity.strict_rate == 1.0


def test_muffled_side_talk_is_ignored_and_loud_one_is_not() -> None:
    def talked(words: SideTalk) -> Metrics:
        return measure(talk([Say("Tell me about it."), words]))

    muffled = talked(SideTalk("Put it on the table.", bot_starts(1.0))).signals["side talk"]
    loud = talked(SideTalk("Put it on the table.", bot_starts(1.0), muffled=False)).signals["side talk"]
    assert (muffled.rate, muffled.strict_rate) == (1.0, 1.0)
    assert (loud.rate, loud.strict_rate) == (0.0, 0.0)


def test_a_bot_that_stops_for_a_cough_is_not_selective() -> None:
    call = talk([Say("Tell me."), MakeNoise(0.4, bot_starts(1.0))], machine=SimpleTurns())
    assert measure(call).signals["tic"].rate == 0.0


def test_signals_in_silence() -> None:
    ignored = measure(talk([MakeNoise(0.3, after(1.0))])).signals["tic"]
    minded = measure(talk([SideTalk("Put it on the table.", after(1.0))])).signals["side talk"]
    owed = measure(talk([Say("Tell me."), MakeNoise(0.2, after(0.5))])).signals["tic"]
    assert (ignored.rate, minded.rate, owed.rate) == (1.0, 0.0, 1.0)


def test_a_bot_that_speaks_in_a_pause_interrupts() -> None:
    script: list[Step] = [Say("I would like this."), GoOn("And that.", after(1.5))]
    metrics = measure(talk(script))
    assert (metrics.user_turns, metrics.spoken_over, metrics.interruption_rate) == (1, 1, 1.0)


def test_the_parts_of_a_turn_are_one_turn() -> None:
    call = talk([Say("I would like to"), GoOn("fly to Rome.", after(0.8))])
    (turn,) = user_turns(call)
    assert turn.text == "I would like to fly to Rome."
    assert (turn.start, turn.end) == (call.spoken[0].start, call.spoken[1].end)
    assert len(bot_speech(call)) == 1


@given(st.lists(st.floats(0, 10), min_size=1), st.floats(0, 100))
def test_percentiles_are_values_that_occurred(values: list[float], percent: float) -> None:
    found = percentile(values, percent)
    assert found in values
    assert percentile(values, 100) == max(values)


def test_many_calls_together() -> None:
    one = Metrics(response_latencies=(0.5,), turns=1, user_turns=1)
    other = Metrics(response_latencies=(0.7, 0.9), turns=3, user_turns=3, spoken_over=1)
    both = together([one, other])
    assert both.response_rate == 0.75
    assert both.interruption_rate == 0.25
    assert both.summary()["response_latency_median_ms"] == 700.0
    assert together([]).summary()["selectivity"] is None
