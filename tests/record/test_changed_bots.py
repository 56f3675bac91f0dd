"""A log replayed with a bot that is not the recorded one: it ends, and the difference is told."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import NoReturn

import msgspec
import pytest

from antiphon.dispatch import on
from antiphon.frames import LLMRunFrame, StartFrame, TranscriptionFrame
from antiphon.processor import Processor
from antiphon.record import LogError, SessionLog, replay
from antiphon.session import Ended, Session, SetupError
from antiphon.testing import Bot, FakeLLM, FakeSTT, FakeTurnModel, Say, after, bot_starts, voice_bot
from antiphon.turns.fluent import FluentTurns
from antiphon.turns.simple import SimpleTurns
from antiphon.turns.state import Policy
from record.calls import LONG
from record.kit import record_call

SCRIPT = [Say("What is the capital?"), Say("Stop that, please!", bot_starts(0.7)), Say("Go on.", after(2))]


class Extra(Processor):
    """A processor of the bot's own, between the recogniser and the turns."""

    gives = ()


def bot_with(kind: type[Extra] = Extra) -> Bot:
    return voice_bot(FakeLLM(otherwise=LONG), before_turns=[kind("Extra")])


@pytest.fixture(scope="module")
def log() -> SessionLog:
    return record_call(bot_with, SCRIPT).log


class AsksMore(Extra):
    """Has the model answer each transcript at once, and again later."""

    @on(TranscriptionFrame)
    def hear(self, frame: TranscriptionFrame) -> list[TranscriptionFrame | LLMRunFrame]:
        self.session.clock.after(3.0, lambda: self.push(LLMRunFrame()))
        return [frame, LLMRunFrame()]


class AsksNobody(Extra):
    """Keeps what was said to itself."""

    @on(TranscriptionFrame, consumes=True)
    def hear(self, frame: TranscriptionFrame) -> None:
        """Nothing comes of it."""


class Waits(Extra):
    """Waits for what never comes."""

    @on(TranscriptionFrame, consumes=True)
    async def hear(self, frame: TranscriptionFrame) -> None:
        await asyncio.get_running_loop().create_future()


class Fails(Extra):
    @on(TranscriptionFrame, consumes=True)
    def hear(self, frame: TranscriptionFrame) -> NoReturn:
        raise LookupError("no such thing")


@pytest.mark.parametrize("kind", [AsksMore, AsksNobody, Waits, Fails])
def test_a_bot_that_behaves_otherwise_ends_and_the_difference_is_told(
    log: SessionLog, kind: type[Extra]
) -> None:
    replayed = replay(log, bot_with(kind))
    assert not replayed.same
    assert not replayed.same_conversation
    assert replayed.differs_at is not None
    assert replayed.missing > 100 or replayed.loose > 100


@pytest.mark.parametrize("kind", [AsksMore, AsksNobody, Waits, Fails])
def test_also_where_the_log_was_cut(log: SessionLog, kind: type[Extra]) -> None:
    for part in (3, 2):
        half = msgspec.structs.replace(log, records=log.records[: len(log.records) * (part - 1) // part])
        replayed = replay(half, bot_with(kind))
        assert replayed.result.reason == "the log ends here"
        assert not replayed.same


@pytest.mark.parametrize("machine", [SimpleTurns(), FluentTurns(Policy(speculate=True))])
def test_another_turn_machine_is_another_conversation(
    log: SessionLog, machine: SimpleTurns | FluentTurns
) -> None:
    replayed = replay(log, voice_bot(FakeLLM(), before_turns=[Extra()], machine=machine))
    assert not replayed.same
    assert replayed.differs_at is not None


def test_another_turn_model_is_not_asked(log: SessionLog) -> None:
    """Nor is any other service: what they gave is in the log."""
    bot = voice_bot(FakeLLM(otherwise="No."), before_turns=[Extra()], model=FakeTurnModel([0.0]))
    assert replay(log, bot).same


class Ticks(Waits):
    """Holds the end back, and sets one timer after the other, a microsecond apart."""

    @on(StartFrame)
    def start(self, frame: StartFrame) -> None:
        self._tick()

    def _tick(self) -> None:
        self.session.clock.after(1e-6, self._tick)


class Spins(Waits):
    """Holds the end back, and asks again and again without letting time go on."""

    @on(StartFrame)
    def start(self, frame: StartFrame) -> None:
        self.spawn_background(spin())


class SpinsStubbornly(Waits):
    """The same, and cancelling it once is not enough."""

    @on(StartFrame)
    def start(self, frame: StartFrame) -> None:
        self.spawn_background(spin_stubbornly())


async def spin() -> None:
    while True:  # noqa: ASYNC110 - it is meant to
        await asyncio.sleep(0)


async def spin_stubbornly() -> None:
    with suppress(asyncio.CancelledError):
        await spin()
    await spin()


@pytest.mark.parametrize("kind", [Ticks, Spins])
def test_a_bot_that_runs_in_circles_is_ended(log: SessionLog, kind: type[Extra]) -> None:
    replayed = replay(log, bot_with(kind))
    assert replayed.result.ended is Ended.CANCELLED
    assert replayed.result.reason.startswith("the replayed session runs in circles")
    assert not replayed.same


def test_what_cannot_be_ended_is_left(log: SessionLog) -> None:
    with pytest.raises(
        LogError, match=r"The bot runs in circles, which the recorded one did not; tasks: .*Extra"
    ):
        replay(log, bot_with(SpinsStubbornly))


class CannotStart(Extra):
    async def setup(self) -> None:
        raise LookupError("no such model")


class NeverReady(Extra):
    async def setup(self) -> None:
        await asyncio.get_running_loop().create_future()


@pytest.mark.parametrize(("kind", "why"), [(CannotStart, "no such model"), (NeverReady, "not ready after")])
def test_a_bot_that_cannot_start_is_told_as_ever(log: SessionLog, kind: type[Extra], why: str) -> None:
    with pytest.raises(SetupError, match=f"Extra: .*{why}"):
        replay(log, bot_with(kind))


async def crashes(session: Session) -> NoReturn:
    raise LookupError("no such file")


async def waits(session: Session) -> NoReturn:
    await asyncio.get_running_loop().create_future()
    raise AssertionError


async def begins_to_spin(session: Session) -> object:
    session.data = asyncio.create_task(spin(), name="the one that spins")
    return bot_with()(session)


async def builds_for_ever(session: Session) -> NoReturn:
    while True:  # noqa: ASYNC110 - it is meant to
        await asyncio.sleep(1000)


@pytest.mark.parametrize(
    ("bot", "why"),
    [
        (waits, "The bot waits for something that is not in the log"),
        (builds_for_ever, "The bot runs in circles"),
        (begins_to_spin, "The bot runs in circles.* the one that spins"),
    ],
)
def test_a_bot_that_does_not_come_to_a_pipeline_or_hangs_beside_it_is_told(
    log: SessionLog, bot: Bot, why: str
) -> None:
    with pytest.raises(LogError, match=why):
        replay(log, bot)


def test_a_bot_that_crashes_while_it_is_built_does_so() -> None:
    recording = record_call(bot_with, SCRIPT[:1])
    with pytest.raises(LookupError, match="no such file"):
        replay(recording.log, crashes)


@pytest.mark.parametrize("before", [[], [Extra(), Extra("Another")]])
def test_a_processor_more_or_less_is_told(log: SessionLog, before: list[Processor]) -> None:
    with pytest.raises(LogError, match="The log is of another bot: its pipeline was"):
        replay(log, voice_bot(FakeLLM(), before_turns=before))


def test_a_service_of_another_name_is_told(log: SessionLog) -> None:
    class OtherSTT(FakeSTT):
        """Another recogniser."""

    with pytest.raises(LogError, match="OtherSTT"):
        replay(log, voice_bot(FakeLLM(), stt=OtherSTT(), before_turns=[Extra()]))


def test_the_recorded_end_comes_although_the_bot_does_not_end(log: SessionLog) -> None:
    """A recorded end waits for the response that works on what never comes, and for no more than a minute."""
    replayed = replay(log, bot_with(Waits))
    assert replayed.result.ended is Ended.CANCELLED
    assert replayed.seconds < 100
