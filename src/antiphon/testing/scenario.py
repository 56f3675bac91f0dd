"""A scenario: a bot with its delays and failures, a caller, a network, and what must come of it.

A scenario is data, usually read from a TOML file (`antiphon.testing.scenario_file`). Running one is done by
`antiphon.testing.simulation`. All times are in seconds except where a name ends in `-ms`.
"""

from __future__ import annotations

import msgspec

from antiphon.testing.bot_script import BotScript
from antiphon.testing.expected import Expected
from antiphon.testing.network import Network
from antiphon.testing.persona_script import PersonaScript
from antiphon.testing.scenario_steps import CallerStep


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """One scenario. `quiet` is how long nobody's turn is under way before the caller ends the call.

    The caller's sound comes in packets of `packet_ms`. The usual ones hold 512 samples: browsers record in
    small blocks, of which clients put a few together. A phone line sends 20 ms.
    """

    name: str
    caller: tuple[CallerStep, ...] = ()
    description: str = ""
    persona: PersonaScript | None = None
    bot: BotScript = BotScript()
    network: Network | None = None
    expect: Expected = Expected()
    quiet: float = 1.2
    packet_ms: int = 32

    @property
    def usual(self) -> bool:
        """Whether the bot has the delays and the policy of most bots, no tools, and nothing goes wrong.

        Users speak to the bot near a microphone; they may turn away to speak to others.
        """
        bot, usual = self.bot, BotScript()
        near = not any(step.say is not None and step.muffled for step in self.caller)
        as_most = bot.delays == usual.delays and bot.policy == usual.policy
        return as_most and near and not bot.faults and not bot.tools and self.network is None
