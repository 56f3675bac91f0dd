"""A language model with a script: what it answers to what, how fast, and how it breaks."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Sequence

import msgspec

from antiphon.context import Context, ToolCall, UserMessage
from antiphon.services.base import ServiceError, TextDelta, Usage
from antiphon.testing.delays import Delay, seconds
from antiphon.testing.scripted import Fault, Scripted, misbehave, unused_delays

_TOKEN = re.compile(r"\S+\s*|\s+")


class Answer(msgspec.Struct, frozen=True):
    """One answer: a token per word. An empty text and no tools is a model that answers nothing at all.

    `when` limits it to requests whose last user message contains these words (in any case). `ttft` (time to
    first token) and `per_token` replace the model's own, in seconds. A fault counts tokens.
    """

    text: str = ""
    when: str | None = None
    tools: tuple[ToolCall, ...] = ()
    ttft: Delay | None = None
    per_token: Delay | None = None
    fault: Fault | None = None

    @property
    def tokens(self) -> list[str]:
        return _TOKEN.findall(self.text)

    def fits(self, said: str) -> bool:
        return self.when is not None and self.when.casefold() in said.casefold()


Rule = Callable[[Context], "str | Answer"]


class FakeLLM(Scripted):
    """An LLM service. Each answer is used once: the first whose `when` fits, else the first without one.

    `otherwise` answers what the script does not: a text, an answer or a function of the context. Without it,
    an unexpected request raises ServiceError and `assert_done` tells of it.
    """

    def __init__(
        self,
        answers: Sequence[str | Answer] = (),
        *,
        otherwise: str | Answer | Rule | None = None,
        ttft: Delay = 0.2,
        per_token: Delay = 0.02,
    ) -> None:
        self.contexts: list[Context] = []
        self.primed: list[Context] = []
        self.tokens = 0
        self.wasted = 0
        """Tokens that were written for requests that were given up before their end."""
        self.closed_early = 0
        self._answers = [_answer(each) for each in answers]
        self._otherwise = otherwise
        self._ttft = ttft
        self._per_token = per_token
        self._unexpected: list[str] = []

    async def prime(self, context: Context) -> None:
        """Remember that the host sent this ahead."""
        self.primed.append(context)

    async def generate(self, context: Context) -> AsyncGenerator[TextDelta | ToolCall | Usage, None]:
        """Answer as scripted. Raises ServiceError for a scripted failure or an unexpected request."""
        self.contexts.append(context)
        answer = self._choose(context)
        written, over = 0, False
        try:
            await asyncio.sleep(seconds(self._ttft if answer.ttft is None else answer.ttft))
            for token in answer.tokens:
                await self._write(answer, written)
                written += 1
                self.tokens += 1
                yield TextDelta(token)
            await misbehave(answer.fault, written)
            for call in answer.tools:
                yield call
            yield Usage(_words(context), written)
            over = True
        finally:
            if not over:
                self.closed_early += 1
                self.wasted += written

    async def _write(self, answer: Answer, number: int) -> None:
        """Take the time that this token takes, or go wrong."""
        await misbehave(answer.fault, number)
        if number:
            await asyncio.sleep(seconds(self._per_token if answer.per_token is None else answer.per_token))

    def _choose(self, context: Context) -> Answer:
        said = last_said(context)
        fitting = [n for n, answer in enumerate(self._answers) if answer.fits(said)]
        fitting = fitting or [n for n, answer in enumerate(self._answers) if answer.when is None]
        if fitting:
            return self._answers.pop(fitting[0])
        if self._otherwise is None:
            self._unexpected.append(said)
            raise ServiceError(f"the fake has no answer to {said!r}: script one, or give it `otherwise`")
        return _answer(self._otherwise(context) if callable(self._otherwise) else self._otherwise)

    def unused(self) -> list[str]:
        left = [f"the answer {answer.text!r} was not used" for answer in self._answers]
        left += [f"an answer to {said!r} was not scripted" for said in self._unexpected]
        return left + unused_delays(self._ttft, self._per_token)


def last_said(context: Context) -> str:
    """The words of the last user message; empty if there is none."""
    for message in reversed(context.messages):
        if isinstance(message, UserMessage):
            return message.text
    return ""


def _answer(each: str | Answer) -> Answer:
    return Answer(each) if isinstance(each, str) else each


def _words(context: Context) -> int:
    return sum(len(m.text.split()) for m in context.messages if isinstance(m, UserMessage))
