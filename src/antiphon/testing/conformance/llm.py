"""What a language model must keep: an answer or a ServiceError, for any context, also several at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from antiphon.context import Context, ToolCall, UserMessage
from antiphon.services.base import LLM, Notice, ServiceError, TextDelta, Usage
from antiphon.testing.conformance.checker import POINTS, UNICODE, Checker, Report, Stream, drain


async def check_llm(
    factory: Callable[[], LLM], context: Context | None = None, *, points: int = POINTS
) -> Report:
    """Hold a language model to its promises. `context` is something that it has an answer to."""
    question = context or Context.of("Answer in a few words.").append(UserMessage.of("Say hello."))
    checker = Checker(factory())

    def ask(what: Context = question) -> Stream[Any]:
        return cast("Stream[Any]", factory().generate(what))

    await checker.check("answers", _answers(checker, ask()))
    await checker.check("empty context", _survives(checker, ask(Context())))
    for text in UNICODE:
        await checker.check(
            f"unicode {text!r}", _survives(checker, ask(Context().append(UserMessage.of(text))))
        )
    await checker.check("two at once", _two_at_once(checker, ask(), ask()))
    await checker.check("cancelled at every point", checker.cancelled_everywhere(ask, points))
    await checker.check("closed after every item", checker.closed_everywhere(ask, points))
    await checker.check("works after that", _answers(checker, ask()))
    return checker.report


async def _answers(checker: Checker, stream: Stream[Any]) -> None:
    items = await drain(stream)
    for item in items:
        checker.need(isinstance(item, (TextDelta, ToolCall, Usage, Notice)), f"gave a {type(item).__name__}")
    text = "".join(item.text for item in items if isinstance(item, TextDelta))
    tools = [item for item in items if isinstance(item, ToolCall)]
    checker.need(bool(text.strip() or tools), "answered nothing")
    text.encode()


async def _two_at_once(checker: Checker, first: Stream[Any], second: Stream[Any]) -> None:
    await asyncio.gather(_answers(checker, first), _answers(checker, second))


async def _survives(checker: Checker, stream: Stream[Any]) -> None:
    """An answer or a ServiceError; nothing else."""
    try:
        await drain(stream)
    except ServiceError as error:
        checker.need(bool(str(error)), "raised a ServiceError that says nothing")
