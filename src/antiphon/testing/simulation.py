"""Runs scenarios: one seed decides every delay, every loss and the order of ready tasks.

`simulate(scenario, seed)` holds the call and says what of the scenario's expectations does not hold. The same
seed gives the same call, byte for byte; `fingerprint` proves it.
"""

from __future__ import annotations

import hashlib
import zlib

import msgspec

from antiphon.services.base import LLM
from antiphon.testing.call import Call
from antiphon.testing.caller import Bot, CallerGaveUp, run_call
from antiphon.testing.garbage import collect_call
from antiphon.testing.metrics import Metrics, measure
from antiphon.testing.network import NetworkTransport
from antiphon.testing.scenario import Scenario
from antiphon.testing.scenario_bot import scenario_bot
from antiphon.testing.scenario_checks import unmet_in
from antiphon.testing.scenario_steps import script
from antiphon.transports.memory import MemoryTransport


class Run(msgspec.Struct, frozen=True):
    """One run: what was not as expected, one sentence each; the metrics; what the call's bytes hash to.

    `usual` says that the scenario is one in which nothing is slow and nothing fails: `Scenario.usual`.
    """

    scenario: str
    seed: int
    unmet: tuple[str, ...]
    metrics: Metrics
    fingerprint: str
    seconds: float
    usual: bool = False

    @property
    def passed(self) -> bool:
        return not self.unmet


def hold(scenario: Scenario, seed: int, *, bot: Bot | None = None, caller: LLM | None = None) -> Call:
    """The call itself. Raises CallerGaveUp.

    `bot` replaces the scenario's own; `caller` plays its persona, if it has one, instead of its lines.
    """
    return run_call(
        bot or bot_of(scenario, seed),
        script(scenario.caller),
        persona=None if scenario.persona is None else scenario.persona.persona(caller),
        seed=seed,
        quiet=scenario.quiet,
        packet=scenario.packet_ms / 1000,
        transport=_transport(scenario, seed),
    )


def _transport(scenario: Scenario, seed: int) -> MemoryTransport:
    """What the call goes over."""
    if scenario.network is None:
        return MemoryTransport()
    return NetworkTransport(scenario.network, seed=_drawn(scenario, seed))


def bot_of(scenario: Scenario, seed: int) -> Bot:
    """The scenario's own bot, for one call."""
    return scenario_bot(scenario.bot, _drawn(scenario, seed))


def _drawn(scenario: Scenario, seed: int) -> int:
    """What the scenario makes of the seed, so that two scenarios do not share their luck."""
    return zlib.crc32(f"{scenario.name}/{seed}".encode())


def simulate(scenario: Scenario, seed: int, *, bot: Bot | None = None, caller: LLM | None = None) -> Run:
    """Hold the call and check it. `bot` and `caller` as for `hold`."""
    run = _held_and_checked(scenario, seed, bot, caller)
    collect_call()
    return run


def _held_and_checked(scenario: Scenario, seed: int, bot: Bot | None, caller: LLM | None) -> Run:
    try:
        call = hold(scenario, seed, bot=bot, caller=caller)
    except CallerGaveUp as error:
        return Run(scenario.name, seed, (f"the caller gave up: {error}",), Metrics(), "", 0.0)
    unmet = tuple(unmet_in(scenario.expect, call))
    return Run(
        scenario.name, seed, unmet, measure(call), fingerprint(call), call.seconds, usual=scenario.usual
    )


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
