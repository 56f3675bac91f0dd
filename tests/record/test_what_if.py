"""Another turn policy over a recorded call: what changes is reported; what was never recorded is counted."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from antiphon.record import LogError, Replayed, replay
from antiphon.record.policies import PolicyError, turn_machine
from antiphon.session import Session
from antiphon.testing import Bot, FakeLLM, FakeVAD, Say, Step, after, bot_starts, voice_bot
from antiphon.turns.fluent import FluentTurns
from antiphon.turns.simple import SimpleTurns
from record.kit import Recording, record_call

LONG = "An answer that is long enough to be interrupted by somebody, or so it seems."
SCRIPT: list[Step] = [
    Say("I would like, um"),
    Say("to know the time.", after(1.5)),
    Say("Mm-hm.", bot_starts(1)),
    Say("Stop it now!", after(3)),
]


def make() -> Bot:
    return voice_bot(FakeLLM(otherwise=LONG))


@pytest.fixture(scope="module")
def recording() -> Recording:
    return record_call(make, SCRIPT)


def what_if(recording: Recording, policy: str) -> Replayed:
    return replay(recording.log, make(), machine=lambda model: turn_machine(policy, model))


def test_the_same_policy_changes_nothing(recording: Recording) -> None:
    plain, same = replay(recording.log, make()), what_if(recording, "fluent")
    assert same.events == plain.events
    assert same.figures == plain.figures
    assert same.guessed == 0


def test_simple_turns_take_a_backchannel_for_an_interruption(recording: Recording) -> None:
    plain, simple = replay(recording.log, make()), what_if(recording, "simple")
    assert (plain.figures.turns, plain.figures.interruptions, plain.figures.dismissed) == (2, 1, 1)
    assert (simple.figures.turns, simple.figures.dismissed) == (4, 0)
    assert simple.figures.interruptions > plain.figures.interruptions
    assert simple.guessed > 0


def test_an_eager_policy_cuts_the_caller_off(recording: Recording) -> None:
    assert what_if(recording, "eager").figures.turns == 3


def test_a_speculative_policy_answers_sooner(recording: Recording) -> None:
    plain, fast = replay(recording.log, make()), what_if(recording, "speculative")
    assert min(fast.figures.latencies) < min(plain.figures.latencies)


def test_a_what_if_run_is_the_same_twice(recording: Recording) -> None:
    assert what_if(recording, "simple") == what_if(recording, "simple")


class SlowVAD(FakeVAD):
    """Loads its model first, as a real one does."""

    async def warm(self) -> None:
        await asyncio.sleep(0.5)


def test_a_detector_that_loads_its_model_is_ready_again() -> None:
    def slow() -> Bot:
        return voice_bot(FakeLLM(otherwise=LONG), vad=SlowVAD())

    log = record_call(slow, [Say("Hello there.")]).log
    eager = replay(log, slow(), machine=lambda model: turn_machine("eager", model))
    assert eager.figures.turns == 1


def test_a_bot_without_turns_has_no_policy() -> None:
    def deaf(session: Session) -> object:
        return [session.transport.input(), session.transport.output()]

    log = record_call(lambda: deaf, [Say("Hello?")]).log
    with pytest.raises(LogError, match="no Turns processor"):
        replay(log, deaf, machine=lambda model: turn_machine("simple", model))


def test_a_policy_comes_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(
        "speculate = true\noverlap_after = 0.0\nstart_words = 2\n"
        'mute = ["while tools run"]\n[ending]\nsilence = 0.4\n'
    )
    machine = turn_machine(str(path), None)
    assert isinstance(machine, FluentTurns)
    assert machine.policy.speculate
    assert machine.policy.ending.silence == 0.4
    assert machine.policy.overlap_after == 0.0
    assert not machine.policy.start.at_once
    assert not machine.policy.has_model
    assert isinstance(turn_machine("simple", None), SimpleTurns)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "There is no turn policy .*: give a TOML file, or one of simple, fluent"),
        ("patience = 3", "unknown field `patience`"),
        ("[ending]\nsilense = 3", "unknown field `silense`"),
        ('transcript = "long"', "Expected `float`, got `str`"),
        ("= nonsense", "cannot be used"),
    ],
)
def test_a_policy_that_cannot_be_used_is_told(tmp_path: Path, content: str | None, told: str) -> None:
    path = tmp_path / "policy.toml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(PolicyError, match=told):
        turn_machine(str(path), None)
