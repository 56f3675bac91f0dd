"""When fluent turn-taking thinks that a turn is over, and when it has to look again. Pure.

All of it is a function of the policy, the state and the time. A deadline can never be forgotten, because it
is computed from the state.
"""

from __future__ import annotations

from antiphon.turns.ending import held_back, longest_wait, threshold, together
from antiphon.turns.hearing import same_words
from antiphon.turns.rules import Reminder
from antiphon.turns.state import Claim, FluentState, Overlap, Phase, Policy, Thought

ROUNDING = 1e-6


def passed(since: float, seconds: float, now: float) -> bool:
    """Whether so many seconds have gone by."""
    return now >= since + seconds - ROUNDING


def known(policy: Policy, state: FluentState, now: float) -> bool:
    """The words are all there, or are not waited for any longer."""
    return state.hearing.settled or passed(state.quiet_since, policy.transcript, now)


def over(policy: Policy, state: FluentState, now: float) -> str | None:
    """Why the turn is over; None if it is not, or nobody knows yet."""
    if state.phase is Phase.SPEAKING:
        return None
    if believed(policy, state) and passed(state.quiet_since, hold(policy, state), now):
        voices = ((state.predicted, "model"), (state.signalled, "recogniser"))
        who = " and the ".join(name for voice, name in voices if voice is not None)
        belief = together(state.predicted, state.signalled) or 0.0
        return f"finished: {belief:.2f} by the {who}, {needed(policy, state):.2f} needed for these words"
    limit = silence_limit(policy, state)
    silent = state.phase is Phase.QUIET and passed(state.quiet_since, limit, now)
    return f"silence of {limit:.2f} s" if silent else None


def needed(policy: Policy, state: FluentState) -> float:
    """How sure those who judge the end have to be, given the words."""
    least = threshold(policy.ending, state.hearing.best, policy.language)
    return least if state.predicted is not None else max(least, policy.ending.alone)


def believed(policy: Policy, state: FluentState) -> bool:
    """Whether those who judge the end think, together, that this is it."""
    belief = together(state.predicted, state.signalled)
    return belief is not None and belief >= needed(policy, state)


def hold(policy: Policy, state: FluentState) -> float:
    """For how much silence a sure end is held back, because this user has been cut off."""
    return 0.0 if policy.push_to_talk else held_back(policy.ending, state.pauses)


def overruled(policy: Policy, state: FluentState, now: float) -> bool:
    """The recogniser has said that the turn is over, and nothing but detected speech speaks against it."""
    return believed(policy, state) and passed(state.signalled_at, policy.overrule, now)


def silence_limit(policy: Policy, state: FluentState) -> float:
    """After how much silence the turn is over whatever anybody thinks, in seconds."""
    text = state.hearing.best
    return longest_wait(policy.ending, text, policy.language, state.pauses, has_model=policy.has_model)


def thinking(policy: Policy, state: FluentState) -> bool:
    """Whether the language model's verdict on these words is waited for, or is that no answer is due."""
    thought = state.thought
    undecided = thought.wait != 0 or thought.aside
    asked = policy.judgement is not None and bool(thought.text) and undecided
    return asked and same_words(thought.text, state.hearing.best)


def thought_due(policy: Policy, state: FluentState) -> float:
    """Until when the language model's verdict is waited for, or it wants to wait."""
    patience = policy.judgement.patience if policy.judgement is not None else 0.0
    return state.thought.since + (patience if state.thought.wait is None else state.thought.wait)


def verdict(thought: Thought) -> str:
    """Why nobody waits for the language model, or because of it, any longer."""
    if thought.aside:
        return "the language model takes the words for somebody else's"
    silent = thought.wait is None
    more = "the language model does not say whether" if silent else "nothing was added that shows that"
    return f"{more} the thought is incomplete"


def too_long(policy: Policy, state: FluentState, now: float) -> bool:
    """Whether the turn has gone on for longer than anybody may speak."""
    return policy.monologue is not None and passed(state.spoke_at, policy.monologue, now)


def next_reminder(policy: Policy, state: FluentState) -> Reminder | None:
    """What is said, or done, if the user stays silent."""
    return policy.reminders[state.reminded] if state.reminded < len(policy.reminders) else None


def deadline(policy: Policy, state: FluentState, now: float) -> float | None:
    """When something is due if nothing happens before."""
    if state.phase is Phase.IDLE:
        reminder = next_reminder(policy, state)
        return None if reminder is None or state.idle_since is None else state.idle_since + reminder.after
    if state.claim is Claim.CANDIDATE:
        return _candidate_deadline(policy, state, now)
    monologue = None if policy.monologue is None else state.spoke_at + policy.monologue
    if state.phase is Phase.SPEAKING and believed(policy, state):
        overrule = state.signalled_at + policy.overrule
        return overrule if monologue is None else min(overrule, monologue)
    return _quiet_deadline(policy, state) if state.phase is Phase.QUIET else monologue


def _quiet_deadline(policy: Policy, state: FluentState) -> float:
    settled, since = state.hearing.settled, state.quiet_since
    limit = hold(policy, state) if believed(policy, state) else silence_limit(policy, state)
    due = since + (limit if settled else max(limit, policy.transcript))
    return max(due, thought_due(policy, state)) if thinking(policy, state) else due


def _candidate_deadline(policy: Policy, state: FluentState, now: float) -> float | None:
    if state.overlapped:
        if state.phase is Phase.SPEAKING:
            return _next_look(policy, state, now)
        return state.quiet_since + policy.judge.patience
    if state.phase is Phase.QUIET:
        after = state.overlap is Overlap.AFTER
        return state.quiet_since + (policy.judge.patience if after else policy.transcript)
    waits = state.phase is Phase.PAUSED or state.overlap is Overlap.AFTER
    if waits or policy.start.after is None:
        return None
    return state.spoke_at + policy.start.after


def _next_look(policy: Policy, state: FluentState, now: float) -> float | None:
    """When a sound over the bot is to be judged again if it goes on, and nothing more is known of it."""
    looks = [
        state.sound_at + policy.overlap_after,
        state.sound_at + policy.judge.hum,
        state.spoke_at + policy.judge.monologue,
    ]
    if policy.nearness is not None:
        looks.append(state.spoke_at + policy.nearness.speech)
    return min((look for look in looks if look > now + ROUNDING), default=None)
