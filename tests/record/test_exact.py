"""Replay is exact whatever the order of ready tasks was, in real time too, and for every kind of input."""

from __future__ import annotations

import asyncio
import io
import random
from collections.abc import Callable, Sequence

import pytest

from antiphon.clock import run_real, run_virtual
from antiphon.context import ToolCall
from antiphon.judgement import Judgement
from antiphon.record import read_records
from antiphon.record.records import Ran
from antiphon.services.filler import Filler
from antiphon.services.turns import Turns
from antiphon.testing import (
    Answer,
    Bot,
    EndpointingSTT,
    FakeLLM,
    FakeTool,
    FakeTurnModel,
    Press,
    PressTalkKey,
    ReleaseTalkKey,
    Say,
    Step,
    after,
    bot_starts,
    voice_bot,
)
from antiphon.turns.state import Policy
from effort import seeds
from record.calls import LONG, random_call
from record.kit import END, Recording, difference, held, record_call, replay_call

ASK = Say("What is the capital of Australia?")
TOOL = Answer(tools=(ToolCall("c1", "look", {"what": "it"}),))


def assert_exact(recording: Recording, make: Callable[[], Bot]) -> None:
    replayed, frames = replay_call(make, recording.log)
    assert not difference(frames, recording.frames)
    assert replayed.same
    assert replayed.result == recording.call.result
    assert (replayed.loose, replayed.unclaimed, replayed.unanswered) == (0, 0, 0)


def shuffled(seed: int) -> None:
    script, make = random_call(seed)
    assert_exact(run_virtual(held(make, script), seed=seed * 7 + 1), make)


@pytest.mark.parametrize("seed", seeds(4))
def test_a_call_with_shuffled_tasks_replays_exactly(seed: int) -> None:
    shuffled(seed)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_hundred_calls_with_shuffled_tasks_replay_exactly() -> None:
    for seed in range(4, 204):
        shuffled(seed)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_fifty_calls_at_once_in_real_time_replay_exactly() -> None:
    calls = [random_call(seed) for seed in range(50)]

    async def all_at_once() -> list[Recording]:
        return await asyncio.gather(*(held(make, script) for script, make in calls))

    for recording, (_, make) in zip(run_real(all_at_once()), calls, strict=True):
        assert_exact(recording, make)


def with_tools() -> Bot:
    tool = FakeTool("look", {"found": 3}, delay=0.7)
    turns = Turns(model=FakeTurnModel(), tools=[tool.tool], filler=Filler(("One moment.",), after=0.4))
    return voice_bot(FakeLLM([TOOL], otherwise=LONG), turns=turns)


def with_push_to_talk() -> Bot:
    return voice_bot(FakeLLM(otherwise=LONG), turns=Turns(policy=Policy(push_to_talk=True)))


def with_judgement() -> Bot:
    model = FakeLLM(["<wait>"], otherwise=LONG)
    return voice_bot(model, turns=Turns(model=FakeTurnModel(), policy=Policy(judgement=Judgement())))


def with_endpointing() -> Bot:
    return voice_bot(FakeLLM(otherwise=LONG), stt=EndpointingSTT(), turns=Turns())


KINDS: dict[str, tuple[Callable[[], Bot], Sequence[Step]]] = {
    "tools and fillers": (with_tools, [ASK, Say("Stop that!", after(6))]),
    "a tool that is interrupted": (with_tools, [ASK, Say("No, stop that!", after(0.9))]),
    "push-to-talk": (with_push_to_talk, [PressTalkKey(), ASK, ReleaseTalkKey(after(0.3))]),
    "an end of turn told by the recogniser": (with_endpointing, [ASK, Say("And now?", bot_starts(1))]),
    "the language model's judgement": (with_judgement, [Say("I would like, um"), Say("to go.", after(2))]),
    "keys": (lambda: voice_bot(FakeLLM(otherwise=LONG)), [ASK, Press("5", bot_starts(0.3)), Press("#")]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_input_is_replayed(kind: str) -> None:
    make, script = KINDS[kind]
    assert_exact(run_virtual(held(make, script), seed=3), make)


def test_a_log_of_a_crashed_process_replays_up_to_its_end() -> None:
    recording = record_call(with_tools, [ASK])
    numbers = random.Random(1)
    for _ in seeds(12):
        data = recording.data[: numbers.randrange(2000, len(recording.data))]
        replayed, frames = replay_call(with_tools, read_records(io.BytesIO(data)))
        told = [crossed for crossed in frames if crossed.frame.name != "CancelFrame"]
        shared = [a == b for a, b in zip(told, recording.frames, strict=False)]
        same = shared.index(False) if False in shared else len(shared)
        assert replayed.agreed == replayed.checked
        assert {crossed.frame.name for crossed in told[same:]} <= END


def test_the_order_of_steps_takes_little_room() -> None:
    recording = record_call(lambda: voice_bot(FakeLLM(otherwise=LONG)), [ASK, ASK])
    steps = [record for record in recording.log.records if isinstance(record, Ran)]
    size = sum(len(step.steps) for step in steps)
    assert 100 < size < 200 * recording.call.seconds
