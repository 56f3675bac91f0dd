"""Calls made up at random: whatever happens, what a client is told is what was said and heard."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import pytest

from antiphon.context import AssistantMessage, UserMessage
from antiphon.session import Ended
from antiphon.testing import (
    Answer,
    Call,
    Fail,
    FakeLLM,
    FakeSTT,
    FakeTTS,
    FakeTurnModel,
    LogNormal,
    MakeNoise,
    Say,
    Step,
    When,
    after,
    voice_bot,
)
from antiphon.turns.fluent import FluentTurns
from antiphon.turns.state import Policy
from effort import seeds
from rtvi.kit import Act, Line, held

ASKED = "tell me more about the weather in this town please and then stop it now"
ANSWERED = "clouds will gather over that old harbour before night falls upon every quiet roof"


def _sentence(rng: random.Random, vocabulary: str) -> str:
    words = " ".join(rng.choice(vocabulary.split()) for _ in range(rng.randint(1, 7)))
    return words.capitalize() + rng.choice([".", "?", ""])


def _step(rng: random.Random) -> Step:
    when: When = after(rng.choice([0.05, 0.3, 0.7, 1.5, 3.0, 8.0]) * rng.uniform(0.5, 1.5))
    return Say(_sentence(rng, ASKED), when) if rng.random() < 0.8 else MakeNoise(rng.uniform(0.05, 0.6), when)


def _answer(rng: random.Random) -> Answer:
    text = " ".join(_sentence(rng, ANSWERED) for _ in range(rng.randint(1, 4)))
    return Answer(text, fault=Fail(2) if rng.random() < 0.1 else None)


def _delay(rng: random.Random, median: float) -> LogNormal:
    median *= rng.choice([0.3, 1.0, 3.0])
    return LogNormal(median, median * 4, seed=rng.randrange(1000))


def hold(seed: int, policy: Policy) -> tuple[Line, Call, list[str]]:
    """A call, and what the client typed in it."""
    rng, line = random.Random(seed), Line()
    script = [_step(rng) for _ in range(rng.randint(3, 10))]
    typed: list[str] = []
    acts: list[Act] = []
    for _ in range(rng.randrange(3)):
        typed.append(_sentence(rng, ASKED))
        options = {"audio_response": rng.random() < 0.7, "run_immediately": rng.random() < 0.7}
        acts.append(line.says(rng.uniform(1, 12), "send-text", {"content": typed[-1], "options": options}))
    bot = voice_bot(
        FakeLLM([_answer(rng) for _ in range(40)], ttft=_delay(rng, 0.3), per_token=_delay(rng, 0.02)),
        stt=FakeSTT(delay=_delay(rng, 0.2), partial_every=rng.choice([None, 0.1, 0.3])),
        tts=FakeTTS(ttfa=_delay(rng, 0.15), piece=rng.choice([0.02, 0.1, 0.5])),
        model=FakeTurnModel(delay=_delay(rng, 0.05)),
        machine=FluentTurns(policy),
    )
    script.append(Say("Goodbye.", after(14.0)))
    return line, held(bot, script, line, acts, seed=seed), typed


def words(*texts: str) -> list[str]:
    return sorted(" ".join(texts).split())


def check_segments(line: Line) -> None:
    lives: dict[int, list[Any]] = {}
    for data in line.data("bot-output"):
        lives.setdefault(data["segment_id"], []).append(data)
    for life in lives.values():
        if not life[0]["will_be_spoken"]:
            assert len(life) == 1
            continue
        told = [data["spoken_progress"]["accumulated_text"] for data in life]
        assert [data["spoken_status"] for data in life].count("new") == 1
        assert life[0]["spoken_status"] == "new"
        assert life[-1]["spoken_status"] == "completed" or "interrupted" in life[-1]
        assert all(after.startswith(before) for before, after in pairwise(told))


def check_pairs(line: Line) -> None:
    for kind in ("bot-llm", "bot-tts"):
        assert len(line.of(f"{kind}-started")) == len(line.of(f"{kind}-stopped"))
    for who in ("bot", "user"):
        spells = [m.type for m in line.of(f"{who}-started-speaking", f"{who}-stopped-speaking")]
        assert spells == [f"{who}-started-speaking", f"{who}-stopped-speaking"] * (len(spells) // 2)


@pytest.mark.parametrize("policy", [Policy(), Policy(speculate=True)], ids=["plain", "speculative"])
@pytest.mark.parametrize("seed", seeds(12))
def test_a_client_is_told_the_truth_about_any_call(seed: int, policy: Policy) -> None:
    line, call, typed = hold(seed, policy)
    assert call.result.ended is Ended.ENDED
    assert call.leftover == ()
    heard = " ".join(data["text"] for data in line.data("bot-tts-text"))
    assert heard == call.bot_text
    finals = [data["text"] for data in line.data("user-transcription") if data["final"]]
    known = [message.text for message in call.messages if isinstance(message, UserMessage)]
    assert words(*finals, *typed) == words(*known)
    answers = {m.said for m in call.messages if isinstance(m, AssistantMessage) and m.interrupted}
    cuts = [data["interrupted"]["heard"] for data in line.data("bot-output") if "interrupted" in data]
    assert set(cuts) <= answers
    check_segments(line)
    check_pairs(line)
