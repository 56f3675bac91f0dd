"""A scenario: a bot with its delays and failures, a caller, a network, and what must come of it.

A scenario is data, usually read from a TOML file (`antiphon.testing.scenario_file`). Running one is done by
`antiphon.testing.simulation`. All times are in seconds except where a name ends in `-ms`.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from antiphon.testing.network import Network
from antiphon.testing.scenario_steps import CallerStep


class Spread(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A log-normal delay by its median and 95th percentile."""

    median: float
    p95: float


DelayScript = float | Spread


class Delays(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How slow the services are: final transcript, first token, first audio of a text, end-of-turn model."""

    stt: DelayScript = Spread(0.25, 0.3)
    llm: DelayScript = Spread(0.3, 0.6)
    tts: DelayScript = Spread(0.12, 0.2)
    model: DelayScript = 0.05


class AnswerScript(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An answer to every user message that holds the words `when`."""

    text: str
    when: str


class FaultScript(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What goes wrong: the service's n-th `call` (the first is 0) raises or hangs.

    A call is a final transcript (stt), a request (llm), a text to say (tts), a prediction (model); `at` is
    the number of the token (llm) or of the tenth of a second of sound (tts) that does not come. `fatal` says
    that trying again is pointless.
    """

    service: Literal["stt", "llm", "tts", "model"]
    call: int = 0
    at: int = 0
    kind: Literal["fail", "hang"] = "fail"
    fatal: bool = False


class ReminderScript(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """After so much silence the bot says `text`, or ends the session."""

    after: float
    text: str = ""
    end: bool = False


class PolicyScript(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """How the bot takes turns. `model` says whether it has an end-of-turn model."""

    speculate: bool = True
    eager: bool = True
    model: bool = True
    language: str = "en"
    mute: tuple[Literal["always", "bot-speaks", "first-answer", "tools"], ...] = ()
    start_words: int | None = None
    wake: tuple[str, ...] = ()
    min_words: int = 2
    monologue: float | None = 90.0
    transcript: float = 4.0
    reminders: tuple[ReminderScript, ...] = ()


class BotScript(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The bot. An answer without `when` belongs to the user message of its place; `otherwise` to the rest."""

    answers: tuple[str | AnswerScript, ...] = ()
    otherwise: str = "I see."
    delays: Delays = Delays()
    policy: PolicyScript = PolicyScript()
    faults: tuple[FaultScript, ...] = ()


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab", omit_defaults=True):
    """What must come of the call; what is left out is not looked at.

    `turns`: what the user said, message by message. `heard`: all that was heard of the bot; `answers`: what
    was heard of each answer. `interrupted`: of each answer. `resumed`: why the bot went on after each pause.
    `decided`: decisions in this order, others between them. `errors`: how many were reported.
    """

    turns: tuple[str, ...] | None = None
    heard: str | None = None
    heard_contains: tuple[str, ...] = ()
    not_heard: tuple[str, ...] = ()
    answers: tuple[str, ...] | None = None
    interrupted: tuple[bool, ...] | None = None
    no_interruption: bool = False
    resumed: tuple[str, ...] | None = None
    decided: tuple[str, ...] = ()
    not_decided: tuple[str, ...] = ()
    max_response_latency_ms: float | None = None
    max_yield_latency_ms: float | None = None
    ended: Literal["ended", "stopped", "cancelled", "failed"] = "ended"
    errors: int = 0


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One scenario. `quiet` is how long nobody's turn is under way before the caller ends the call."""

    name: str
    caller: tuple[CallerStep, ...]
    description: str = ""
    bot: BotScript = BotScript()
    network: Network | None = None
    expect: Expected = Expected()
    quiet: float = 2.0
