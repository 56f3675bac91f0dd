"""Assertions that read like the requirement: each holds when it should, and says why when it does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from antiphon.context import ToolCall
from antiphon.dispatch import on
from antiphon.frames import Frame, InputDTMFFrame, OutputDTMFFrame
from antiphon.processor import Processor
from antiphon.services.turns import Turns
from antiphon.session import Ended
from antiphon.testing import (
    Answer,
    Backchannel,
    Call,
    Expectation,
    FakeLLM,
    FakeTool,
    Keypad,
    Press,
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
        Backchannel("Right.", bot_starts(1.0)),
        Say("What about the castle?", after(2.5)),
    ]
    return run_call(voice_bot(FakeLLM(answers)), script)


def test_a_call_reads_like_its_requirement(call: Call) -> None:
    (
        expect(call)
        .is_true()
        .user_said("Tell me about the harbour.", "What about the castle?")
        .heard_contains("harbour is very old")
        .heard_contains("It is 9 metres")
        .not_heard("from the north")
        .resumed_after("right.")
        .resumptions("backchannel")
        .interruptions(True, False)
        .decided("PauseBot", reason="while the bot answers", times=2)
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


@pytest.fixture(scope="module")
def booking() -> Call:
    """A call with keys and tools: the bot books, presses a key on the line, and ends."""
    calls = (ToolCall("1", "booking", {}), ToolCall("2", "nonsense", {}))
    llm = FakeLLM([Answer("One moment. ", tools=calls), "It is booked."])
    bot = voice_bot(
        llm,
        turns=Turns(tools=[FakeTool("booking", calls=1).tool]),
        before_turns=[Keypad({"1": "Book a table."}), Reply()],
    )
    return run_call(bot, [Press("1", after(0.5)), Press("#", after(3.0))])


class Reply(Processor):
    """Presses the key 5 on the line when the caller presses #."""

    @on(InputDTMFFrame)
    def pressed(self, frame: InputDTMFFrame) -> Frame:
        return OutputDTMFFrame("5") if frame.button == "#" else frame


def test_deeds_read_like_their_requirement(booking: Call) -> None:
    (
        expect(booking)
        .is_true()
        .user_pressed("1#")
        .bot_pressed("5")
        .tool_ran("booking", times=1)
        .tool_did_not_run("cancellation")
        .tools_ran("nonsense", "booking")
        .tools_failed("nonsense")
        .heard_in_order("One moment.", "booked.")
        .heard_between("It is booked.", 1.0, 4.0)
        .ended_because("script is over")
        .never_decided("Drop")
    )
    assert [run.result for run in booking.tool_runs if not run.is_error] == ["done"]


def test_a_bot_that_says_nothing() -> None:
    expect(run_call(voice_bot(), [])).said_nothing()


UNDONE: list[tuple[Callable[[Expectation], object], str]] = [
    (lambda e: e.user_pressed("2"), "expected the caller to have pressed ['2']; it was ['1#']"),
    (lambda e: e.bot_pressed(""), "expected the bot to have pressed ['']; it was ['5']"),
    (lambda e: e.tool_ran("cancellation"), "expected the tool cancellation to have run at least once"),
    (lambda e: e.tool_ran("booking", times=2), "expected the tool booking to have run 2 times"),
    (lambda e: e.tool_did_not_run("booking"), "expected the tool booking to have run 0 times"),
    (lambda e: e.tools_ran("booking"), "expected the tools ['booking'] to have run"),
    (lambda e: e.tools_failed(), "expected the tools [] to have failed; it was ['nonsense']"),
    (lambda e: e.heard_in_order("booked.", "One"), "in this order, 'One' did not come"),
    (
        lambda e: e.heard_between("It is", 0.0, 0.5),
        "to hear 'It is' between 0 s and 0.5 s; heard at",
    ),
    (lambda e: e.said_nothing(), "expected to hear nothing; heard 'One moment."),
    (lambda e: e.ended_because("an error"), "expected the end to be because of 'an error'"),
    (lambda e: e.never_decided("Commit"), "expected the decision Commit 0 times"),
]


@pytest.mark.parametrize(("claim", "told"), UNDONE)
def test_deeds_that_were_not_done_are_told(
    booking: Call, claim: Callable[[Expectation], object], told: str
) -> None:
    with pytest.raises(Unmet) as caught:
        claim(expect(booking))
    assert told in caught.value.sentence
    assert "tool      booking gave 'done'" in str(caught.value)


WRONG: list[tuple[Callable[[Expectation], object], str]] = [
    (lambda e: e.user_said("Something else."), "expected the user to have said"),
    (lambda e: e.heard("Nothing."), "expected to hear"),
    (lambda e: e.heard_contains("elephants"), "expected to hear 'elephants'"),
    (lambda e: e.not_heard("harbour"), "expected not to hear 'harbour'"),
    (lambda e: e.bot_said("Only this."), "these answers to have been heard"),
    (lambda e: e.interruptions(False, False), "expected answers cut short: [False, False]"),
    (lambda e: e.was_interrupted_after("from the north."), "to be cut short after 'from the north.'"),
    (
        lambda e: e.resumed_after("What about the castle?"),
        "expected the bot to go on after 'What about",
    ),
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
