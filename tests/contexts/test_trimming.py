"""Trimming: within the budget, and never a call without its results or the other way round."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.context import (
    AssistantMessage,
    Context,
    Message,
    SystemMessage,
    ToolCall,
    ToolMessage,
    ToolSpec,
    UserMessage,
)
from antiphon.contexts import context_tokens, plan_summary, trim
from antiphon.contexts.summary import apply_summary
from effort import examples

from .strategies import callers, contexts, places

CALL = AssistantMessage("Let me look.", tool_calls=(ToolCall("1", "weather", {}),))
RESULT = ToolMessage("1", "weather", "sunny")


def one(item: Message | ToolSpec) -> int:
    """Everything costs one token: a budget counts messages."""
    return 1


def talk(*words: str) -> list[Message]:
    """User and assistant by turns."""
    return [AssistantMessage(w) if i % 2 else UserMessage.of(w) for i, w in enumerate(words)]


def test_what_fits_is_left_alone() -> None:
    context = Context.of("Be brief.").append(*talk("Hi.", "Hello."))
    assert trim(context, 1000) is context


def test_the_oldest_exchanges_go_first_and_whole() -> None:
    context = Context.of("Be brief.").append(*talk("One?", "1", "Two?", "2", "Three?"))
    assert trim(context, 5, count=one).messages == (SystemMessage("Be brief."), *talk("Two?", "2", "Three?"))


def test_a_late_result_goes_with_its_call() -> None:
    context = Context((UserMessage.of("Weather?"), CALL, UserMessage.of("Hurry."), RESULT))
    assert trim(context, 3, count=one).messages == (UserMessage.of("Hurry."),)


def test_a_call_that_still_runs_outlives_old_exchanges() -> None:
    context = Context((CALL, *talk("One?", "1", "Two?", "2", "Three?")))
    assert trim(context, 2, count=one).messages == (CALL, UserMessage.of("Three?"))
    assert trim(context, 1, count=one).messages == (UserMessage.of("Three?"),)


def test_a_summary_outlives_old_exchanges() -> None:
    context = Context(tuple(talk("One?", "1", "Two?", "2", "Three?", "3", "Four?")))
    plan = plan_summary(context, 1, keep_turns=3)
    assert plan is not None
    summarised = apply_summary(context, plan, "They counted.")
    assert trim(summarised, 2, count=one).messages == (summarised.messages[0], UserMessage.of("Four?"))


def test_what_must_stay_comes_back_even_over_the_budget() -> None:
    context = Context.of("Instructions. " * 50).append(*talk("One?", "1", "Two?"))
    assert trim(context, 1).messages == (context.messages[0], UserMessage.of("Two?"))


def test_tools_count() -> None:
    context = Context(tuple(talk("One?", "1", "Two?")), (ToolSpec("weather", "Tells it.", {}),))
    assert trim(context, 2, count=one).messages == (UserMessage.of("Two?"),)


@pytest.mark.parametrize("budget", [0, -1])
def test_a_budget_is_positive(budget: int) -> None:
    with pytest.raises(ValueError, match="positive number of tokens"):
        trim(Context(), budget)


@given(contexts, st.integers(1, 250))
@examples(40)
def test_whatever_the_conversation_and_the_budget(context: Context, budget: int) -> None:
    before = context.messages
    after = trim(context, budget).messages
    kept = places(after, before)
    assert kept == sorted(kept)
    for result, caller in callers(before).items():
        if caller is None:
            assert result not in kept
        else:
            assert (result in kept) == (caller in kept)
    assert [m for m in after if isinstance(m, SystemMessage)] == [
        m for m in before if isinstance(m, SystemMessage)
    ]
    asked = [place for place, message in enumerate(before) if isinstance(message, UserMessage)]
    assert asked[-1:] == [place for place in kept if place in asked[-1:]]
    if context_tokens(context.with_messages(after)) > budget:
        assert all(isinstance(message, SystemMessage | UserMessage) for message in after)
        assert len([message for message in after if isinstance(message, UserMessage)]) <= 1


@given(contexts, st.integers(1, 250))
@examples(40)
def test_trimming_twice_changes_nothing(context: Context, budget: int) -> None:
    once = trim(context, budget)
    assert trim(once, budget) == once


@given(contexts)
@examples(40)
def test_a_sound_conversation_within_its_budget_stays(context: Context) -> None:
    strays = {place for place, caller in callers(context.messages).items() if caller is None}
    sound = context.with_messages(m for place, m in enumerate(context.messages) if place not in strays)
    assert trim(context, max(1, context_tokens(context))) == sound
