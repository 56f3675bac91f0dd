"""Who has the floor while the user makes a sound over the bot: does it speak on, pause, or go on again? Pure.

The judge (`antiphon.turns.overlap`) says what the sound is or looks like; this says what the bot does until
that is certain. Words that say something pause it at once. A sound that nothing is known of pauses it when it
has lasted `Policy.overlap_after` seconds, or at once while the bot is not to be heard yet. What is unlikely
to be an interruption does not pause it, or lets it go on, and where a loudspeaker is known to echo nothing
does that has no words. The sound is judged to its end in any case.
"""

from __future__ import annotations

from antiphon.turns.events import PauseBot, ReleaseBot
from antiphon.turns.overlap import Evidence, Finding, without_backchannels, words_of
from antiphon.turns.state import FluentState, Move, Overlap, Phase, Policy
from antiphon.turns.timing import passed


def evidence(policy: Policy, state: FluentState, now: float) -> Evidence:
    """What is known of the sound over the bot."""
    silent_since = None if state.phase is Phase.SPEAKING else state.quiet_since
    words, speech = state.hearing.best, spoken(state, now)
    return Evidence(
        words,
        settled=state.hearing.settled and state.phase is Phase.QUIET,
        speech=speech,
        quiet=None if silent_since is None else now - silent_since,
        saying=state.saying,
        recent=state.recent,
        echoing=state.echoing,
        left=state.left,
        sound=max(0.0, speech - (state.sound_at - state.spoke_at)),
        far=is_far(policy, state, words, speech),
    )


def spoken(state: FluentState, now: float) -> float:
    """For how many seconds the user has spoken."""
    end = now if state.phase is Phase.SPEAKING else state.quiet_since
    return max(0.0, end - state.spoke_at)


def is_far(policy: Policy, state: FluentState, words: str, speech: float) -> bool:
    """Whether this was said from afar over the bot's voice, by nobody who insists on being heard."""
    nearness = policy.nearness
    if nearness is None or not state.bot.voice or not nearness.far(state.levels, state.level):
        return False
    telling = without_backchannels(words_of(words), policy.language)
    return not nearness.insists(len(telling), speech)


def hold(policy: Policy, move: Move, finding: Finding) -> None:
    """Pause the bot, or let it go on, as long as the judge is not sure."""
    state = move.state
    if not state.bot.interruptible:
        return
    paused = state.overlap is Overlap.PAUSED
    lasts = finding is Finding.UNSURE and (paused or _lasts(policy, state, move.now))
    if finding is not Finding.LIKELY and not lasts:
        if paused:
            move.become(overlap=Overlap.LISTENING)
            move.decide(ReleaseBot(finding.value, {"words": state.hearing.best}))
    elif not paused:
        sound = "says something" if finding is Finding.LIKELY else "makes a sound"
        move.become(overlap=Overlap.PAUSED)
        move.decide(PauseBot(f"the user {sound} while the bot answers", {"saying": state.saying}))


def _lasts(policy: Policy, state: FluentState, now: float) -> bool:
    if state.phase is not Phase.SPEAKING or state.echoing:
        return False
    return not state.bot.voice or passed(state.sound_at, policy.overlap_after, now)


def learn(policy: Policy, move: Move, seconds: float) -> None:
    """A turn of so many seconds is over: this is how loud the user is."""
    state, nearness = move.state, policy.nearness
    if nearness is not None:
        move.become(levels=nearness.learn(state.levels, state.level, seconds), level=None)


def come_closer(policy: Policy, move: Move) -> None:
    """The user has the floor; if that was from afar, this is how loud they are from now on."""
    state, nearness = move.state, policy.nearness
    if nearness is not None and nearness.far(state.levels, state.level):
        move.become(levels=())
