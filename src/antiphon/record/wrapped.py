"""Services with a listener: what a service gives passes through unchanged, and is written to the log.

The wrappers take the place of the services in their hosts, so the hosts know nothing of it. Nothing is added
to the schedule: an item is passed on in the same step of the loop.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any, TypeVar, cast

from antiphon.context import Context, ToolCall, UserMessage
from antiphon.node import describe
from antiphon.processor import Processor
from antiphon.record.listener import PRIME, SUMMARY, WARM, Listener, once
from antiphon.record.records import Item
from antiphon.record.toolboxes import WrappedToolbox
from antiphon.services.base import (
    LLM,
    STT,
    TTS,
    VAD,
    Audio,
    EndOfTurn,
    EndTurn,
    Flush,
    ImageMaker,
    Local,
    Notice,
    Picture,
    TextDelta,
    Transcript,
    TurnModel,
    TurnPrediction,
    Usage,
    Warmable,
    WordTiming,
)
from antiphon.services.image_host import ImageHost
from antiphon.services.llm_host import LLMHost, Primable
from antiphon.services.settings import apply_settings
from antiphon.services.stt_host import STTHost
from antiphon.services.tts_host import TTSHost
from antiphon.services.turns import Turns
from antiphon.services.vad_host import VADHost

T = TypeVar("T", bound=Item)


class _Wrapped:
    """What all wrappers pass on."""

    def __init__(self, service: object, listener: Listener) -> None:
        self.service = service
        self.listener = listener
        self._changes = 0

    async def warm(self) -> None:
        if isinstance(self.service, Warmable):
            await once(self.listener, WARM, self.service.warm())

    def update_settings(self, settings: Mapping[str, Any]) -> None:
        number, self._changes = self._changes, self._changes + 1
        try:
            apply_settings(self.service, settings)
        except Exception as error:
            self.listener.refused(number, describe(error))
            raise

    async def _listen(self, items: AsyncIterator[T], request: str) -> AsyncGenerator[T, None]:
        listener = self.listener
        call, going_on = listener.called(request), True
        try:
            while True:
                listener.inside()
                try:
                    item = await anext(items)
                except StopAsyncIteration:
                    going_on = False
                    listener.finished(call)
                    return
                except Exception as error:
                    going_on = False
                    listener.finished(call, error)
                    raise
                except BaseException:
                    going_on = False
                    listener.left(call)
                    raise
                listener.gave(call, item)
                yield item
        finally:
            if going_on:
                listener.inside()
                try:
                    await _close(items)
                finally:
                    listener.left(call)


async def _close(items: object) -> None:
    if isinstance(items, AsyncGenerator):
        await items.aclose()


class WrappedSTT(_Wrapped):
    def transcribe(
        self, audio: AsyncIterable[Audio | Flush | EndTurn]
    ) -> AsyncIterator[Transcript | EndOfTurn | Notice]:
        return self._listen(cast(STT, self.service).transcribe(audio), "")


class WrappedLLM(_Wrapped):
    """`kind` is put before its requests: what one processor has asked of several services is told apart."""

    def __init__(self, service: object, listener: Listener, *, kind: str = "") -> None:
        super().__init__(service, listener)
        self._kind = kind

    @property
    def local(self) -> bool:
        return isinstance(self.service, Local) and self.service.local

    def generate(self, context: Context) -> AsyncIterator[TextDelta | ToolCall | Usage | Notice]:
        return self._listen(cast(LLM, self.service).generate(context), self._kind + request_of(context))

    async def prime(self, context: Context) -> None:
        if isinstance(self.service, Primable):
            await once(self.listener, PRIME, self.service.prime(context))


class WrappedTTS(_Wrapped):
    async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Audio | WordTiming | Notice, None]:
        said = [piece async for piece in text]
        items = self._listen(cast(TTS, self.service).speak(_each(said)), " ".join(said))
        async with aclosing(items):
            async for item in items:
                yield item


class WrappedImageMaker(_Wrapped):
    def draw(self, prompt: str) -> AsyncIterator[Picture | Notice]:
        return self._listen(cast(ImageMaker, self.service).draw(prompt), prompt)


class WrappedTurnModel(_Wrapped):
    async def predict(self, turn: Audio) -> TurnPrediction:
        return await once(self.listener, "", cast(TurnModel, self.service).predict(turn))


class WrappedVAD(_Wrapped):
    def __init__(self, service: VAD, listener: Listener) -> None:
        super().__init__(service, listener)
        self.vad = service
        self.rate, self.window = service.rate, service.window

    def probability(self, pcm: bytes) -> float:
        probability = self.vad.probability(pcm)
        self.listener.judged(probability)
        return probability

    def reset(self) -> None:
        self.vad.reset()


def request_of(context: Context) -> str:
    """What a language model is asked: the user's last words and the results that came after them."""
    asked: list[str] = []
    for message in reversed(context.messages):
        if isinstance(message, UserMessage):
            return "\n".join([message.text, *reversed(asked)])
        asked.append(str(getattr(message, "content", "")))
    return ""


def wrap_services(part: Processor, listener: Listener) -> None:
    """Put a listener between a host and its service. Other processors stay as they are."""
    match part:
        case STTHost():
            part.stt = WrappedSTT(part.stt, listener)
        case LLMHost():
            part.llm = WrappedLLM(part.llm, listener)
        case TTSHost():
            part.tts = WrappedTTS(part.tts, listener)
        case ImageHost():
            part.maker = WrappedImageMaker(part.maker, listener)
        case VADHost():
            part.vad = WrappedVAD(part.vad, listener)
        case Turns():
            if part.model is not None:
                part.model = WrappedTurnModel(part.model, listener)
            part.tools.toolbox = WrappedToolbox(part.tools.toolbox, listener)
            part.requests.replace_summary(lambda llm: WrappedLLM(llm, listener, kind=SUMMARY))
        case _:
            pass


async def _each(texts: list[str]) -> AsyncIterator[str]:
    for text in texts:
        yield text
