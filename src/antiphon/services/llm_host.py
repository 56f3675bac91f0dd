"""Hosts a language model: answers each context it is given, as part of a response."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Protocol, cast, runtime_checkable

from antiphon.context import Context, ToolCall
from antiphon.dispatch import Direction, on
from antiphon.frames import (
    FunctionCallInProgressFrame,
    FunctionCallsFrame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMJudgedFrame,
    LLMPrimeFrame,
    LLMTextFrame,
    LLMUpdateSettingsFrame,
    Metric,
    MetricsFrame,
    Outcome,
)
from antiphon.judgement import Judgement, Mark
from antiphon.node import describe
from antiphon.processor import Processor
from antiphon.services.base import LLM, Notice, ServiceError, TextDelta, Usage, Warmable
from antiphon.services.fulfils import fulfils
from antiphon.services.judging import Written, judged
from antiphon.services.settings import apply_settings
from antiphon.services.silence import Silence

SILENCE_SECONDS = 30.0
"""A model that writes nothing for so long has failed."""

Item = Written | Mark


@runtime_checkable
class Primable(Protocol):
    """A model that can read a context before it has to answer it."""

    async def prime(self, context: Context) -> None: ...


class LLMHost(Processor):
    """Runs one request per LLMContextFrame. What the model writes leaves at once, piece by piece."""

    needs = (LLMContextFrame,)
    gives = (
        LLMFullResponseStartFrame,
        LLMTextFrame,
        LLMFullResponseEndFrame,
        FunctionCallInProgressFrame,
    )
    hint = "Put a Turns processor, or one of yours that gives LLMContextFrame, before it."

    def __init__(self, llm: LLM, *, silence: float = SILENCE_SECONDS, name: str | None = None) -> None:
        super().__init__(name or type(llm).__name__)
        self.llm = llm
        self.silence = silence
        self._priming: asyncio.Task[None] | None = None

    def _exclusive(self) -> list[object]:
        return [self, self.llm]

    async def setup(self) -> None:
        if fulfils(self.llm, Warmable):
            await self.llm.warm()

    @on(LLMUpdateSettingsFrame, direction=Direction.DOWNSTREAM)
    def settings(self, frame: LLMUpdateSettingsFrame) -> LLMUpdateSettingsFrame:
        apply_settings(self.llm, frame.settings)
        return frame

    @on(LLMContextFrame, direction=Direction.DOWNSTREAM)
    def answer(self, frame: LLMContextFrame) -> LLMContextFrame:
        self._stop_priming()
        if frame.response is not None:
            self.spawn(self._answer(frame, frame.response), name="answer")
            return frame
        with self.respond() as response:
            frame = frame.replace(response=response.id)
            self.spawn(self._answer(frame, response.id), name="answer", response=response.id)
            return frame

    @on(LLMPrimeFrame, direction=Direction.DOWNSTREAM)
    def prime(self, frame: LLMPrimeFrame) -> None:
        if fulfils(self.llm, Primable):
            self._stop_priming()
            context = _told(frame.context, frame.judgement)
            self._priming = self.spawn_background(self.llm.prime(context), name="prime")

    def _stop_priming(self) -> None:
        if self._priming is not None:
            self._priming.cancel()
            self._priming = None

    async def _answer(self, asked: LLMContextFrame, number: int) -> None:
        self.push(LLMFullResponseStartFrame())
        try:
            if not await self._write(asked) and not await self._write(asked):
                raise ServiceError(f"{self.name} answered nothing, twice")
        except Exception as error:
            self.fail(error, fatal=bool(getattr(error, "fatal", False)))
            self.session.responses.cancel(number, Outcome.FAILED, describe(error))
            return
        self.push(LLMFullResponseEndFrame())

    async def _write(self, asked: LLMContextFrame) -> bool:
        """One request. Returns whether the model wrote anything or called a tool."""
        began, wrote = self.session.now(), False
        calls: list[ToolCall] = []
        items = self._items(asked)
        async with Silence(self.silence, f"{self.name} wrote nothing") as silence, aclosing(items):
            while (item := await silence.broken(items)) is not None:
                if isinstance(item, (Usage, Notice)):
                    self._note(item)
                    continue
                if not wrote:
                    wrote = True
                    self.push(MetricsFrame((Metric("ttfb", self.name, self.session.now() - began),)))
                match item:
                    case TextDelta(text):
                        self.push(LLMTextFrame(text))
                    case ToolCall():
                        calls.append(item)
                        self._announce(item, asked.response)
                    case Mark():
                        self.push(LLMJudgedFrame(item.wait, item.aside), upstream=True)
        if calls:
            self.push(FunctionCallsFrame(tuple(calls)), upstream=True)
        return wrote

    def _announce(self, call: ToolCall, number: int | None) -> None:
        """Tell of a call; that of a speculative answer when it is committed."""
        response = self.session.responses.get(number)
        if response is not None:
            frame = FunctionCallInProgressFrame(call, response=response.id)
            response.on_commit(lambda: self.push(frame))

    def _items(self, asked: LLMContextFrame) -> AsyncGenerator[Item, None]:
        context = _told(asked.context, asked.judgement)
        items = cast(AsyncGenerator[Written, None], self.llm.generate(context))
        return items if asked.judgement is None else judged(items, asked.judgement)

    def _note(self, item: Usage | Notice) -> None:
        """What is told beside the answer."""
        if isinstance(item, Notice):
            self.fail(item.text)
        else:
            self._count(item)

    def _count(self, usage: Usage) -> None:
        counts = (
            ("prompt_tokens", usage.prompt_tokens),
            ("completion_tokens", usage.completion_tokens),
            ("cached_tokens", usage.cached_tokens),
        )
        self.push(MetricsFrame(tuple(Metric(kind, self.name, n, "tokens") for kind, n in counts)))


def _told(context: Context, judgement: Judgement | None) -> Context:
    return context if judgement is None else judgement.instruct(context)
