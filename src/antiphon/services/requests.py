"""What goes to the language model: the conversation, kept within a budget of tokens.

Requests are made to fit, the conversation stays whole. Trimming leaves out the oldest exchanges, never the
developer's instructions, never a call without its result; and it leaves out a quarter more than it must, so
that the next requests begin alike and a model that remembers what it has read need not read it all again.

With a model to summarise, the older part is summarised beside the conversation before the budget is full,
and requests have the summary in its place as long as nothing has changed it. No answer waits for that; until
then, and if it fails, requests are trimmed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, cast

import msgspec

from antiphon.context import Context
from antiphon.contexts import (
    Count,
    SummaryPlan,
    SummaryRefused,
    apply_summary,
    context_tokens,
    drop_turns,
    estimate_tokens,
    is_summary,
    plan_summary,
    trim,
    user_turns,
)
from antiphon.contexts.summary import INSTRUCTIONS
from antiphon.conversation import Conversation
from antiphon.frames import TurnDecisionFrame
from antiphon.node import describe
from antiphon.processor import Processor
from antiphon.services.base import LLM, TextDelta

LOW_WATER = 0.75
"""A request that is over its budget is trimmed to this part of it; a summary is made from here on."""

SUMMARY_SECONDS = 60.0
"""A summary that takes longer is given up."""

MAX_FAILURES = 3
"""After so many summaries in a row that failed, no more are tried."""


class Budget(msgspec.Struct, frozen=True):
    """How many tokens a request may take, tools included, answers excluded.

    `summary` is a language model (it may be the one of the pipeline) that summarises what would be left out;
    the last `keep_turns` user messages and what follows them are never summarised. `count` says how long a
    message is, without it the length is estimated. Raises ValueError unless both numbers are positive.
    """

    tokens: int
    summary: LLM | None = None
    keep_turns: int = 4
    count: Count = estimate_tokens
    instructions: str = INSTRUCTIONS

    def __post_init__(self) -> None:
        if self.tokens <= 0 or self.keep_turns <= 0:
            raise ValueError("A budget needs a positive number of tokens, and of turns to keep.")


class Requests:
    """The conversation as the model gets it. Summaries are made by tasks of `processor`."""

    def __init__(
        self, processor: Processor, conversation: Conversation, budget: Budget | int | None = None
    ) -> None:
        self.budget = Budget(budget) if isinstance(budget, int) else budget
        self.summarising: asyncio.Task[None] | None = None
        self._processor = processor
        self._conversation = conversation
        self._summaries: list[tuple[SummaryPlan, str]] = []
        self._left_out = 0
        self._revision = 0
        self._failures = 0

    def replace_summary(self, replaced: Callable[[LLM], LLM]) -> None:
        """Have another model summarise, made from the one that does; nothing if none does."""
        if self.budget is not None and self.budget.summary is not None:
            self.budget = msgspec.structs.replace(self.budget, summary=replaced(self.budget.summary))

    @property
    def context(self) -> Context:
        """The conversation as it stands."""
        return self._fit(self._conversation.context)

    def with_user(self, text: str) -> Context:
        """As if the user said this next."""
        return self._fit(self._conversation.with_user(text))

    def of(self, response: int) -> Context:
        """As this response sees it, which may be only speculative."""
        return self._fit(self._conversation.context_of(response))

    def tidy(self) -> None:
        """An answer is over: begin to summarise if it is time. Returns at once."""
        budget = self.budget
        busy = self.summarising is not None and not self.summarising.done()
        if budget is None or budget.summary is None or busy or self._failures >= MAX_FAILURES:
            return
        limit = max(1, int(budget.tokens * LOW_WATER))
        plan = plan_summary(
            self._summarised(self._conversation.context),
            limit,
            keep_turns=budget.keep_turns,
            count=budget.count,
            instructions=budget.instructions,
        )
        if plan is not None:
            work = self._summarise(budget.summary, plan)
            self.summarising = self._processor.spawn_background(work, name="summary")

    # Inside ----------------------------------------------------------------------------------------------

    def _fit(self, context: Context) -> Context:
        budget = self.budget
        if budget is None:
            return context
        if self._revision != self._conversation.revision:
            self._revision, self._left_out = self._conversation.revision, 0
        context = self._summarised(context)
        shorter = drop_turns(context, self._left_out)
        if context_tokens(shorter, budget.count) <= budget.tokens:
            return shorter
        trimmed = _trimmed(context, budget)
        self._left_out = user_turns(context) - user_turns(trimmed)
        return trimmed

    def _summarised(self, context: Context) -> Context:
        """With each summary in its place; from the first that does not fit any more, all are given up."""
        for number, (plan, text) in enumerate(self._summaries):
            try:
                context = apply_summary(context, plan, text)
            except SummaryRefused as refused:
                del self._summaries[number:]
                self._tell("SummaryRefused", str(refused), plan)
                break
        return context

    async def _summarise(self, llm: LLM, plan: SummaryPlan) -> None:
        try:
            async with asyncio.timeout(SUMMARY_SECONDS):
                text = await _written(llm, plan.request)
            apply_summary(self._summarised(self._conversation.context), plan, text)
        except SummaryRefused as refused:
            self._tell("SummaryRefused", str(refused), plan)
        except Exception as error:
            self._failures += 1
            message = describe(error) if not isinstance(error, TimeoutError) else "it took too long"
            self._processor.fail(f"the summary of the conversation failed: {message}; requests are trimmed")
        else:
            self._failures, self._left_out = 0, 0
            self._summaries.append((plan, text))
            self._tell("Summarised", "the conversation is near its budget", plan)

    def _tell(self, what: str, reason: str, plan: SummaryPlan) -> None:
        inputs: dict[str, Any] = {"messages": len(plan.messages)}
        self._processor.broadcast(TurnDecisionFrame(what, reason, inputs))


def _trimmed(context: Context, budget: Budget) -> Context:
    """Well within the budget, unless a summary would have to go for that."""
    low = trim(context, max(1, int(budget.tokens * LOW_WATER)), count=budget.count)
    if sum(map(is_summary, low.messages)) < sum(map(is_summary, context.messages)):
        return trim(context, budget.tokens, count=budget.count)
    return low


async def _written(llm: LLM, request: Context) -> str:
    """All that the model writes."""
    items = cast(AsyncGenerator[object, None], llm.generate(request))
    async with aclosing(items):
        return "".join([item.text async for item in items if isinstance(item, TextDelta)])
