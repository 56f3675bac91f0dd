"""Assertions that read like the requirement: each holds when it should, and says why when it does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from antiphon.session import Ended
from antiphon.testing import (
    Answer,
    Backchannel,
    Call,
    Expectation,
    FakeLLM,
    Say,
    Unmet,
    after,
    bot_starts,
    expect,
    run_call,
    voice_bot,
)

LONG = "The harbour is very old and it was built of stone by people who came from the north."


@pytest.fixture(scope="module")
def call() -> Call:
    answers = [Answer(LONG, when="harbour"), Answer("It is 9 metres high.", when="castle")]
    script = [
        Say("Tell me about the harbour."),
        Backchannel("Mm-hm.", bot_starts(1.0)),
        Say("No, the castle.", after(2.5)),
    ]
    return run_call(voice_bot(FakeLLM(answers)), script)


def test_a_call_reads_like_its_requirement(call: Call) -> None:
    (
        expect(call)
        .is_true()
        .user_said("Tell me about the harbour.", "No, the castle.")
        .heard_contains("harbour is very old")
        .heard_contains("It is 9 metres")
        .not_heard("from the north")
        .resumed_after("mm-hm.")
        .resumptions("backchannel")
        .interruptions(True, False)
        .decided("PauseBot", reason="makes a sound", times=2)
        .decided_in_order("Commit", "PauseBot", "ResumeBot", "PauseBot", "Interrupt", "Commit")
        .answered_within(1.0)
        .yielded_within(0.3)
        .never_spoke_over_the_user()
        .ended(Ended.ENDED)
        .reported(0)
    )
    cut = next(text for text in call.bot_text.split(" It is")[:1])
    expect(call).was_interrupted_after(cut.split()[-1]).bot_said(cut, "It is 9 metres high.")
    expect(call).heard(f"{cut} It is 9 metres high.")


WRONG: list[tuple[Callable[[Expectation], object], str]] = [
    (lambda e: e.user_said("Something else."), "expected the user to have said"),
    (lambda e: e.heard("Nothing."), "expected to hear"),
    (lambda e: e.heard_contains("elephants"), "expected to hear 'elephants'"),
    (lambda e: e.not_heard("harbour"), "expected not to hear 'harbour'"),
    (lambda e: e.bot_said("Only this."), "these answers to have been heard"),
    (lambda e: e.interruptions(False, False), "expected answers cut short: [False, False]"),
    (lambda e: e.was_interrupted_after("from the north."), "to be cut short after 'from the north.'"),
    (lambda e: e.resumed_after("No, the castle."), "expected the bot to go on after 'No, the castle.'"),
    (lambda e: e.resumed_after("Never said."), "the caller never said 'Never said.'"),
    (lambda e: e.resumptions("noise"), "the bot to have gone on because of"),
    (lambda e: e.decided("Mute"), "expected the decision Mute at least once"),
    (lambda e: e.decided_in_order("Interrupt", "PauseBot"), "in this order"),
    (lambda e: e.answered_within(0.1), "expected answers within 0.1 s"),
    (lambda e: e.yielded_within(0.01), "expected yielding within 0.01 s"),
    (lambda e: e.ended(Ended.FAILED), "expected the session to be failed; it was ended"),
    (lambda e: e.reported(1), "expected 1 errors; there were 0"),
]


@pytest.mark.parametrize(("claim", "told"), WRONG)
def test_what_does_not_hold_is_told_with_the_course_of_the_call(
    call: Call, claim: Callable[[Expectation], object], told: str
) -> None:
    with pytest.raises(Unmet) as caught:
        claim(expect(call))
    assert told in caught.value.sentence
    course = str(caught.value)
    for line in ("Say: 'Tell me about the harbour.'", "decided   ResumeBot: backchannel", "end       ended:"):
        assert line in course
