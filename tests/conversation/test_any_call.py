"""Calls made up at random: whatever the caller does and however slow the services are, the truth holds."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from antiphon.services.filler import Filler
from antiphon.services.turns import Turns
from antiphon.session import Ended
from antiphon.testing import (
    Answer,
    Bot,
    Call,
    Fail,
    FakeLLM,
    FakeSTT,
    FakeTTS,
    FakeTurnModel,
    HangUp,
    LogNormal,
    MakeNoise,
    Say,
    Step,
    Type,
    When,
    after,
    run_call,
    voice_bot,
)
from antiphon.text.first_sentences import AfterSentences
from antiphon.turns.fluent import FluentTurns
from antiphon.turns.state import Policy
from conversation.kit import check_call, simple_bot, user_texts
from effort import seeds

TEXT = "tell me more about the weather in this town please and then stop it now"
ANSWER = "clouds will gather over that old harbour before night falls upon every quiet roof"


def _text(rng: random.Random, vocabulary: str = TEXT) -> str:
    words = " ".join(rng.choice(vocabulary.split()) for _ in range(rng.randint(1, 7)))
    return words.capitalize() + rng.choice([".", "?", ""])


def _step(rng: random.Random) -> Step:
    when: When = after(rng.choice([0.05, 0.3, 0.7, 1.5, 3.0, 8.0]) * rng.uniform(0.5, 1.5))
    kind = rng.random()
    if kind < 0.7:
        return Say(_text(rng), when)
    return MakeNoise(rng.uniform(0.05, 0.6), when) if kind < 0.85 else Type(_text(rng), when)


def _answers(rng: random.Random) -> list[str | Answer]:
    answers: list[str | Answer] = []
    for _ in range(40):
        text = " ".join(_text(rng, ANSWER) for _ in range(rng.randint(1, 4)))
        answers.append(Answer(text, fault=Fail(2)) if rng.random() < 0.1 else text)
    return answers


def _delay(rng: random.Random, median: float) -> LogNormal:
    median *= rng.choice([0.3, 1.0, 3.0])
    return LogNormal(median, median * 4, seed=rng.randrange(1000))


def speculative_bot(llm: FakeLLM | None = None, **services: Any) -> Bot:
    """The usual bot, answering before it is certain."""
    return voice_bot(llm, machine=FluentTurns(Policy(speculate=True)), **services)


def careful_bot(llm: FakeLLM | None = None, *, model: FakeTurnModel, **services: Any) -> Bot:
    """One whose first sentence must be heard, with fillers, a small budget and speculation."""
    filler = Filler(("Hold on.", "Just a moment."), after=0.6)
    turns = Turns(model=model, interruptible=AfterSentences(), filler=filler, budget=90, speculate=True)
    return voice_bot(llm, turns=turns, **services)


def insisting_bot(llm: FakeLLM | None = None, *, model: FakeTurnModel, **services: Any) -> Bot:
    """One that cannot be interrupted."""
    return voice_bot(llm, turns=Turns(model=model, interruptible=False), **services)


def _call(seed: int, bot: Callable[..., Bot]) -> Call:
    rng = random.Random(seed)
    script = [_step(rng) for _ in range(rng.randint(3, 12))]
    if rng.random() < 0.2:
        script.append(HangUp(after(rng.uniform(0, 4))))
    made = bot(
        FakeLLM(_answers(rng), ttft=_delay(rng, 0.3), per_token=_delay(rng, 0.02)),
        stt=FakeSTT(
            delay=_delay(rng, 0.2), partial_every=rng.choice([None, 0.1, 0.3]), gated=rng.random() < 0.7
        ),
        tts=FakeTTS(
            ttfa=_delay(rng, 0.15),
            per_piece=rng.choice([0.0, 0.02, 0.08]),
            piece=rng.choice([0.02, 0.033, 0.1, 0.5]),
        ),
        model=FakeTurnModel(delay=_delay(rng, 0.05)),
    )
    return run_call(made, script, seed=seed, quiet=6.0)


def check_user(call: Call) -> None:
    """Every word that the caller said or typed is in the conversation, once."""
    steps = [*(spoken.step for spoken in call.spoken), *call.typed]
    said = " ".join(step.text for step in steps if isinstance(step, (Say, Type)))
    assert sorted(" ".join(user_texts(call)).split()) == sorted(said.split())


BOTS = [simple_bot, voice_bot, speculative_bot, careful_bot, insisting_bot]


@pytest.mark.parametrize("bot", BOTS)
@pytest.mark.parametrize("seed", seeds(15))
def test_the_truth_about_any_call(seed: int, bot: Callable[..., Bot]) -> None:
    call = _call(seed, bot)
    check_call(call)
    if call.result.ended is Ended.ENDED:
        check_user(call)
