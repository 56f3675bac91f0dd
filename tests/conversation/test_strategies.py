"""The strategies of turn-taking one by one: how turns start and end, who is muted, what interrupts."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.frames import TTSSpeakFrame
from antiphon.services.turns import Turns
from antiphon.session import Session
from antiphon.testing import (
    Answer,
    Bot,
    FakeLLM,
    FakeSTT,
    FakeTurnModel,
    Say,
    at,
    bot_starts,
    bot_stops,
    run_call,
    voice_bot,
)
from antiphon.testing.fake_endpointing import EndpointingSTT
from antiphon.turns.ending import together
from antiphon.turns.events import (
    BotActive,
    BotVoice,
    Commit,
    EndPredicted,
    EndSignalled,
    FinalHeard,
    PartialHeard,
    Speculate,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    SpeechStopped,
    ToolsRunning,
    Typed,
)
from antiphon.turns.overlap import Evidence, Finding, WordJudge
from antiphon.turns.rules import MuteWhile, StartByAny, StartBySpeech, StartByTranscript, StartByWords
from antiphon.turns.state import Policy
from conversation.kit import SEEDS, check_call, user_texts
from conversation.test_fluent import Timed, kinds, over_bot, run, utterance

LONG = "This is a rather long answer, which goes on and on. And then it goes on for some time more."

# The recogniser's own end of turn --------------------------------------------------------------------------


def signalled(probability: float, at_time: float, *, predicted: float, text: str) -> list[Timed]:
    events = utterance(0.0, 1.0, text, heard=0.1, predicted=predicted)
    return sorted([*events, (at_time, EndSignalled(probability))], key=lambda timed: timed[0])


def test_a_certain_recogniser_ends_the_turn_before_the_detector_does() -> None:
    decided = run(signalled(0.95, 1.12, predicted=0.9, text="What time is it?"), until=5)
    assert kinds(decided)[-1] == "Commit"
    assert decided[-1][0] == 1.12


def test_two_voices_are_weighed() -> None:
    alone = run(signalled(0.8, 1.12, predicted=0.1, text="I like tea"), until=5)
    assert decided_at(alone) == pytest.approx(1.12), "nobody has contradicted"
    late = run(signalled(0.8, 1.3, predicted=0.1, text="I like tea"), until=5)
    assert decided_at(late) == pytest.approx(1.0 + Policy().ending.undecided), "the model outweighs it"
    agreed = run(signalled(0.95, 1.3, predicted=0.3, text="I like tea"), until=5)
    assert decided_at(agreed) == pytest.approx(1.3)


def test_a_recogniser_that_takes_it_back_makes_the_bot_wait() -> None:
    events = signalled(0.0, 1.12, predicted=0.6, text="I like tea")
    assert decided_at(run(events, until=5)) == pytest.approx(1.0 + Policy().ending.undecided)


def test_an_eager_signal_begins_an_answer_that_the_next_one_undoes() -> None:
    events: list[Timed] = [
        (0.1, SpeechStarted(0.1)),
        (0.8, PartialHeard("I like tea", "I like")),
        (0.9, EndSignalled(0.5)),
        (1.06, SpeechPaused(0.06)),
        (1.1, EndSignalled(0.0)),
        (1.2, SpeechResumed()),
        (2.06, SpeechPaused(0.06)),
        (2.1, FinalHeard("I like tea and cake.")),
        (2.15, EndSignalled(0.9)),
    ]
    decided = run(events, Policy(speculate=True), until=5)
    wanted = [kind for kind in kinds(decided) if kind in ("Speculate", "RollBack", "Commit")]
    assert wanted == ["Speculate", "RollBack", "Speculate", "Commit"]
    first = next(when for when, decision in decided if isinstance(decision, Speculate))
    assert first == 1.06
    assert decided_at(decided) == 2.15


def test_sound_that_goes_on_does_not_overrule_the_recogniser_for_long() -> None:
    """A fan: the detector hears speech for ever."""
    events: list[Timed] = [
        (0.1, SpeechStarted(0.1)),
        (1.0, FinalHeard("What time is it?")),
        (1.0, EndSignalled(0.95)),
        (2.3, FinalHeard("What time is it?")),
    ]
    decided = run(events, until=10)
    assert kinds(decided) == ["OpenTurn", "FlushHearing", "Commit"]
    assert [when for when, _ in decided[1:]] == [1.0 + Policy().overrule, 2.3]


@given(st.lists(st.floats(0, 1), max_size=4))
def test_voices_together(voices: list[float]) -> None:
    belief = together(*voices, None)
    if not voices:
        assert belief is None
        return
    assert belief is not None
    assert 0 <= belief <= 1
    assert math.isclose(belief, together(*reversed(voices)) or 0.0, abs_tol=1e-9)
    if len(voices) > 1:
        assert (together(*voices, 0.5) or 0.0) == pytest.approx(belief)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_call_with_a_recogniser_that_knows_the_end(seed: int | None) -> None:
    """The sound model never believes it; the recogniser does, for sentences."""
    model = FakeTurnModel(rule=lambda said: 0.3)
    with FakeLLM(["It is noon.", "Fine."]) as llm:
        bot = voice_bot(llm, stt=_known(), turns=Turns(model=model))
        call = run_call(bot, [Say("What time is it?"), Say("I see", bot_starts(3.0))], seed=seed)
    check_call(call)
    assert user_texts(call) == ["What time is it?", "I see"]
    commits = [when for when, frame in call.decisions if frame.decision == "Commit"]
    first, second = (when - spoken.end for when, spoken in zip(commits, call.spoken, strict=True))
    assert first < 0.4
    assert second > 1.0


def _known() -> EndpointingSTT:
    return EndpointingSTT(FakeSTT(delay=0.1))


# How turns start -------------------------------------------------------------------------------------------


def test_speech_of_a_least_length() -> None:
    policy = Policy(start=StartBySpeech(0.5))
    assert kinds(run(utterance(0.0, 0.3, "Hm"), policy, until=6)) == ["ResumeBot"]
    decided = run(utterance(0.0, 2.0, "Hello there."), policy, until=6)
    assert kinds(decided)[0] == "OpenTurn"
    assert decided[0][0] == pytest.approx(0.5)


def test_words_or_a_length_of_speech() -> None:
    policy = Policy(start=StartByAny((StartBySpeech(0.5), StartByWords(1))))
    assert kinds(run(utterance(0.0, 0.3, "Yes."), policy, until=6))[-1] == "Commit"
    assert kinds(run(utterance(0.0, 0.3, ""), policy, until=6)) == ["ResumeBot"]


WORDS: list[Timed] = [
    (1.0, PartialHeard("what time")),
    (1.3, PartialHeard("what time is it")),
    (1.6, FinalHeard("What time is it?")),
]


def test_words_without_detected_speech_open_a_turn_if_the_policy_wants_it() -> None:
    policy = Policy(start=StartByTranscript())
    decided = run(WORDS, policy, until=9)
    assert [kind for kind in kinds(decided) if kind != "Prime"] == ["OpenTurn", "Commit"]
    assert decided[0][0] == 1.0
    assert decided_at(decided) == pytest.approx(1.3 + policy.ending.undecided)
    ended = run([*WORDS, (1.65, EndSignalled(0.9))], policy, until=9)
    assert decided_at(ended) == pytest.approx(1.65)


def test_otherwise_they_wait_for_the_final_words() -> None:
    decided = run(WORDS, until=9)
    assert kinds(decided) == ["OpenTurn", "Commit"]
    assert decided_at(decided) == 1.6


def test_words_without_detected_speech_over_the_bot_are_judged() -> None:
    policy = Policy(start=StartByTranscript())
    active: Timed = (0.0, BotActive(True))
    echo = PartialHeard("it is sunny and warm", saying="today it is sunny and warm in Rome")
    decided = run([active, (1.0, echo), (1.4, FinalHeard("It is sunny and warm."))], policy, until=9)
    assert kinds(decided) == ["ResumeBot"]
    stop = run([active, (1.0, PartialHeard("stop it")), (1.4, FinalHeard("Stop it."))], policy, until=9)
    assert [k for k in kinds(stop) if k != "Prime"] == ["Interrupt", "OpenTurn", "Commit"]


# What interrupts -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "finding"),
    [
        ("Tuesday.", Finding.BACKCHANNEL),
        ("Stop.", Finding.INTERRUPTION),
        ("Tuesday would be better.", Finding.INTERRUPTION),
    ],
)
def test_a_least_number_of_words_for_an_interruption(words: str, finding: Finding) -> None:
    judge = WordJudge(least_words=3)
    assert judge.judge(Evidence(words, True, 0.8, 0.3, left=20)) is finding
    assert WordJudge().judge(Evidence(words, True, 0.8, 0.3, left=20)) is Finding.INTERRUPTION


@pytest.mark.parametrize(
    ("words", "quiet", "finding"),
    [
        ("Mm-hm", 0.06, Finding.UNLIKELY),
        ("Mm-hm", None, Finding.UNLIKELY),
        ("Yeah", 0.06, Finding.UNLIKELY),
        ("Yeah", None, Finding.UNSURE),
        ("Yeah but", None, Finding.INTERRUPTION),
        ("Yeah Tuesday", 0.2, Finding.LIKELY),
        ("", 0.06, Finding.UNLIKELY),
        ("", None, Finding.UNSURE),
    ],
)
def test_which_way_it_looks_before_it_is_known(words: str, quiet: float | None, finding: Finding) -> None:
    assert WordJudge().judge(Evidence(words, False, 0.4, quiet, left=20, sound=0.4)) is finding


def test_what_lasts_for_long_is_not_taken_for_a_hum_or_a_cough() -> None:
    assert WordJudge().judge(Evidence("Mm", False, 0.8, None, left=20, sound=0.8)) is Finding.UNSURE
    assert WordJudge().judge(Evidence("", False, 0.6, 0.06, left=20, sound=0.6)) is Finding.UNSURE
    assert WordJudge(short=0.0).judge(Evidence("", False, 0.1, 0.06, sound=0.1)) is Finding.UNSURE


def test_what_comes_from_afar_is_for_somebody_else() -> None:
    words = "Put it on the table."
    assert WordJudge().judge(Evidence(words, False, 1.0, None, left=20, far=True)) is Finding.UNLIKELY
    assert WordJudge().judge(Evidence(words, True, 1.0, 0.3, left=20, far=True)) is Finding.SIDE_TALK
    assert WordJudge().judge(Evidence("Mm-hm.", True, 1.0, 0.3, left=20, far=True)) is Finding.BACKCHANNEL
    assert WordJudge().judge(Evidence("", False, 1.0, 1.0, left=20, far=True)) is Finding.NOISE
    echo = Evidence("it is", False, 0.4, None, saying="today it is sunny", far=True)
    assert WordJudge().judge(echo) is Finding.UNLIKELY


def test_words_that_come_after_the_bot_has_gone_on_still_interrupt() -> None:
    late = [*over_bot(1.0, 2.0, "well")[:1], (1.0, SpeechStarted(0.0, LONG, 20)), (1.3, PartialHeard("yeah"))]
    ended: list[Timed] = [(1.4, SpeechPaused(0.06)), (1.54, SpeechStopped(0.2))]
    decided = run([*late, *ended, (1.8, FinalHeard("Yeah, make it Tuesday."))], until=9)
    kept = [kind for kind in kinds(decided) if kind not in ("Prime", "AskModel")]
    assert kept == ["PauseBot", "ReleaseBot", "Interrupt", "OpenTurn", "Commit"]
    assert decided[kinds(decided).index("Interrupt")][0] == 1.8


def test_sessions_have_their_own_least_number_of_words() -> None:
    def call(least: int) -> list[str]:
        policy = Policy(judge=WordJudge(least_words=least))
        bot = voice_bot(FakeLLM([LONG, "Fine."]), turns=Turns(model=FakeTurnModel(), policy=policy))
        return user_texts(run_call(bot, [Say("Hello?"), Say("Tuesday then.", bot_starts(1.0))]))

    assert call(1) == ["Hello?", "Tuesday then."]
    assert call(3) == ["Hello?"]


def test_typing_that_wants_no_answer_lets_a_bot_go_on_that_had_paused() -> None:
    events: list[Timed] = [*over_bot(1.0, 2.0, "well")[:3], (1.3, Typed("a note", run=False))]
    assert kinds(run(events, until=9)) == ["PauseBot", "ReleaseBot", "OpenTurn", "Commit"]


# Who is muted ----------------------------------------------------------------------------------------------


def muted_bot(llm: FakeLLM, *rules: MuteWhile, stt: FakeSTT | None = None) -> Bot:
    policy = Policy(mute=frozenset(rules))
    return voice_bot(llm, stt=stt, turns=Turns(model=FakeTurnModel(), policy=policy))


def test_the_first_sound_of_all_is_muted_too() -> None:
    policy = Policy(mute=frozenset({MuteWhile.ALWAYS}))
    decided = run([*utterance(0.5, 1.0, "Hello."), (3.0, Typed("Hello."))], policy, until=9)
    assert kinds(decided) == ["Mute", "OpenTurn", "Commit"]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("delay", [0.05, 0.5, 2.5])
@pytest.mark.parametrize("gated", [False, True])
def test_f14_what_is_said_while_muted_never_counts(seed: int | None, delay: float, gated: bool) -> None:
    stt = FakeSTT(delay=delay, gated=gated)
    llm = FakeLLM([LONG], otherwise="Fine.")
    script = [Say("Hello?"), Say("my secret", bot_starts(0.5)), Say("What now?", bot_stops(2.0))]
    call = run_call(muted_bot(llm, MuteWhile.BOT_SPEAKS, stt=stt), script, seed=seed, quiet=5.0)
    check_call(call)
    assert user_texts(call) == ["Hello?", "What now?"]
    assert "secret" not in " ".join(map(str, call.frames))


@pytest.mark.parametrize("seed", SEEDS)
def test_f14_somebody_who_speaks_on_is_heard_from_the_end_of_the_mute(seed: int | None) -> None:
    llm = FakeLLM(["Hello and welcome to this place."], otherwise="Fine.")
    long = "one two three four five six seven eight nine ten eleven twelve"
    script = [Say("Hello?"), Say(long, bot_starts(1.0), seconds=6.0)]
    call = run_call(muted_bot(llm, MuteWhile.BOT_SPEAKS), script, seed=seed)
    check_call(call)
    _, heard = user_texts(call)
    assert long.endswith(heard)
    assert "one" not in heard.split()


def test_f14_a_recogniser_that_is_not_muted_leaks_nothing() -> None:
    """Pure: the sound was recognised under the mute, its transcript comes after it."""
    policy = Policy(mute=frozenset({MuteWhile.TOOLS}))
    events: list[Timed] = [
        (0.0, ToolsRunning(True)),
        (1.0, SpeechStarted(0.1)),
        (2.0, SpeechStopped(0.2)),
        (2.1, ToolsRunning(False)),
        (2.5, FinalHeard("my secret", 3)),
    ]
    assert kinds(run(events, policy, until=9)) == ["Mute", "Unmute"]
    later = [*events, *utterance(5.0, 6.0, "Hello there.")]
    assert kinds(run(later, policy, until=9))[-1] == "Commit"


def test_words_from_before_the_mute_still_count() -> None:
    policy = Policy(mute=frozenset({MuteWhile.BOT_SPEAKS}))
    events: list[Timed] = [
        (0.1, SpeechStarted(0.1)),
        (0.8, PartialHeard("Hello", "Hello")),
        (1.2, SpeechStopped(0.2)),
        (1.3, EndPredicted(0.9)),
        (6.0, BotActive(True)),
        (6.1, BotVoice(True)),
        (7.0, FinalHeard("Hello, are you there?")),
    ]
    decided = run(events, policy, until=12)
    texts = [decision.text for _, decision in decided if isinstance(decision, Commit)]
    assert texts == ["Hello", "are you there?"]


@pytest.mark.parametrize("seed", SEEDS)
def test_muted_until_the_first_answer_is_over(seed: int | None) -> None:
    """The user speaks first, at once; after the greeting they are heard."""
    llm = FakeLLM([Answer("Fine.", when="question")])
    turns = Turns(model=FakeTurnModel(), policy=Policy(mute=frozenset({MuteWhile.FIRST_ANSWER})))

    def greeting(session: Session) -> object:
        asyncio.get_running_loop().call_later(1.5, lambda: turns.push(TTSSpeakFrame("Welcome.")))
        return voice_bot(llm, turns=turns)(session)

    script = [Say("anybody there", at(0.2)), Say("A question?", bot_stops(1.0))]
    call = run_call(greeting, script, seed=seed)
    check_call(call)
    assert user_texts(call) == ["A question?"]
    assert call.bot_text == "Welcome. Fine."


def decided_at(decided: Sequence[tuple[float, object]]) -> float:
    """When the turn was committed."""
    return next(when for when, decision in decided if isinstance(decision, Commit))


def test_speech_after_a_committed_pause_opens_the_next_turn() -> None:
    """The recogniser ended the turn within a pause so short that the detector only says "goes on"."""
    events = [*signalled(0.95, 1.12, predicted=0.9, text="What time is it?")]
    events = [timed for timed in events if timed[0] < 1.19]
    events += [(1.18, SpeechResumed()), (2.06, SpeechPaused(0.06)), (2.2, SpeechStopped(0.2))]
    events += [(2.25, EndPredicted(0.9)), (2.3, FinalHeard("In Rome?", 1))]
    decided = run(events, until=6)
    assert [k for k in kinds(decided) if k in ("OpenTurn", "Commit")] == ["OpenTurn", "Commit"] * 2
