"""Runs scenarios: one seed decides every delay, every loss and the order of ready tasks.

`simulate(scenario, seed)` holds the call and says what of the scenario's expectations does not hold. The same
seed gives the same call, byte for byte; `fingerprint` proves it.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from antiphon.session import Ended
from antiphon.testing.call import Call
from antiphon.testing.caller import Bot, CallerGaveUp, run_call
from antiphon.testing.expectation import Expectation, Unmet, expect
from antiphon.testing.metrics import Metrics, measure
from antiphon.testing.network import NetworkTransport
from antiphon.testing.scenario import Expected, Scenario
from antiphon.testing.scenario_bot import scenario_bot
from antiphon.testing.scenario_steps import script


class Run(msgspec.Struct, frozen=True):
    """One run: what was not as expected, one sentence each; the metrics; what the call's bytes hash to."""

    scenario: str
    seed: int
    unmet: tuple[str, ...]
    metrics: Metrics
    fingerprint: str
    seconds: float

    @property
    def passed(self) -> bool:
        return not self.unmet


Check = Callable[[Expectation], object]


def hold(scenario: Scenario, seed: int, *, bot: Bot | None = None) -> Call:
    """The call itself. `bot` replaces the scenario's own. Raises CallerGaveUp."""
    drawn = zlib.crc32(f"{scenario.name}/{seed}".encode())
    transport = None if scenario.network is None else NetworkTransport(scenario.network, seed=drawn)
    return run_call(
        bot or scenario_bot(scenario.bot, drawn),
        script(scenario.caller),
        seed=seed,
        quiet=scenario.quiet,
        transport=transport,
    )


def simulate(scenario: Scenario, seed: int, *, bot: Bot | None = None) -> Run:
    """Hold the call and check it."""
    try:
        call = hold(scenario, seed, bot=bot)
    except CallerGaveUp as error:
        return Run(scenario.name, seed, (f"the caller gave up: {error}",), Metrics(), "", 0.0)
    unmet = tuple(unmet_in(scenario.expect, call))
    return Run(scenario.name, seed, unmet, measure(call), fingerprint(call), call.seconds)


def unmet_in(expected: Expected, call: Call) -> list[str]:
    """What of this does not hold of the call, one sentence each."""
    sentences: list[str] = []
    for check in checks(expected):
        try:
            check(expect(call))
        except Unmet as unmet:
            sentences.append(unmet.sentence)
    return sentences


def checks(expected: Expected) -> Sequence[Check]:
    """The scenario's expectations as assertions; the first is what holds of every call."""
    wanted: list[Check] = [
        Expectation.is_true,
        lambda e: e.ended(Ended(expected.ended)),
        lambda e: e.reported(expected.errors),
    ]
    return [*wanted, *_of_words(expected), *_of_turns(expected)]


def _of_words(expected: Expected) -> list[Check]:
    turns, heard, answers = expected.turns, expected.heard, expected.answers
    wanted: list[Check] = []
    if turns is not None:
        wanted.append(lambda e: e.user_said(*turns))
    if heard is not None:
        wanted.append(lambda e: e.heard(heard))
    if answers is not None:
        wanted.append(lambda e: e.bot_said(*answers))
    wanted += [partial(_call, Expectation.heard_contains, text) for text in expected.heard_contains]
    wanted += [partial(_call, Expectation.not_heard, text) for text in expected.not_heard]
    return wanted


def _of_turns(expected: Expected) -> list[Check]:
    cut, resumed = expected.interrupted, expected.resumed
    response, stopping = expected.max_response_latency_ms, expected.max_yield_latency_ms
    wanted: list[Check] = []
    if cut is not None:
        wanted.append(lambda e: e.interruptions(*cut))
    if resumed is not None:
        wanted.append(lambda e: e.resumptions(*resumed))
    if expected.no_interruption:
        wanted.append(Expectation.never_spoke_over_the_user)
    if expected.decided:
        wanted.append(lambda e: e.decided_in_order(*expected.decided))
    wanted += [partial(_never, kind) for kind in expected.not_decided]
    if response is not None:
        wanted.append(lambda e: e.answered_within(response / 1000))
    if stopping is not None:
        wanted.append(lambda e: e.yielded_within(stopping / 1000))
    return wanted


def _call(assertion: Callable[[Expectation, str], object], text: str, call: Expectation) -> object:
    return assertion(call, text)


def _never(kind: str, call: Expectation) -> object:
    return call.decided(kind, times=0)


def fingerprint(call: Call) -> str:
    """A hash of every packet, frame and message of the call, with their times."""
    digest = hashlib.sha256()
    for at, pcm in call.packets:
        digest.update(f"{at!r}\n".encode())
        digest.update(pcm)
    for at, frame in call.frames:
        digest.update(f"{at!r} {frame!r}\n".encode())
    for message in call.messages:
        digest.update(f"{message!r}\n".encode())
    return digest.hexdigest()[:16]
