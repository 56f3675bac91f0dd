"""The language model's own judgement: marks in its answers, and calls in which it waits for the user."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.context import Context, SystemMessage, UserMessage
from antiphon.judgement import ANSWER, Judgement, MarkReader
from antiphon.services.turns import Turns
from antiphon.testing import (
    Answer,
    Bot,
    Call,
    Fail,
    FakeLLM,
    FakeTurnModel,
    HangUp,
    Say,
    Type,
    after,
    bot_starts,
    run_call,
    voice_bot,
)
from antiphon.turns.state import Policy
from conversation.kit import SEEDS, answers, check_call, user_texts

JUDGEMENT = Judgement()
SHORT, LONG = JUDGEMENT.short, JUDGEMENT.long


def judged_bot(llm: FakeLLM, *, speculate: bool = False, **services: Any) -> Bot:
    """A bot whose sound model always thinks that the user has finished."""
    policy = Policy(judgement=JUDGEMENT, speculate=speculate)
    turns = Turns("Be brief.", model=FakeTurnModel(rule=lambda said: 0.99), policy=policy)
    return voice_bot(llm, turns=turns, **services)


def kept(call: Call, llm: FakeLLM) -> str:
    """All that the bot said, the messages kept, and the users' side of the requests."""
    asked = [message for context in llm.contexts for message in context.messages[1:]]
    return " ".join([call.bot_text, *map(str, call.messages), *map(str, asked), *map(str, call.frames)])


def committed(call: Call) -> list[float]:
    return [at for at, frame in call.decisions if frame.decision == "Commit"]


# The mark --------------------------------------------------------------------------------------------------


@given(st.sampled_from([SHORT, LONG]), st.data(), st.text(max_size=5))
def test_a_mark_is_read_however_it_is_cut(mark: Any, data: st.DataObject, rest: str) -> None:
    text = f" {mark.text.upper()}{rest}"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    reader = MarkReader(JUDGEMENT)
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert "".join(reader.feed(piece) for piece in pieces) == ""
    assert reader.verdict == mark


@given(st.lists(st.text(alphabet="<wait long>x ", max_size=8)))
def test_an_answer_without_a_mark_passes_unchanged(pieces: list[str]) -> None:
    text = "".join(pieces)
    reader = MarkReader(JUDGEMENT)
    given_out = "".join([*(reader.feed(piece) for piece in pieces), reader.finish()])
    if text.lstrip().startswith((SHORT.text, LONG.text)):
        assert given_out == ""
    else:
        assert (given_out, reader.verdict) == (text, ANSWER)


def test_nothing_is_held_back_that_is_no_mark() -> None:
    assert MarkReader(JUDGEMENT).feed("W") == "W"


def test_a_request_that_insists_has_no_use_for_marks() -> None:
    reader = MarkReader(JUDGEMENT.insisting())
    assert [reader.feed(piece) for piece in ("<wa", "it><wait long> It ", "is.")] == ["", "It ", "is."]


def test_the_instructions_follow_those_of_the_developer() -> None:
    told = JUDGEMENT.instruct(Context.of("Be brief.").append(UserMessage.of("Hello.")))
    first = told.messages[0]
    assert isinstance(first, SystemMessage)
    assert first.text.startswith("Be brief.\n\n")
    assert SHORT.text in first.text
    assert LONG.text in first.text
    assert len(told.messages) == 2
    assert len(JUDGEMENT.instruct(Context()).messages) == 1


# Calls -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("speculate", [False, True])
def test_a_model_that_never_uses_it_answers_as_ever(seed: int | None, speculate: bool) -> None:
    with FakeLLM(["It is noon.", "You are welcome."]) as llm:
        script = [Say("What time is it?"), Say("Thank you.", bot_starts(3.0))]
        call = run_call(judged_bot(llm, speculate=speculate), script, seed=seed)
    check_call(call)
    assert user_texts(call) == ["What time is it?", "Thank you."]
    assert call.bot_text == "It is noon. You are welcome."


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("speculate", [False, True])
def test_an_incomplete_thought_goes_on(seed: int | None, speculate: bool) -> None:
    llm = FakeLLM([Answer("<wait>", when="pizza.")], otherwise=Answer("Twelve euros."))
    script = [Say("I want a pizza."), Say("With olives.", after(1.2))]
    call = run_call(judged_bot(llm, speculate=speculate), script, seed=seed)
    check_call(call)
    assert user_texts(call) == ["I want a pizza. With olives."]
    assert call.bot_text == "Twelve euros."
    assert len(committed(call)) == 1
    assert "wait>" not in kept(call, llm)


@pytest.mark.parametrize(("mark", "wait"), [(SHORT, SHORT.wait), (LONG, LONG.wait)])
def test_a_user_who_adds_nothing_is_answered(mark: Any, wait: float) -> None:
    with FakeLLM([Answer(f"{mark.text} and more"), Answer("What about it?")]) as llm:
        call = run_call(judged_bot(llm), [Say("About my order.")])
    check_call(call)
    assert call.bot_text == "What about it?"
    (at,) = committed(call)
    assert wait < at - call.spoken[0].end < wait + 1.0
    assert "wait" not in kept(call, llm).replace("waits", "")
    first, second = (context.messages[0] for context in llm.contexts)
    assert isinstance(first, SystemMessage)
    assert isinstance(second, SystemMessage)
    assert SHORT.text in first.text
    assert SHORT.text not in second.text


def test_a_mark_that_comes_in_pieces_is_not_spoken() -> None:
    """The fake's tokens end at white space: `<wait ` and `long>`."""
    with FakeLLM([Answer("<wait long>", per_token=0.3), Answer("Well?")]) as llm:
        call = run_call(judged_bot(llm), [Say("Let me see.")])
    check_call(call)
    assert call.bot_text == "Well?"


def test_a_model_that_insists_on_waiting_is_answered_for() -> None:
    llm = FakeLLM(otherwise="<wait> Fine.")
    call = run_call(judged_bot(llm), [Say("Let me see.")])
    check_call(call)
    assert call.bot_text == "Fine."
    assert user_texts(call) == ["Let me see."]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_user_types_while_the_model_waits(seed: int | None) -> None:
    llm = FakeLLM([Answer("<wait long>", when="number is")], otherwise="Thank you.")
    call = run_call(judged_bot(llm), [Say("My number is."), Type("12345", after(1.0))], seed=seed)
    check_call(call)
    assert user_texts(call) == ["My number is. 12345"]
    assert call.bot_text == "Thank you."


@pytest.mark.parametrize("seed", SEEDS)
def test_a_barge_in_may_be_incomplete_too(seed: int | None) -> None:
    llm = FakeLLM(
        [
            "This is a rather long answer, which goes on and on and on for some more time.",
            Answer("<wait>", when="no I meant"),
            Answer("On Tuesday then.", when="Tuesday"),
        ]
    )
    script = [Say("When is it?"), Say("no I meant.", bot_starts(1.0)), Say("Tuesday please.", after(1.2))]
    with llm:
        call = run_call(judged_bot(llm), script, seed=seed)
    check_call(call)
    assert user_texts(call) == ["When is it?", "no I meant. Tuesday please."]
    assert answers(call)[0].interrupted
    assert call.bot_text.endswith("On Tuesday then.")


@pytest.mark.parametrize("seed", SEEDS)
def test_the_user_goes_on_before_the_verdict(seed: int | None) -> None:
    llm = FakeLLM([Answer("<wait>", when="pizza.", ttft=1.5)], otherwise="Fine.")
    call = run_call(judged_bot(llm), [Say("I want a pizza."), Say("Please.", after(0.8))], seed=seed)
    check_call(call)
    assert user_texts(call) == ["I want a pizza. Please."]
    assert call.bot_text == "Fine."


def test_a_verdict_that_comes_too_late_is_not_waited_for() -> None:
    slow = JUDGEMENT.patience + 2.0
    with FakeLLM([Answer("<wait>", ttft=slow), Answer("Yes.")]) as llm:
        call = run_call(judged_bot(llm), [Say("Are you there?")])
    check_call(call)
    assert call.bot_text == "Yes."
    (at,) = committed(call)
    assert at - call.spoken[0].end < JUDGEMENT.patience + 1.0


def test_a_model_that_fails_behind_the_gate_is_asked_again() -> None:
    with FakeLLM([Answer("No.", fault=Fail(0)), Answer("Yes.")]) as llm:
        call = run_call(judged_bot(llm), [Say("Are you there?")])
    assert call.bot_text == "Yes."
    assert user_texts(call) == ["Are you there?"]


def test_the_call_ends_while_the_model_waits() -> None:
    llm = FakeLLM(["<wait long>"])
    call = run_call(judged_bot(llm), [Say("Let me see."), HangUp(after(2.0))])
    assert call.leftover == ()
    assert call.bot_text == ""


def test_nothing_else_is_judged() -> None:
    """A greeting, and what was typed, must be answered."""
    llm = FakeLLM(["Hello.", "Fine."])
    with llm:
        call = run_call(judged_bot(llm), [Type("Hello?"), Type("How are you?", bot_starts(2.0))])
    check_call(call)
    for context in llm.contexts:
        assert not any(isinstance(m, SystemMessage) and SHORT.text in m.text for m in context.messages)


def test_the_policy_says_whether_there_is_a_judgement() -> None:
    assert Turns(policy=Policy(judgement=JUDGEMENT)).judgement == JUDGEMENT
    assert Turns().judgement is None


# Words for somebody else -----------------------------------------------------------------------------------

LISTENS = Judgement(aside="<not me>")
ASIDE = "(to somebody else) Anna, close the door."


def with_aside(llm: FakeLLM, *, speculate: bool = False) -> Bot:
    policy = Policy(judgement=LISTENS, speculate=speculate)
    return voice_bot(
        llm, turns=Turns("Be brief.", model=FakeTurnModel(rule=lambda said: 0.99), policy=policy)
    )


def test_the_model_is_told_of_words_for_others_only_if_that_is_wanted() -> None:
    told = [str(judgement.instruct(Context()).messages) for judgement in (JUDGEMENT, LISTENS)]
    assert ["somebody else" in each for each in told] == [False, True]
    assert "{" not in told[1]
    assert MarkReader(JUDGEMENT).feed("<not me>") == "<not me>"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("speculate", [False, True])
def test_words_for_somebody_else_get_no_answer(seed: int | None, speculate: bool) -> None:
    llm = FakeLLM([Answer("<not me>", when="Anna")], otherwise="At noon.")
    script = [Say("Anna, close the door."), Say("When is lunch?", after(4.0))]
    call = run_call(with_aside(llm, speculate=speculate), script, seed=seed)
    check_call(call)
    assert user_texts(call) == [ASIDE, "When is lunch?"]
    assert call.bot_text == "At noon."
    assert len(answers(call)) == 1
    reasons = [frame.reason for _, frame in call.decisions if frame.decision == "Commit"]
    assert reasons[0].endswith("takes the words for somebody else's")
    assert ASIDE in str(llm.contexts[-1].messages)
    assert "<not me>" not in kept(call, llm)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_bot_that_gave_way_to_words_for_somebody_else_stays_silent(seed: int | None) -> None:
    answer = "This is a rather long answer, which goes on and on and on for some more time."
    llm = FakeLLM([Answer("<not me>", when="Anna")], otherwise=answer)
    call = run_call(
        with_aside(llm), [Say("When is it?"), Say("Anna, close the door.", bot_starts(1.0))], seed=seed
    )
    check_call(call)
    assert user_texts(call) == ["When is it?", ASIDE]
    (cut,) = answers(call)
    assert cut.interrupted
    assert call.bot_text != answer


@pytest.mark.parametrize("seed", SEEDS)
def test_a_user_who_turns_back_to_the_bot_is_answered(seed: int | None) -> None:
    """The verdict on the first words counts for them alone."""
    llm = FakeLLM([Answer("<not me>", when="the door."), Answer("At noon.", when="lunch")], otherwise="What?")
    script = [Say("Anna, close the door."), Say("So when is lunch?", after(0.3))]
    call = run_call(with_aside(llm, speculate=True), script, seed=seed)
    check_call(call)
    assert call.bot_text == "At noon."


def test_a_verdict_after_the_end_of_the_turn_keeps_the_bot_silent() -> None:
    slow = LISTENS.patience + 2.0
    llm = FakeLLM([Answer("<not me>", when="Anna", ttft=slow)], otherwise="Yes.")
    call = run_call(with_aside(llm), [Say("Anna, are you there?")])
    check_call(call)
    assert call.bot_text == ""
    assert "<not me>" not in kept(call, llm)
