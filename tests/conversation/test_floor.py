"""Who has the floor when the user makes a sound over the bot: events in, decisions with their times out."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.testing import FakeLLM, FakeSTT, MakeNoise, Say, bot_starts, expect, run_call, voice_bot
from antiphon.turns.events import (
    BotActive,
    BotVoice,
    Event,
    FinalHeard,
    PartialHeard,
    SpeechMeasured,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    SpeechStopped,
)
from antiphon.turns.overlap import WordJudge
from antiphon.turns.state import Policy
from conversation.test_fluent import Timed, kinds, run, utterance

SPEAKING: list[Timed] = [(0.0, BotActive(True)), (0.0, BotVoice(True))]
NEAR, FAR = -20.0, -35.0
LONG = "This is a rather long answer, which goes on and on. And then it goes on for some time more."


def heard(*events: Timed, policy: Policy | None = None) -> list[tuple[str, float]]:
    """What is decided about sounds over the bot from 1.0 s on, and when. Priming and asking are left out."""
    ordered = sorted([*SPEAKING, *events], key=lambda timed: timed[0])
    decided = run(ordered, policy, until=20.0)
    kept = [(type(each).__name__, at) for at, each in decided]
    return [(kind, round(at, 6)) for kind, at in kept if kind not in ("Prime", "AskModel")]


def sound(end: float, text: str | None, *, level: float | None = None) -> list[Timed]:
    """A sound from 1.0 s to `end`; its words are known 310 ms after its end, if ever."""
    events: list[Timed] = [
        (1.1, SpeechStarted(0.1, "the bot talks on", 20, level)),
        (end + 0.06, SpeechPaused(0.06, level)),
        (end + 0.2, SpeechStopped(0.2, level)),
    ]
    return events if text is None else [*events, (end + 0.31, FinalHeard(text))]


def test_a_sound_pauses_the_bot_when_it_has_lasted() -> None:
    after = Policy().overlap_after
    assert heard(*sound(1.5, ""))[0] == ("PauseBot", 1.0 + after)
    assert heard(*sound(1.5, ""), policy=Policy(overlap_after=0.5))[0] == ("PauseBot", 1.5)
    assert heard(*sound(1.5, ""), policy=Policy(overlap_after=0.0))[0] == ("PauseBot", 1.1)


def test_a_sound_that_ends_before_pauses_nothing() -> None:
    assert heard(*sound(1.15, "")) == [("ResumeBot", 1.46)]


def test_what_it_said_interrupts_all_the_same() -> None:
    decided = heard(*sound(1.15, "Stop."))
    assert decided[:2] == [("Interrupt", 1.46), ("OpenTurn", 1.46)]
    assert decided[-1][0] == "Commit"


def test_telling_words_pause_the_bot_at_once() -> None:
    decided = heard(
        *sound(1.5, "What time is it?"), (1.15, PartialHeard("what", "", 0, "the bot talks on", 20))
    )
    assert decided[:2] == [("PauseBot", 1.15), ("Interrupt", 1.81)]


def test_a_word_that_takes_the_floor_interrupts_at_once() -> None:
    assert heard(*sound(1.5, "Stop."), (1.15, PartialHeard("stop")))[0] == ("Interrupt", 1.15)


def test_a_bot_that_is_not_to_be_heard_yet_pauses_at_once() -> None:
    decided = run([(0.0, BotActive(True)), *sound(1.5, "")], until=5.0)
    assert (kinds(decided)[0], decided[0][0]) == ("PauseBot", 1.1)


@pytest.mark.parametrize("words", ["", "yeah", "mm"])
def test_it_goes_on_at_the_first_quiet_after_a_short_sound(words: str) -> None:
    partial: list[Timed] = [(1.3, PartialHeard(words))] if words else []
    decided = heard(*sound(1.4, words), *partial)
    assert ("ReleaseBot", 1.46) in decided or words == "mm"
    assert decided[-1] == ("ResumeBot", 1.71)


def test_a_hum_does_not_pause_it_unless_it_goes_on() -> None:
    hum = (1.2, PartialHeard("Mm-hm"))
    assert heard(*sound(1.6, "Mm-hm."), hum) == [("ResumeBot", 1.91)]
    assert heard(*sound(2.5, "Mm-hm."), hum)[0] == ("PauseBot", 1.0 + WordJudge().hum)


def test_a_yeah_does_because_more_may_follow() -> None:
    assert heard(*sound(1.6, "Yeah."), (1.2, PartialHeard("Yeah")))[0] == ("PauseBot", 1.22)


def test_a_hum_that_is_known_late_lets_it_go_on_while_the_hum_lasts() -> None:
    decided = heard(*sound(1.65, "Mm-hm."), (1.4, PartialHeard("Mm-hm")))
    assert decided == [("PauseBot", 1.22), ("ReleaseBot", 1.4), ("ResumeBot", 1.96)]


def test_a_long_sound_without_words_is_waited_for() -> None:
    assert heard(*sound(1.9, "")) == [("PauseBot", 1.22), ("ResumeBot", 2.21)]


def test_words_that_come_after_it_has_gone_on_open_a_turn_that_waits_for_its_end() -> None:
    """ "No." was short. The user goes on half a second later, and that belongs to the same turn."""
    more: list[Timed] = [
        (2.1, SpeechStarted(0.1)),
        (2.86, SpeechPaused(0.06)),
        (3.0, SpeechStopped(0.2)),
        (3.1, FinalHeard("No. I meant Tuesday.")),
    ]
    decided = run([*SPEAKING, *sound(1.4, "No."), *more], until=9.0)
    assert [kind for kind in kinds(decided) if kind in ("ReleaseBot", "Interrupt", "Commit")] == [
        "ReleaseBot",
        "Interrupt",
        "Commit",
    ]
    assert decided[-1][0] >= 3.1


def test_each_sound_of_a_fit_has_to_last() -> None:
    fit: list[Timed] = [*sound(1.15, None), (1.32, SpeechResumed()), (1.45, SpeechPaused(0.06))]
    assert heard(*fit, (1.59, SpeechStopped(0.2)), (1.7, FinalHeard(""))) == [("ResumeBot", 1.7)]


# From afar -------------------------------------------------------------------------------------------------


def known(level: float = NEAR) -> list[Timed]:
    """A turn that shows how loud the user is; the bot then answers."""
    turn = [
        (at - 20.0, SpeechStarted(0.1, level=level) if isinstance(event, SpeechStarted) else event)
        for at, event in utterance(0.0, 1.0, "Tell me.")
    ]
    return [*turn, (-18.0, BotActive(True)), (-18.0, BotVoice(True))]


def afar(*events: Timed, policy: Policy | None = None) -> list[str]:
    decided = run([*known(), *sorted(events, key=lambda timed: timed[0])], policy, until=20.0)
    return [kind for kind in kinds(decided) if kind not in ("Prime", "AskModel")][2:]


def test_words_from_afar_do_not_pause_the_bot() -> None:
    talk = sound(2.5, "Put it on the table.", level=FAR)
    assert afar(*talk, (1.8, PartialHeard("put it on"))) == ["ResumeBot"]
    assert afar(*sound(1.5, "Stop.", level=FAR)) == ["ResumeBot"]
    assert afar(*talk, policy=Policy(nearness=None))[:2] == ["PauseBot", "Interrupt"]


def test_many_words_from_afar_interrupt_and_count_as_near_from_then_on() -> None:
    words = "thank you I know all of that now tell"
    decided = afar(*sound(3.5, f"{words} me", level=FAR), (2.9, PartialHeard(words)))
    assert decided == ["Interrupt", "OpenTurn", "Commit"]
    again = [(at + 10.0, event) for at, event in sound(1.5, "Stop.", level=FAR)]
    answered: list[Timed] = [(4.0, BotActive(False)), (4.5, BotActive(True))]
    twice = afar(*sound(3.5, f"{words} me", level=FAR), (2.9, PartialHeard(words)), *answered, *again)
    assert twice.count("Interrupt") == 2


def test_speech_from_afar_that_goes_on_interrupts() -> None:
    decided = run([*known(), *sound(6.0, "on and on", level=FAR)], until=20.0)
    interrupted = next(at for at, each in decided if type(each).__name__ == "Interrupt")
    assert interrupted == pytest.approx(4.0)


def test_a_soft_beginning_is_not_taken_for_afar() -> None:
    events: list[Event] = [SpeechMeasured(FAR), SpeechMeasured(NEAR)]
    measured: Sequence[Timed] = [(1.16, events[0]), (1.3, events[1])]
    decided = run([*known(), *sorted([*sound(2.0, "Tuesday", level=None), *measured])], until=9.0)
    assert next(at for at, each in decided if type(each).__name__ == "PauseBot") == pytest.approx(1.3)


def test_while_the_bot_is_silent_nothing_is_from_afar() -> None:
    silent: list[Timed] = [(-1.0, BotVoice(False)), (-1.0, BotActive(False))]
    assert afar(*silent, *sound(2.0, "And how old is it?", level=FAR)) == ["OpenTurn", "Commit"]


@given(st.floats(-60, 0), st.floats(-60, 0), st.floats(1.35, 1.9))
def test_whatever_the_levels_words_that_take_the_floor_do_so_or_are_for_somebody_else(
    near: float, level: float, end: float
) -> None:
    decided = run([*known(near), *sound(end, "Stop.", level=level)], until=20.0)
    far = level <= near - 9.0
    assert ("Interrupt" in kinds(decided)) is not far
    assert (decided[-1][1].reason == "words for somebody else") is far


# In a call -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [0.1, 0.2, 0.3])
def test_nothing_is_lost_however_the_bot_paused(seconds: float) -> None:
    call = run_call(voice_bot(FakeLLM([LONG])), [Say("Hello?"), MakeNoise(seconds, bot_starts(1.0))])
    expect(call).heard(LONG).is_true().interruptions(False).resumptions("noise")


def test_a_no_of_a_recogniser_without_partial_results_stops_the_bot() -> None:
    bot = voice_bot(FakeLLM([LONG, "Fine."]), stt=FakeSTT(partial_every=None, delay=0.4))
    call = run_call(bot, [Say("Hello?"), Say("No.", bot_starts(1.0), seconds=0.3)])
    expect(call).is_true().interruptions(True, False).user_said("Hello?", "No.")
