"""Hosts a voice: gathers text into clauses and sentences, has them spoken in order, and times every word.

Each chunk of text is one call of the service, in a task of its own that waits for all before it. So audio
belongs to its chunk exactly, an interruption cancels what has not been spoken yet, and in a sync-parallel
pipeline a sentence leaves together with what else it caused.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Sequence
from contextlib import aclosing
from typing import Any, cast

from antiphon.dispatch import Direction, on
from antiphon.frames import (
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    Metric,
    MetricsFrame,
    Outcome,
    ResponseEndedFrame,
    TextFrame,
    TTSAudioRawFrame,
    TTSSpeakFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
    TTSTextFrame,
    TTSUpdateSettingsFrame,
)
from antiphon.node import describe
from antiphon.processor import Processor
from antiphon.services.base import TTS, Audio, Notice, Warmable, WordTiming
from antiphon.services.fulfils import fulfils
from antiphon.services.settings import apply_settings
from antiphon.services.silence import Silence
from antiphon.text.chunker import Chunker
from antiphon.text.speech import SpeechText, Spoken, said_text
from antiphon.text.timing import estimate

SILENCE_SECONDS = 15.0
"""A voice that gives no sound for so long has failed."""


_Work = Coroutine[Any, Any, None]
_Works = tuple[asyncio.Task[None], ...]


class _Voice(enum.Enum):
    """Whether the voice has something to say; FINISHING is: nothing more, but it is not said yet."""

    SILENT = enum.auto()
    SPEAKING = enum.auto()
    FINISHING = enum.auto()


class _Speech:
    """What is being said in one response: the text not yet spoken, and how far the sound has come."""

    def __init__(self, language: str) -> None:
        self.chunker = Chunker(language=language)
        self.text = SpeechText(language)
        self.words = 0
        self.seconds = 0.0
        self.voice = _Voice.SILENT
        self.ends = 0


class TTSHost(Processor):
    """Speaks LLMTextFrame, TextFrame and TTSSpeakFrame; passes the text along as well.

    An answer for which an LLMContextFrame asked without `audio_response` is passed along only.
    """

    needs = (TextFrame, TTSSpeakFrame)
    gives = (TTSStartedFrame, TTSAudioRawFrame, TTSTextFrame, TTSStoppedFrame)
    hint = "Put a language model, or something else that gives text, before it."

    def __init__(
        self,
        tts: TTS,
        *,
        language: str = "en",
        silence: float = SILENCE_SECONDS,
        name: str | None = None,
    ) -> None:
        super().__init__(name or type(tts).__name__)
        self.tts = tts
        self.language = language
        self.silence = silence
        self._speeches: dict[int, _Speech] = {}
        self._written: set[int] = set()
        self._works: _Works = ()

    def _exclusive(self) -> list[object]:
        return [self, self.tts]

    async def setup(self) -> None:
        if fulfils(self.tts, Warmable):
            await self.tts.warm()

    @on(TTSUpdateSettingsFrame, direction=Direction.DOWNSTREAM)
    def settings(self, frame: TTSUpdateSettingsFrame) -> TTSUpdateSettingsFrame:
        apply_settings(self.tts, frame.settings)
        return frame

    @on(LLMContextFrame, direction=Direction.DOWNSTREAM)
    def asked(self, frame: LLMContextFrame) -> LLMContextFrame:
        if frame.response is not None and not frame.audio_response:
            self._written.add(frame.response)
        return frame

    @on(LLMFullResponseStartFrame, direction=Direction.DOWNSTREAM)
    def begin(self, frame: LLMFullResponseStartFrame) -> LLMFullResponseStartFrame:
        if frame.response is not None and frame.response not in self._written:
            self._begin(frame.response)
        return frame

    @on(TextFrame, direction=Direction.DOWNSTREAM)
    def read(self, frame: TextFrame) -> TextFrame | None:
        """Text of a response is gathered; text that belongs to none is spoken as it is."""
        if frame.response is None:
            self.speak(TTSSpeakFrame(frame.text))
            return None
        if frame.response in self._written:
            return frame
        speech = self._begin(frame.response)
        self.push(frame)
        for chunk in speech.chunker.feed(frame.text):
            self._say(speech, chunk, frame.response)
        return None

    @on(TTSSpeakFrame, direction=Direction.DOWNSTREAM)
    def speak(self, frame: TTSSpeakFrame) -> TTSSpeakFrame | None:
        if frame.response in self._written:
            return frame
        if frame.response is not None:
            self._speak_at_once(frame, frame.response)
            return None
        with self.respond(interruptible=frame.interruptible) as response:
            self._speak_at_once(frame.replace(response=response.id), response.id)
        return None

    @on(LLMFullResponseEndFrame, direction=Direction.DOWNSTREAM)
    def finish(self, frame: LLMFullResponseEndFrame) -> LLMFullResponseEndFrame:
        if frame.response is not None:
            self._finish(frame.response)
        return frame

    @on(ResponseEndedFrame)
    def forget(self, frame: ResponseEndedFrame) -> ResponseEndedFrame:
        self._speeches.pop(frame.id, None)
        self._written.discard(frame.id)
        return frame

    # Gathering -------------------------------------------------------------------------------------------

    def _begin(self, number: int) -> _Speech:
        speech = self._speeches.get(number)
        if speech is None:
            speech = self._speeches[number] = _Speech(self.language)
        if speech.voice is _Voice.SILENT:
            self.push(TTSStartedFrame(response=number))
        speech.voice = _Voice.SPEAKING
        return speech

    def _speak_at_once(self, frame: TTSSpeakFrame, number: int) -> None:
        speech = self._begin(number)
        self._flush(speech, number)
        self.push(frame)
        for chunk in [*speech.chunker.feed(frame.text), *speech.chunker.flush()]:
            self._say(speech, chunk, number)
        self._finish(number)

    def _flush(self, speech: _Speech, number: int) -> None:
        for chunk in speech.chunker.flush():
            self._say(speech, chunk, number)

    def _finish(self, number: int) -> None:
        speech = self._speeches.get(number)
        if speech is None or speech.voice is not _Voice.SPEAKING:
            return
        self._flush(speech, number)
        speech.voice = _Voice.FINISHING
        speech.ends += 1
        self._queue(self._stop(self._before(), speech, speech.ends, number), number, "stop")

    def _say(self, speech: _Speech, chunk: str, number: int) -> None:
        self._queue(self._speak_chunk(self._before(), speech, chunk, number), number, "speak")

    def _queue(self, work: _Work, number: int, name: str) -> None:
        self._works = (*self._works, self.spawn(work, name=name, response=number))

    def _before(self) -> _Works:
        """What the next work comes after: all that has not ended."""
        self._works = tuple(work for work in self._works if not work.done())
        return self._works

    # Speaking --------------------------------------------------------------------------------------------

    async def _stop(self, before: _Works, speech: _Speech, end: int, number: int) -> None:
        """Tell that all is said, unless more has come meanwhile: then this end is not the last."""
        await _ended(before)
        if speech.voice is _Voice.FINISHING and speech.ends == end:
            speech.voice = _Voice.SILENT
            self.push(TTSStoppedFrame(response=number))

    async def _speak_chunk(self, before: _Works, speech: _Speech, chunk: str, number: int) -> None:
        await _ended(before)
        del before
        words = speech.text.convert(chunk)
        first, speech.words = speech.words, speech.words + len(words)
        start = speech.seconds
        try:
            timings = await self._sound(speech, words, first, number)
        except Exception as error:
            self.fail(error, fatal=bool(getattr(error, "fatal", False)))
            self.session.responses.cancel(number, Outcome.FAILED, describe(error))
            return
        seconds = speech.seconds - start
        exact = _align(words, timings, seconds)
        self._time(words, exact or _estimated(words, seconds), start, first, estimated=exact is None)

    async def _sound(
        self, speech: _Speech, words: Sequence[Spoken], first: int, number: int
    ) -> list[WordTiming]:
        said = said_text(list(words))
        timings: list[WordTiming] = []
        if not said:
            return timings
        began, start, known = self.session.now(), speech.seconds, 0
        items = cast(AsyncGenerator[Audio | WordTiming | Notice, None], self.tts.speak(_once(said)))
        async with Silence(self.silence, f"{self.name} gave no sound") as silence, aclosing(items):
            while (item := await silence.broken(items)) is not None:
                if isinstance(item, Notice):
                    self.fail(item.text)
                    continue
                if isinstance(item, WordTiming):
                    timings.append(item)
                    spans = _spans(words, timings)
                    self._time(words[known:], spans[known:], start, first + known, estimated=False)
                    known = len(spans)
                    continue
                if speech.seconds == start:
                    self._measure(began, said)
                    if not timings:
                        self._time(words, _estimated(words, None), start, first, estimated=True)
                speech.seconds += item.seconds
                self.push(TTSAudioRawFrame(item.pcm, item.rate, item.channels))
        return timings

    def _time(
        self,
        words: Sequence[Spoken],
        spans: Sequence[tuple[float, float]],
        start: float,
        first: int,
        *,
        estimated: bool,
    ) -> None:
        for index, (word, (begin, end)) in enumerate(zip(words, spans, strict=False)):
            self.push(TTSTextFrame(word.written, start + begin, start + end, first + index, estimated))

    def _measure(self, began: float, said: str) -> None:
        wait = Metric("ttfb", self.name, self.session.now() - began)
        self.push(MetricsFrame((wait, Metric("characters", self.name, len(said), "characters"))))


def _estimated(words: Sequence[Spoken], seconds: float | None) -> list[tuple[float, float]]:
    return estimate([word.said for word in words], seconds)


def _align(
    words: Sequence[Spoken], timings: Sequence[WordTiming], seconds: float
) -> list[tuple[float, float]] | None:
    """The service's timings, put together for the words as written; None if they do not fit."""
    if sum(len(word.said.split()) for word in words) != len(timings) or not timings:
        return None
    return [(min(start, seconds), min(end, seconds)) for start, end in _spans(words, timings)]


def _spans(words: Sequence[Spoken], timings: Sequence[WordTiming]) -> list[tuple[float, float]]:
    """From when to when each word as written is spoken, as far as the timings go."""
    spans: list[tuple[float, float]] = []
    at, position = 0, 0.0
    for word in words:
        count = len(word.said.split())
        spoken = timings[at : at + count]
        if len(spoken) < count:
            break
        at += count
        begin = spoken[0].start if spoken else position
        position = spoken[-1].end if spoken else position
        spans.append((min(begin, position), position))
    return spans


async def _once(text: str) -> AsyncIterator[str]:
    yield text


async def _ended(works: _Works) -> None:
    """Wait for works that were queued one after the other.

    The last one ends after the others, unless it was cancelled while it waited for them: then they may go on.
    """
    for work in reversed(works):
        if not work.done():
            await asyncio.wait([work])
