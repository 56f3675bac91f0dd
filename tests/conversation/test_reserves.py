"""Whole calls in which a service fails and another stands behind it: the user notices little."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from antiphon.services.base import LLM, STT, TTS
from antiphon.services.combinators import Cache, Fallback, Hedge, Retry
from antiphon.session import Ended
from antiphon.testing import (
    Answer,
    Bot,
    Call,
    Fail,
    FakeLLM,
    FakeSTT,
    FakeTTS,
    Say,
    Stall,
    after,
    expect,
    run_call,
    voice_bot,
)
from conversation.kit import SEEDS, check_call, user_texts
from effort import seeds
from record.kit import record_call, replay_call

KEY = "The key for the model is wrong: set OPENAI_API_KEY."
SCRIPT = [Say("What is the weather in Rome?"), Say("And in Paris, please?", after(6.0))]
SAID = ["What is the weather in Rome?", "And in Paris, please?"]


def refusing() -> LLM:
    """A model whose key is wrong, and another behind it."""
    wrong = FakeLLM(otherwise=Answer("never", fault=Fail(0, KEY, fatal=True)))
    return Fallback([wrong, FakeLLM(otherwise="It is sunny there.")])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_model_that_refuses_is_replaced_and_the_user_gets_an_answer(seed: int | None) -> None:
    call = run_call(voice_bot(refusing()), SCRIPT, seed=seed)
    check_call(call)
    expect(call).ended(Ended.ENDED).is_true()
    assert user_texts(call) == SAID
    assert [turn.text for turn in call.bot_turns] == ["It is sunny there."] * 2
    assert [error.error for error in call.result.errors] == [
        f"FakeLLM failed, FakeLLM is asked instead: {KEY}"
    ]
    assert not call.result.errors[0].fatal


def breaking_ears() -> STT:
    return FakeSTT(fault=[Fail(0), Fail(2)])


def reserved_ears() -> STT:
    return Fallback([FakeSTT(fault=[Fail(1, fatal=True)]), FakeSTT(fault=[Fail(0)])])


def breaking_voice() -> TTS:
    return Fallback([Cache(FakeTTS(faults={0: Fail(3)})), Retry(FakeTTS(faults={0: Fail(0)}))])


def quick_model() -> LLM:
    return Hedge(FakeLLM(otherwise=Answer("Slow.", fault=Stall(0, 9.0))), FakeLLM(otherwise="Quick."))


BOTS: dict[str, Callable[[], Bot]] = {
    "a model that refuses": lambda: voice_bot(refusing()),
    "a recogniser that breaks off": lambda: voice_bot(stt=breaking_ears()),
    "recognisers that both fail": lambda: voice_bot(stt=reserved_ears()),
    "voices that fail": lambda: voice_bot(tts=breaking_voice()),
    "a slow model": lambda: voice_bot(quick_model()),
}


@pytest.mark.parametrize("name", BOTS)
@pytest.mark.parametrize("seed", SEEDS)
def test_every_word_of_the_user_is_answered_whatever_fails(name: str, seed: int | None) -> None:
    call = run_call(BOTS[name](), SCRIPT, seed=seed, quiet=6.0)
    assert call.leftover == ()
    assert call.result.ended is Ended.ENDED
    assert user_texts(call) == SAID
    assert len(call.bot_turns) == 2


@pytest.mark.parametrize("name", BOTS)
def test_a_recorded_call_is_replayed_exactly_with_all_that_failed(name: str) -> None:
    recorded = record_call(BOTS[name], SCRIPT)
    replayed, frames = replay_call(BOTS[name], recorded.log)
    assert frames == recorded.frames
    assert replayed.same


def breaking_call(seed: int) -> Call:
    """A call in which the recogniser breaks off now and then, in turns that are said in parts."""
    rng = random.Random(seed)
    stt = FakeSTT(
        delay=rng.uniform(0.02, 0.6),
        partial_every=rng.choice([None, 0.1, 0.3]),
        gated=rng.random() < 0.7,
        fault=[Fail(at) for at in rng.sample(range(0, 14, 2), 4)],
    )
    words = iter(f"{name}{number}" for number in range(9) for name in ("red", "green", "blue", "grey"))
    script = [
        Say(
            " ".join(next(words) for _ in range(rng.randint(1, 3))) + rng.choice([".", "?", ""]), after(pause)
        )
        for pause in (rng.choice([0.1, 0.4, 1.0, 5.0, 9.0]) for _ in range(8))
    ]
    return run_call(voice_bot(FakeLLM(otherwise="I see."), stt=stt), script, seed=seed, quiet=8.0)


@pytest.mark.parametrize("seed", seeds(40))
def test_a_recogniser_that_breaks_off_costs_no_word_and_repeats_none(seed: int) -> None:
    call = breaking_call(seed)
    assert call.result.ended is Ended.ENDED
    said = " ".join(spoken.step.text for spoken in call.spoken if isinstance(spoken.step, Say))
    assert " ".join(user_texts(call)).split() == said.split()
