"""The bot of a scenario as a file writes it: answers, tools, keys, delays, faults, how it takes turns.

Pure data; `antiphon.testing.scenario_bot` makes a bot of it. All times are in seconds.
"""

from __future__ import annotations

from typing import Literal

import msgspec


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
    """What the model writes, and the `tools` that it calls after it.

    It belongs to every user message that holds the words `when`, or without them to the message of its
    place. `then` is how it goes on once the tools have given their results, and may call tools in turn;
    without it the bot's `otherwise` follows. ``{results}`` in a text stands for what the tools gave since the
    user's last message, or if none ran since then, for what the last one gave.
    """

    text: str = ""
    when: str | None = None
    tools: tuple[str, ...] = ()
    then: str | AnswerScript | None = None


class ToolScript(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tool: it takes so many `seconds` and gives `result`, or fails with the words `error`.

    `timeout` is how long the bot waits for it, in seconds. `kind` as in `antiphon.tools.ToolKind`.
    """

    name: str
    kind: Literal["pure", "effectful", "background"] = "effectful"
    result: str = "done"
    seconds: DelayScript = 0.0
    error: str | None = None
    timeout: float = 30.0


class FaultScript(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What goes wrong: the service's n-th `call` (the first is 0) raises, hangs, or stalls for `seconds`.

    A call is a final transcript (stt), a request (llm), a text to say (tts), a prediction (model); `at` is
    the number of the token (llm) or of the tenth of a second of sound (tts) that does not come. `fatal` says
    that trying again is pointless.
    """

    service: Literal["stt", "llm", "tts", "model"]
    call: int = 0
    at: int = 0
    kind: Literal["fail", "hang", "stall"] = "fail"
    seconds: float = 3.0
    fatal: bool = False


class ReminderScript(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """After so much silence the bot says `text`, or ends the session."""

    after: float
    text: str = ""
    end: bool = False


class PolicyScript(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """How the bot takes turns. `model` says whether it has an end-of-turn model.

    `aside` is what its language model writes if words were meant for somebody else.
    """

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
    push_to_talk: bool = False
    aside: str = ""


class BotScript(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The bot. An answer without `when` belongs to the user message of its place; `otherwise` to the rest.

    `filler` is said while tools run, if nothing else is. `keys` says what it means to press each telephone
    key: these words count as if the caller had typed them. `reserves` names the services behind which another
    stands that does not fail (`antiphon.services.combinators.Fallback`).
    """

    answers: tuple[str | AnswerScript, ...] = ()
    otherwise: str = "I see."
    delays: Delays = Delays()
    policy: PolicyScript = PolicyScript()
    faults: tuple[FaultScript, ...] = ()
    tools: tuple[ToolScript, ...] = ()
    filler: str = ""
    keys: dict[str, str] = {}
    reserves: tuple[Literal["stt", "llm", "tts"], ...] = ()
