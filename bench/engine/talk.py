"""What whole calls cost: ten minutes in virtual time, a thousand in a row, and stopping when interrupted."""

from __future__ import annotations

import asyncio
import statistics
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from gauges import rss_mb

from antiphon.clock import run_virtual
from antiphon.frames import Outcome
from antiphon.testing import End, FakeLLM, Say, at, run_call, voice_bot
from engine.call import Call, serve
from engine.fakes import ANSWER, QUESTION, VOICE_RATE

TURNS = 40
CALLS = (200, 600, 1000)
INTERRUPTIONS = 40


def call() -> dict[str, float]:
    """Seconds for a call of ten minutes: by the clock and of the processor, with two kinds of bots.

    One is made of this folder's fixed services, the other of the test kit's, whose caller and voice say words
    that a test can read back from the sound.
    """
    return {**_taken("fixed services", _fixed), **_taken("test kit", _test_kit)}


def _taken(label: str, work: Callable[[], None]) -> dict[str, float]:
    began, worked = time.perf_counter(), time.process_time()
    work()
    return {
        f"{label}, by the clock": time.perf_counter() - began,
        f"{label}, of the processor": time.process_time() - worked,
    }


def _fixed() -> None:
    outcomes = run_virtual(_talk(TURNS, ask=3.0, listen=12.0))
    _expect(outcomes, [Outcome.COMPLETED] * TURNS)


def _test_kit() -> None:
    script = [Say(QUESTION, at(15.0 * turn)) for turn in range(TURNS)]
    held = run_call(voice_bot(FakeLLM(otherwise=ANSWER)), [*script, End(at(15.0 * TURNS))])
    if held.seconds < 15.0 * TURNS or len(held.messages) != 2 * TURNS:
        raise RuntimeError(f"the call went another way than scripted: {held}")


async def _talk(turns: int, *, ask: float, listen: float) -> list[Outcome]:
    async with serve(Call()) as made:
        for _ in range(turns):
            await made.say(ask)
            await asyncio.sleep(listen)
    return made.witness.outcomes


def leak() -> dict[str, float]:
    """Megabytes in use after so many calls in one event loop, and the tasks and threads left at the end."""
    return run_virtual(_leak())


async def _leak() -> dict[str, float]:
    found: dict[str, float] = {}
    for number in range(1, CALLS[-1] + 1):
        _expect(await _talk(1, ask=1.0, listen=2.0), [Outcome.COMPLETED])
        if number in CALLS:
            found[f"MB after {number} calls"] = rss_mb()
    found["tasks left"] = len(asyncio.all_tasks()) - 1
    found["threads left"] = threading.active_count() - 1
    return found


def barge_in() -> dict[str, float]:
    """How soon the bot is silent when speech is detected, over interruptions at many moments.

    In virtual time: milliseconds from the detection to the write of the last packet that is not silence, and
    to the end of the last sample in it that is not (a fade of 5 ms). In real time: how long the reaction
    keeps the event loop.
    """
    stops = [run_virtual(_interrupt(0.0037 * n)) for n in range(INTERRUPTIONS)]
    return {
        "last packet written, median": 1000 * statistics.median(stop.packet for stop in stops),
        "last packet written, worst": 1000 * max(stop.packet for stop in stops),
        "last sample's sound over, worst": 1000 * max(stop.sound for stop in stops),
        "code, real time, median": 1000 * statistics.median(stop.code for stop in stops),
    }


class _Stop(NamedTuple):
    """Seconds from the detection of speech to the last packet and the end of its sound, and in the code."""

    packet: float
    sound: float
    code: float


async def _interrupt(offset: float) -> _Stop:
    async with serve(Call(0.28 + offset)) as made:
        await made.say(1.0)
        await asyncio.sleep(3.0)
        await made.say(1.0)
        last = made.transport.sink.packets[-1]
    _expect(made.witness.outcomes, [Outcome.INTERRUPTED])
    packet = last.at - made.witness.detected[1]
    samples = np.flatnonzero(np.frombuffer(last.pcm, dtype="<i2"))[-1] + 1
    return _Stop(packet, packet + float(samples) / VOICE_RATE, made.witness.reactions[1])


def _expect(found: list[Outcome], wanted: list[Outcome]) -> None:
    if found != wanted:
        raise RuntimeError(f"the call went another way than scripted: {found}")
