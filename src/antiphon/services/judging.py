"""Reads the model's own judgement off its answer: the mark comes out, whatever remains goes on."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from antiphon.context import ToolCall
from antiphon.judgement import ANSWER, Judgement, Mark, MarkReader
from antiphon.services.base import Notice, TextDelta, Usage

Written = TextDelta | ToolCall | Usage | Notice
"""What a language model gives."""


async def judged(
    items: AsyncGenerator[Written, None], judgement: Judgement
) -> AsyncGenerator[Written | Mark]:
    """The items without the mark. Before the first text or call comes the verdict: a mark, or `ANSWER`.

    After a mark nothing more of the answer is asked for.
    """
    reader = MarkReader(judgement)
    async with aclosing(items):
        async for item in items:
            if isinstance(item, (Usage, Notice)):
                yield item
                continue
            undecided = reader.verdict is None
            text = reader.feed(item.text) if isinstance(item, TextDelta) else reader.finish()
            if undecided and reader.verdict is not None:
                yield reader.verdict
                if reader.verdict is not ANSWER:
                    return
            if text:
                yield TextDelta(text)
            if isinstance(item, ToolCall):
                yield item
    if reader.verdict is None and (rest := reader.finish()):
        yield ANSWER
        yield TextDelta(rest)
