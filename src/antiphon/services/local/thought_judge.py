"""Says for a language model whether the user's thought is complete: a small local model knows what can end.

Asked in words, small models cannot tell whether a sentence is finished (see `antiphon.judgement`). But every
language model says how likely the next token is: after "I'd like a pizza with" a full stop is unlikely. So
the last words are put, without their punctuation, at the end of a transcript of the call, and what counts is
the probability of all tokens that would end the sentence there. It costs one pass over about forty tokens.

Measured with 40 finished and 40 unfinished everyday sentences in English without punctuation (`FINISHED` is
0.05): smollm2-135m-instruct waited after none of the finished and answered 4 of the unfinished, in 0.14 s
(median, two busy cores); qwen2.5-coder-0.5b-instruct 3 and 2, in 0.31 s. Both miss sentences that end
like a whole one ("The order number is four seven"), and they think "What happens if I cancel" unfinished.

Limits: English and what else the model has read; words only, so a user who thinks aloud in whole sentences is
answered. It does not tell whom the words are for: with examples the 0.5B model gave 3 of 20 remarks to others
for its own, and 7 of 20 questions to it for others'; the 135M model is worse.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Annotated, Protocol, cast

import msgspec

from antiphon.context import AssistantMessage, Context, ToolCall, UserMessage
from antiphon.judgement import Judgement
from antiphon.models.resolving import resolve
from antiphon.services.base import LLM, Local, Notice, ServiceError, TextDelta, Usage, Warmable
from antiphon.services.llm_host import Primable
from antiphon.services.local.llama_engine import Chunk, EngineSettings, LlamaEngine, shared_engine

FINISHED = 0.05
"""A sentence that could end here with less than this probability is not finished."""

DEFAULT_MODEL = "smollm2-135m-instruct"

_SETTINGS = {"context_tokens": 512, "slots": 1, "threads": 2}
_BEFORE = "How can I help you?"
_BEFORE_CHARACTERS = 200
_WORDS_CHARACTERS = 400
_CANDIDATES = 200
_PUNCTUATION = " .,;:!?…"

Item = TextDelta | ToolCall | Usage | Notice


class Completes(Protocol):
    """A loaded model that continues a text. Blocks."""

    def complete(self, request: dict[str, object]) -> Chunk: ...


class _Token(msgspec.Struct):
    token: str
    logprob: float


class _Place(msgspec.Struct):
    top_logprobs: list[_Token]


class _Logprobs(msgspec.Struct):
    content: Annotated[list[_Place], msgspec.Meta(min_length=1)]


class _Choice(msgspec.Struct):
    logprobs: _Logprobs


class _Completion(msgspec.Struct):
    choices: Annotated[list[_Choice], msgspec.Meta(min_length=1)]


def _shared(settings: EngineSettings) -> Completes:
    return cast(LlamaEngine, shared_engine(settings))


class ThoughtJudge:
    """An LLM service in front of another, `llm`: where that one is asked to judge, this one does.

    Give it the same `judgement` as the policy: `ThoughtJudge(Llama(), judgement)` goes with
    `Turns(policy=Policy(judgement=judgement))`. If the user's last words are not finished it writes the short
    mark; otherwise `llm` answers, without the instructions. `finished` is the least probability of an end, 0
    to 1. `model` is a name of the registry, the path of a GGUF file or a hub id. Raises ServiceError.
    """

    def __init__(
        self,
        llm: LLM,
        judgement: Judgement,
        *,
        model: str | Path = DEFAULT_MODEL,
        finished: float = FINISHED,
        load: Callable[[EngineSettings], Completes] = _shared,
    ) -> None:
        self.llm = llm
        self.judgement = judgement
        self.model = model
        self.finished = finished
        self._load = load
        self._engine: Completes | None = None

    @property
    def local(self) -> bool:
        """Whether the one who answers runs on this machine."""
        return isinstance(self.llm, Local) and self.llm.local

    async def warm(self) -> None:
        """Load both models."""
        await self.chance("Hello there")
        if isinstance(self.llm, Warmable):
            await self.llm.warm()

    async def prime(self, context: Context) -> None:
        """Let the one who answers read the conversation as it will be asked."""
        if isinstance(self.llm, Primable):
            await self.llm.prime(self.judgement.untold(context) or context)

    async def generate(self, context: Context) -> AsyncIterator[Item]:
        """The short mark alone, or the answer."""
        plain = self.judgement.untold(context)
        if plain is not None and not await self._is_finished(plain):
            yield TextDelta(self.judgement.short.text)
            return
        items = cast(AsyncGenerator[Item], self.llm.generate(plain or context))
        async with aclosing(items):
            async for item in items:
                yield item

    async def chance(self, words: str, before: str = _BEFORE) -> float:
        """How likely a sentence ends after these words, 0 to 1, as the answer to what the bot said before."""
        said = words[-_WORDS_CHARACTERS:].rstrip(_PUNCTUATION)
        prompt = f"A telephone call.\n\nAssistant: {before[-_BEFORE_CHARACTERS:]}\nCaller: {said}"
        return await asyncio.get_running_loop().run_in_executor(None, self._chance, prompt)

    async def _is_finished(self, context: Context) -> bool:
        last = context.messages[-1] if context.messages else None
        if not isinstance(last, UserMessage):
            return True
        said = [m.said for m in context.messages if isinstance(m, AssistantMessage) and m.said]
        return await self.chance(last.text, said[-1] if said else _BEFORE) >= self.finished

    def _chance(self, prompt: str) -> float:
        if self._engine is None:
            self._engine = self._load(EngineSettings(resolve(self.model, "gguf"), **_SETTINGS))
        request = {"prompt": prompt, "n_predict": 1, "temperature": 0, "n_probs": _CANDIDATES}
        answer = self._engine.complete({**request, "stream": False, "cache_prompt": True})
        try:
            completion = msgspec.convert(answer, _Completion)
        except msgspec.ValidationError as error:
            raise ServiceError(f"The local language model gives no probabilities: {error}.") from error
        tokens = completion.choices[0].logprobs.content[0].top_logprobs
        return min(1.0, sum(math.exp(each.logprob) for each in tokens if _ends(each.token)))


def _ends(token: str) -> bool:
    """Whether this token ends a sentence. The end of the text has no letters at all."""
    return not token or "\n" in token or token.strip()[:1] in {".", "!", "?", '"'}
