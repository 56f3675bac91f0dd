"""Whether the user is listened to, and what happens when they say nothing: mute rules and reminders. Pure."""

from __future__ import annotations

from antiphon.turns.events import Mute, Remind, Unmute
from antiphon.turns.rules import MuteWhile
from antiphon.turns.state import Claim, Move, Phase, Policy
from antiphon.turns.timing import next_reminder, passed


def mute(policy: Policy, move: Move) -> None:
    """Mute the user, or no longer. A turn that is open is never cut off by it."""
    state, rules = move.state, policy.mute
    if not rules and not policy.push_to_talk and not state.muted:
        return
    keyless = policy.push_to_talk and not state.key and state.claim is not Claim.TURN
    wanted = keyless or (
        MuteWhile.ALWAYS in rules
        or (MuteWhile.BOT_SPEAKS in rules and state.bot.voice)
        or (MuteWhile.FIRST_ANSWER in rules and not state.bot.answers)
        or (MuteWhile.TOOLS in rules and state.bot.tools)
    )
    if wanted and not state.muted and state.phase is Phase.IDLE:
        move.become(muted=True)
        move.decide(Mute("the talk key is up" if keyless else "a mute rule applies"))
    elif state.muted and not wanted:
        move.become(muted=False)
        move.decide(Unmute("no mute rule applies any longer"))


def remind(policy: Policy, move: Move) -> None:
    """Count the time in which nobody says or does anything; speak up when it has been too long."""
    state = move.state
    if state.phase is not Phase.IDLE or state.bot.active or state.bot.tools:
        if state.idle_since is not None:
            move.become(idle_since=None)
        return
    if state.idle_since is None:
        move.become(idle_since=move.now)
        return
    reminder = next_reminder(policy, state)
    if reminder is not None and passed(state.idle_since, reminder.after, move.now):
        move.become(reminded=state.reminded + 1, idle_since=move.now)
        move.decide(Remind("the user is silent", text=reminder.text, end=reminder.end))
