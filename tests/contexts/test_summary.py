"""Summarising in the background: what goes, what stays, and when a plan is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from antiphon.context import (
    AssistantMessage,
    AudioPart,
    Context,
    ImagePart,
    Message,
    SystemMessage,
    TextPart,
    ToolCall,
    ToolMessage,
    UserMessage,
)
from antiphon.contexts import SummaryRefused, apply_summary, is_summary, plan_summary
from antiphon.services.chat_format import to_messages
from effort import examples

from .strategies import callers, contexts, messages, places

PROMPT = SystemMessage("You are a waiter.")
LOOK = AssistantMessage("One moment.", tool_calls=(ToolCall("1", "menu", {"day": "Monday"}),))
SOUP = ToolMessage("1", "menu", "soup")
LONG = Context(
    (
        PROMPT,
        UserMessage.of("What is there today?"),
        LOOK,
        UserMessage.of("I have little time."),
        SOUP,
        AssistantMessage("There is soup, and there is bread.", heard="There is soup, ", interrupted=True),
        UserMessage.of("Soup, please."),
        AssistantMessage("Anything to drink?"),
        UserMessage.of("Water."),
    )
)


def planned(context: Context = LONG, keep_turns: int = 1):
    plan = plan_summary(context, 1, keep_turns=keep_turns)
    assert plan is not None
    return plan


def test_f5_a_summary_never_splits_a_call_from_its_result_and_keeps_the_prompt() -> None:
    """The cut falls between a call and its late result: both are summarised, the question between stays."""
    plan = planned(keep_turns=3)
    assert plan.messages == (LONG.messages[1], LOOK, SOUP)
    after = apply_summary(LONG, plan, "The guest asked for the menu: soup.")
    assert after.messages[0] == PROMPT
    assert is_summary(after.messages[1])
    assert after.messages[2:] == (LONG.messages[3], *LONG.messages[5:])
    roles = [message["role"] for message in to_messages(after)]
    assert roles == ["system", "user", "user", "assistant", "user", "assistant", "user"]


def test_the_request_is_a_transcript_with_each_result_behind_its_call() -> None:
    system, request = planned().request.messages
    assert isinstance(system, SystemMessage)
    assert isinstance(request, UserMessage)
    assert request.text.splitlines() == [
        "User: What is there today?",
        "Assistant: One moment.",
        'Tool menu called with {"day":"Monday"}',
        "Tool menu returned: soup",
        "User: I have little time.",
        "Assistant: There is soup, (interrupted)",
        "User: Soup, please.",
        "Assistant: Anything to drink?",
    ]


def test_pictures_sound_and_failures_are_named() -> None:
    shown = UserMessage((TextPart("Look:"), ImagePart(data=b"x"), AudioPart(b"", 8000)))
    failed = ToolMessage("1", "menu", "closed", is_error=True)
    request = planned(Context((shown, LOOK, failed, UserMessage.of("Oh.")))).request.messages[1]
    assert isinstance(request, UserMessage)
    assert "User: Look: (a picture) (a sound)" in request.text
    assert "Tool menu failed: closed" in request.text


def test_what_was_said_meanwhile_stays() -> None:
    new = (AssistantMessage("Still or sparkling?"), UserMessage.of("Still."))
    after = apply_summary(LONG.append(*new), planned(), "Soup was ordered.")
    assert after.messages[2:] == (UserMessage.of("Water."), *new)


def test_another_prompt_does_not_matter() -> None:
    current = LONG.with_messages((SystemMessage("You are a cook."), *LONG.messages[1:]))
    after = apply_summary(current, planned(), "Soup was ordered.")
    assert after.messages[0] == SystemMessage("You are a cook.")


@pytest.mark.parametrize(
    "current",
    [
        Context((PROMPT,)),
        LONG.with_messages(LONG.messages[:4]),
        LONG.with_messages((PROMPT, *LONG.messages[2:])),
        LONG.with_messages((PROMPT, UserMessage.of("Something else?"), *LONG.messages[2:])),
    ],
)
def test_a_plan_for_another_conversation_is_refused(current: Context) -> None:
    with pytest.raises(SummaryRefused, match="plan again"):
        apply_summary(current, planned(), "Soup was ordered.")


def test_a_blank_summary_is_refused() -> None:
    with pytest.raises(SummaryRefused, match="empty"):
        apply_summary(LONG, planned(), " \n")


def test_nothing_is_planned_without_need() -> None:
    assert plan_summary(LONG, 10_000) is None
    assert plan_summary(LONG, 1, keep_turns=4) is None
    assert plan_summary(Context((UserMessage.of("a" * 999), UserMessage.of("b"))), 1, keep_turns=1) is None


def test_a_call_that_still_runs_is_not_summarised() -> None:
    waiting = LONG.with_messages(message for message in LONG.messages if message != SOUP)
    after = apply_summary(waiting, planned(waiting), "Soup was ordered.").append(SOUP)
    assert [message for message in after.messages if message in (LOOK, SOUP)] == [LOOK, SOUP]
    assert "menu" not in str(planned(waiting).messages)


def test_the_next_summary_takes_the_last_one_in() -> None:
    once = apply_summary(LONG, planned(), "Soup was ordered.").append(
        AssistantMessage("Fine."), UserMessage.of("Thanks.")
    )
    plan = planned(once)
    assert is_summary(plan.messages[0])
    twice = apply_summary(once, plan, "Soup and water.")
    assert [is_summary(message) for message in twice.messages] == [False, True, False]


def test_keep_turns_is_positive() -> None:
    with pytest.raises(ValueError, match="keep_turns is 0"):
        plan_summary(LONG, 1, keep_turns=0)


@given(contexts, st.integers(1, 3), st.lists(messages, max_size=3))
@examples(40)
def test_whatever_the_conversation(context: Context, keep_turns: int, new: list[Message]) -> None:
    plan = plan_summary(context, 1, keep_turns=keep_turns)
    if plan is None:
        return
    gone = set(places(plan.messages, context.messages))
    for result, caller in callers(context.messages).items():
        assert (result in gone) == (caller in gone)
    assert not any(isinstance(message, SystemMessage) for message in plan.messages)
    after = apply_summary(context.append(*new), plan, "They spoke.")
    left = [message for place, message in enumerate(context.messages) if place not in gone]
    assert [message for message in after.messages if message.__class__ is not UserMessage] == [
        message for message in (*left, *new) if message.__class__ is not UserMessage
    ]
    assert len(after.messages) == len(left) + len(new) + 1
    first = context.messages[min(gone)]
    if isinstance(first, AssistantMessage):
        other = replace(first, generated=first.generated + "!")
        changed = [other if message is first else message for message in context.messages]
        with pytest.raises(SummaryRefused):
            apply_summary(context.with_messages(changed), plan, "They spoke.")
