"""Fluent turn-taking: lists of events in, lists of decisions out; and properties over any order of events."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.judgement import Judgement
from antiphon.turns.events import (
    BotActive,
    BotVoice,
    Commit,
    DeadlinePassed,
    Decision,
    Drop,
    EndPredicted,
    EndSignalled,
    Event,
    FinalHeard,
    FlushHearing,
    Interrupt,
    OpenTurn,
    PartialHeard,
    PauseBot,
    ReleaseBot,
    Remind,
    ResumeBot,
    RollBack,
    SessionBegan,
    Speculate,
    SpeechMeasured,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    SpeechStopped,
    TalkKey,
    ThoughtJudged,
    ToolsRunning,
    Typed,
)
from antiphon.turns.fluent import FluentTurns
from antiphon.turns.nearness import Nearness
from antiphon.turns.rules import (
    MuteWhile,
    Reminder,
    StartByAny,
    StartByPhrase,
    StartBySpeech,
    StartByTranscript,
    StartByWords,
)
from antiphon.turns.state import Claim, FluentState, Phase, Policy
from effort import examples

Timed = tuple[float, Event]
HEARD = (SpeechPaused(0.06), SpeechStopped(0.2))


def run(
    script: list[Timed], policy: Policy | None = None, until: float = 0.0
) -> list[tuple[float, Decision]]:
    """Play events at their times, and the deadlines between them; returns the timed decisions."""
    machine = FluentTurns(policy)
    state, deadline = machine.initial(), None
    decided: list[tuple[float, Decision]] = []
    step = machine.step(state, SessionBegan(), script[0][0] if script else 0.0)
    decided += [(0.0, decision) for decision in step.decisions]
    state, deadline = step.state, step.deadline
    for now, event in [*script, (until, None)]:
        while deadline is not None and deadline <= now:
            at = deadline
            step = machine.step(state, DeadlinePassed(), at)
            decided += [(at, decision) for decision in step.decisions]
            state, deadline = step.state, step.deadline
            assert deadline is None or deadline > at, "it would never move on"
        if event is not None:
            step = machine.step(state, event, now)
            decided += [(now, decision) for decision in step.decisions]
            state, deadline = step.state, step.deadline
    return decided


def kinds(decided: list[tuple[float, Decision]]) -> list[str]:
    return [type(decision).__name__ for _, decision in decided]


def utterance(start: float, end: float, text: str, heard: float = 0.3, predicted: float = 0.9) -> list[Timed]:
    """Speech from `start` to `end`; its words come `heard` seconds after, the prediction 250 ms after."""
    events: list[Timed] = [
        (start + 0.1, SpeechStarted(0.1)),
        (end + 0.06, SpeechPaused(0.06)),
        (end + 0.2, SpeechStopped(0.2)),
        (end + 0.25, EndPredicted(predicted)),
        (end + heard, FinalHeard(text)),
    ]
    return sorted(events, key=lambda timed: timed[0])


def over_bot(
    start: float, end: float, text: str, saying: str = "the bot talks", left: int = 20
) -> list[Timed]:
    events = utterance(start, end, text)
    events[0] = (events[0][0], SpeechStarted(0.1, saying, left))
    return [(0.0, BotActive(True)), (0.0, BotVoice(True)), *events]


def test_a_question() -> None:
    decided = run(utterance(0.0, 1.0, "What time is it?"), until=5)
    assert kinds(decided) == ["OpenTurn", "AskModel", "Commit"]
    assert decided[-1][0] == 1.3


def test_words_that_look_unfinished_outweigh_the_model() -> None:
    decided = run(utterance(0.0, 1.0, "I would like to fly to", predicted=0.9), until=5)
    at, commit = decided[-1]
    assert isinstance(commit, Commit)
    assert at == 1.0 + Policy().ending.unfinished


def test_a_finished_sentence_needs_less_of_the_model() -> None:
    decided = run(utterance(0.0, 1.0, "What time is it?", predicted=0.4), until=5)
    assert decided[-1][0] == 1.3


def test_this_users_pauses_are_learned() -> None:
    pausing: list[Timed] = [(0.1, SpeechStarted(0.1))]
    for turn in range(6):
        base = 2.0 * turn + 1
        pausing += [(base + 0.2, SpeechStopped(0.2)), (base + 1.15, SpeechStarted(0.05))]
    pausing += [(14.2, SpeechStopped(0.2)), (14.3, FinalHeard("so that is it")), (14.3, EndPredicted(0.2))]
    decided = run(pausing, until=20)
    at, commit = decided[-1]
    assert isinstance(commit, Commit)
    assert at > 14.0 + Policy().ending.undecided


def test_a_real_interruption_cancels() -> None:
    decided = run(over_bot(1.0, 2.0, "No, I meant Tuesday."), until=5)
    assert kinds(decided) == ["PauseBot", "Interrupt", "OpenTurn", "Commit"]
    assert isinstance(decided[0][1], PauseBot)
    assert decided[0][0] == pytest.approx(1.0 + Policy().overlap_after)
    assert isinstance(decided[-1][1], Commit)


def test_f8_a_backchannel_lets_the_bot_go_on() -> None:
    decided = run(over_bot(1.0, 1.4, "Mm-hm."), until=5)
    assert kinds(decided) == ["PauseBot", "ReleaseBot", "ResumeBot"]
    assert decided[-1][1].reason == "backchannel"


def test_f6_a_cough_lets_the_bot_go_on() -> None:
    decided = run(over_bot(1.0, 1.2, ""), until=5)
    assert kinds(decided) == ["PauseBot", "ReleaseBot", "ResumeBot"]
    assert decided[-1][1].reason == "noise"


def test_f6_a_sound_whose_words_never_come_lets_the_bot_go_on() -> None:
    events = [event for event in over_bot(1.0, 1.2, "") if not isinstance(event[1], FinalHeard)]
    decided = run(events, until=5)
    assert kinds(decided) == ["PauseBot", "ReleaseBot", "ResumeBot"]
    assert abs(decided[-1][0] - 2.2) < 1e-6


def test_f14_the_echo_of_the_bot_lets_it_go_on() -> None:
    decided = run(
        over_bot(1.0, 2.0, "sunny and warm in Rome", saying="it is sunny and warm in Rome today"), until=5
    )
    assert kinds(decided) == ["PauseBot", "ResumeBot"]
    assert "echo" in decided[-1][1].reason


def test_a_yes_at_the_end_of_a_question_is_an_answer() -> None:
    decided = run(over_bot(1.0, 1.4, "Yes.", saying="would you like that?", left=0), until=5)
    assert isinstance(decided[-1][1], Commit)


def test_stop_is_believed_before_it_is_finished() -> None:
    events = over_bot(1.0, 3.0, "stop talking please")
    events.append((1.5, PartialHeard("stop", "stop")))
    decided = run(sorted(events, key=lambda timed: timed[0]), until=6)
    interrupted = next(at for at, decision in decided if isinstance(decision, Interrupt))
    assert interrupted == 1.5


def test_somebody_who_speaks_on_unrecognised_is_believed() -> None:
    decided = run([*over_bot(1.0, 9.0, "so that is that")][:3], until=4)
    assert "Interrupt" in kinds(decided)


def test_an_answer_that_may_not_be_interrupted_is_not_paused() -> None:
    events = [(0.0, BotActive(True, interruptible=False)), *utterance(1.0, 2.0, "Hello there.")]
    decided = run(events, until=5)
    assert "PauseBot" not in kinds(decided)
    assert "Interrupt" not in kinds(decided)
    assert isinstance(decided[-1][1], Commit)


SPECULATIVE = Policy(speculate=True)


def test_speculation_is_committed_with_the_turn() -> None:
    decided = run(utterance(0.0, 1.0, "What time is it?", heard=0.15), SPECULATIVE, until=5)
    speculation = next(at for at, decision in decided if isinstance(decision, Speculate))
    commit = decided[-1][1]
    assert speculation == 1.15
    assert isinstance(commit, Commit)
    assert commit.speculated


def test_speculation_is_rolled_back_when_the_user_goes_on() -> None:
    first = utterance(0.0, 1.0, "I want a pizza.", heard=0.12)[:3]
    events = [*first[:2], (1.12, FinalHeard("I want a pizza.")), (1.15, SpeechResumed())]
    events += [(2.06, SpeechPaused(0.06)), (2.2, SpeechStopped(0.2)), (2.25, EndPredicted(0.9))]
    events += [(2.3, FinalHeard("I want a pizza with olives."))]
    decided = run(events, SPECULATIVE, until=5)
    assert [k for k in kinds(decided) if k in ("Speculate", "RollBack", "Commit")][:2] == [
        "Speculate",
        "RollBack",
    ]
    commit = decided[-1][1]
    assert isinstance(commit, Commit)
    assert commit.text == "I want a pizza with olives."


def test_an_eager_policy_does_not_wait_for_the_final_words() -> None:
    events = utterance(0.0, 1.0, "What time is it?", heard=0.3)
    events.append((0.9, PartialHeard("What time is it", "What time")))
    ordered = sorted(events, key=lambda timed: timed[0])
    decided = run(ordered, Policy(speculate=True, eager=True), until=5)
    assert next(at for at, decision in decided if isinstance(decision, Speculate)) == 1.06
    assert "RollBack" not in kinds(decided), "the final words are the same but for their looks"
    commit = decided[-1][1]
    assert isinstance(commit, Commit)
    assert (commit.text, commit.speculated) == ("What time is it?", True)


def test_nothing_is_speculated_on_unfinished_words() -> None:
    decided = run(utterance(0.0, 1.0, "I want a pizza and", heard=0.15), SPECULATIVE, until=5)
    assert "Speculate" not in kinds(decided)


def test_speculation_is_capped() -> None:
    events: list[Timed] = [(0.1, SpeechStarted(0.1))]
    for number in range(8):
        at = 1.0 + number
        events += [
            (at, SpeechPaused(0.06)),
            (at + 0.1, FinalHeard(f"word {number}.")),
            (at + 0.2, SpeechResumed()),
        ]
    decided = run(events, SPECULATIVE, until=9)
    assert kinds(decided).count("Speculate") == SPECULATIVE.max_speculations


def test_f7_words_that_come_late_open_a_turn() -> None:
    decided = run([(5.0, FinalHeard("Hello there."))], until=10)
    assert kinds(decided) == ["OpenTurn", "Commit"]


def test_a_late_backchannel_is_not_a_turn() -> None:
    decided = run([(0.0, BotActive(True)), (5.0, FinalHeard("mm-hm"))], until=10)
    assert kinds(decided) == []


def test_minimum_words() -> None:
    policy = Policy(start=StartByWords(2))
    assert kinds(run(utterance(0.0, 0.5, "Hello."), policy, until=6)) == ["ResumeBot"]
    assert kinds(run(utterance(0.0, 0.5, "Hello there."), policy, until=6))[-1] == "Commit"


def test_wake_phrase() -> None:
    policy = Policy(start=StartByPhrase(("hey robot",)))
    assert kinds(run(utterance(0.0, 0.5, "What time is it?"), policy, until=6)) == ["ResumeBot"]
    assert kinds(run(utterance(0.0, 0.5, "Hey, robot, what time is it?"), policy, until=6))[-1] == "Commit"


def test_push_to_talk() -> None:
    policy = Policy(push_to_talk=True)
    events: list[Timed] = [(0.0, BotActive(True)), (1.0, TalkKey(True)), (1.2, SpeechStarted(0.1))]
    events += [(2.0, SpeechStopped(0.2)), (3.0, TalkKey(False)), (3.2, FinalHeard("Hello."))]
    decided = run(events, policy, until=6)
    assert kinds(decided) == ["Mute", "Interrupt", "OpenTurn", "Unmute", "FlushHearing", "Commit", "Mute"]
    assert decided[-2][0] == 3.2


def test_mute_until_the_first_answer_is_over() -> None:
    policy = Policy(mute=frozenset({MuteWhile.FIRST_ANSWER}))
    events = [(0.0, BotActive(True)), *utterance(0.5, 1.0, "Hello."), (3.0, BotActive(False))]
    decided = run([*events, *utterance(4.0, 5.0, "Hello?")], policy, until=9)
    assert kinds(decided)[:3] == ["Mute", "Unmute", "OpenTurn"]


def test_reminders_escalate_and_end() -> None:
    policy = Policy(reminders=(Reminder(5.0, "Are you there?"), Reminder(5.0, end=True)))
    decided = run([(0.0, BotVoice(False))], policy, until=30)
    assert [(at, type(d).__name__) for at, d in decided] == [(5.0, "Remind"), (10.0, "Remind")]
    last = decided[-1][1]
    assert isinstance(last, Remind)
    assert last.end


def test_a_monologue_is_cut() -> None:
    policy = Policy(monologue=10.0)
    events: list[Timed] = [(0.1, SpeechStarted(0.1)), (5.0, PartialHeard("on and on", "on and"))]
    decided = run(events, policy, until=20)
    (at, commit), (_, flush) = decided[-2:]
    assert isinstance(commit, Commit)
    assert (at, commit.text) == (10.0, "on and on")
    assert isinstance(flush, FlushHearing), "what is not known yet of it is heard at once"


TEXTS = st.sampled_from(["", "mm-hm", "stop", "Hello there.", "I want to", "the bot talks on", "yes"])
BOT_WORDS = "the bot talks on"
LEVELS = st.none() | st.floats(-60, 0)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        SpeechStarted, st.just(0.1), st.just("the bot talks on"), st.sampled_from([None, 0, 9]), LEVELS
    ),
    st.builds(SpeechMeasured, st.floats(-60, 0)),
    st.builds(SpeechPaused, st.just(0.06), LEVELS),
    st.just(SpeechResumed()),
    st.builds(SpeechStopped, st.just(0.2), LEVELS),
    st.builds(PartialHeard, TEXTS, st.just(""), st.integers(0, 2)),
    st.builds(FinalHeard, TEXTS, st.integers(0, 2), st.booleans()),
    st.builds(EndPredicted, st.floats(0, 1)),
    st.builds(EndSignalled, st.floats(0, 1)),
    st.builds(ThoughtJudged, st.sampled_from([0.0, 2.0]), st.booleans()),
    st.builds(BotActive, st.booleans(), st.booleans()),
    st.builds(BotVoice, st.booleans()),
    st.builds(ToolsRunning, st.booleans()),
    st.builds(TalkKey, st.booleans()),
    st.builds(Typed, TEXTS, st.booleans()),
)
POLICIES = st.builds(
    Policy,
    has_model=st.booleans(),
    speculate=st.booleans(),
    eager=st.booleans(),
    overlap_after=st.sampled_from([0.0, 0.22, 1.0]),
    nearness=st.sampled_from([None, Nearness()]),
    start=st.sampled_from(
        [
            Policy().start,
            StartBySpeech(0.4),
            StartByWords(2),
            StartByTranscript(),
            StartByAny((StartBySpeech(0.4), StartByTranscript(2))),
        ]
    ),
    judgement=st.sampled_from([None, Judgement()]),
    mute=st.frozensets(st.sampled_from(MuteWhile)),
    reminders=st.sampled_from([(), (Reminder(3.0, "Hello?"), Reminder(3.0, end=True))]),
    push_to_talk=st.booleans(),
)


@examples(300)
@given(POLICIES, st.lists(st.tuples(st.floats(0, 2), EVENTS), max_size=30))
def test_any_order_of_events(policy: Policy, gaps: list[tuple[float, Event]]) -> None:
    """Turns end exactly once; what is paused goes on or is cancelled; deadlines move things on."""
    script: list[Timed] = []
    now = 0.0
    for gap, event in gaps:
        now += gap
        script.append((now, event))
    script += [(now, TalkKey(False)), (now, SpeechStopped(0.2)), (now + 0.5, FinalHeard("", 9))]
    decided = run(script, policy, until=now + 300)
    turn_open = held = speculating = False
    for _, decision in decided:
        match decision:
            case OpenTurn():
                assert not turn_open
                turn_open = True
            case Commit(speculated=speculated):
                assert turn_open
                assert speculating if speculated else not speculating
                turn_open = speculating = False
            case Drop():
                assert turn_open
                assert not speculating
                turn_open = False
            case Speculate():
                assert turn_open
                assert not speculating
                speculating = True
            case RollBack():
                assert speculating
                speculating = False
            case PauseBot():
                assert not held
                held = True
            case ResumeBot() | Interrupt() | ReleaseBot():
                held = False
            case _:
                pass
    assert not speculating
    assert not turn_open
    assert not held


@examples(200)
@given(st.lists(st.tuples(st.floats(0, 1), EVENTS), max_size=20))
def test_a_step_depends_on_nothing_but_its_arguments(gaps: list[tuple[float, Event]]) -> None:
    one, other = FluentTurns(), FluentTurns()
    state: FluentState = one.initial()
    now = 0.0
    for gap, event in gaps:
        now += gap
        step = one.step(state, event, now)
        assert other.step(state, event, now) == step
        state = step.state
        assert (state.claim is Claim.NONE) == (state.phase is Phase.IDLE)
