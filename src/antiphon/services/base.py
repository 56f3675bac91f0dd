"""What a service is: a typed async generator that knows nothing of frames, pipelines or sessions.

Implement one of these protocols in thirty lines, use it in a plain script, test it with lists. Everything
that has to do with frames, scopes, metrics and text handling is done by one host processor per kind
(`antiphon.services.hosts`).

Interruption is cancellation: the host closes the generator, and the service's `finally` tells the vendor.
Work that would block the event loop runs through `loop.run_in_executor`, so that virtual time knows of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from typing import Protocol, runtime_checkable

import msgspec

from antiphon.context import Context, ToolCall


class ServiceError(Exception):
    """A service cannot do its work. The message is one sentence that says what to do about it.

    `fatal` says that trying again is pointless (a wrong key, a missing model).
    """

    def __init__(self, message: str, *, fatal: bool = False) -> None:
        super().__init__(message)
        self.fatal = fatal


class Audio(msgspec.Struct, frozen=True):
    """A piece of sound: PCM s16le, interleaved. `rate` in samples per second."""

    pcm: bytes
    rate: int
    channels: int = 1

    @property
    def samples(self) -> int:
        """Samples per channel."""
        return len(self.pcm) // (2 * self.channels)

    @property
    def seconds(self) -> float:
        return self.samples / self.rate


class Flush(msgspec.Struct, frozen=True):
    """The speaker has paused: finalise what was heard so far, now."""


class EndTurn(msgspec.Struct, frozen=True):
    """The turn is over: what comes next belongs to a new segment. Nothing is emitted for it."""


class Transcript(msgspec.Struct, frozen=True):
    """What was heard. A transcript replaces every earlier one of the same `segment`.

    An interim one (`final` False) may still change; its `stable` prefix no longer will. A final one answers a
    `Flush`; if the speaker goes on in the same segment, a longer final replaces it.
    """

    text: str
    final: bool = True
    segment: int = 0
    stable: str = ""
    language: str | None = None


class EndOfTurn(msgspec.Struct, frozen=True):
    """The recogniser's own judgement: how likely the speaker has finished (0 to 1), after the words so far.

    An early guess ("eager end of turn") is 0.5: enough to prepare an answer, not to end the turn. 0 takes it
    back ("turn resumed"). Give it after the transcripts that it is about.
    """

    probability: float


class TextDelta(msgspec.Struct, frozen=True):
    """The next characters of an answer, exactly as the model wrote them."""

    text: str


class Usage(msgspec.Struct, frozen=True):
    """What a request cost, in tokens."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0


class WordTiming(msgspec.Struct, frozen=True):
    """When a word is spoken: seconds from the first sample that this call of `speak` gave.

    `word` is as the service was given it; words come in order.
    """

    word: str
    start: float
    end: float


class Notice(msgspec.Struct, frozen=True):
    """A failure that the service has got over by itself, in one sentence: told to people, not raised.

    Any service may give it between its results. The host reports it as an error that is not fatal.
    """

    text: str


class TurnPrediction(msgspec.Struct, frozen=True):
    """How likely it is that the speaker has finished (0 to 1)."""

    complete: float


@runtime_checkable
class STT(Protocol):
    """Speech to text: one call per session. One that judges the end of turns gives `EndOfTurn` too."""

    def transcribe(
        self, audio: AsyncIterable[Audio | Flush | EndTurn]
    ) -> AsyncIterator[Transcript | EndOfTurn | Notice]: ...


@runtime_checkable
class LLM(Protocol):
    """Language model: one call per request."""

    def generate(self, context: Context) -> AsyncIterator[TextDelta | ToolCall | Usage | Notice]: ...


@runtime_checkable
class TTS(Protocol):
    """Text to speech: one call per response. Each item of `text` is a whole clause or sentence."""

    def speak(self, text: AsyncIterable[str]) -> AsyncIterator[Audio | WordTiming | Notice]: ...


class Picture(msgspec.Struct, frozen=True):
    """A picture, encoded: by address, by bytes, or both."""

    url: str | None = None
    data: bytes | None = None
    mime: str = "image/png"


@runtime_checkable
class ImageMaker(Protocol):
    """Text to image: one call per text; more than one picture may come."""

    def draw(self, prompt: str) -> AsyncIterator[Picture | Notice]: ...


@runtime_checkable
class VAD(Protocol):
    """Voice activity: one detector per audio stream, called on the event loop, so it must be quick.

    `rate` and `window` say what it wants: mono s16le at `rate`, `window` samples at a time.
    """

    rate: int
    window: int

    def probability(self, pcm: bytes) -> float:
        """How likely the window holds speech (0 to 1)."""
        ...

    def reset(self) -> None:
        """Forget the stream so far."""
        ...


@runtime_checkable
class TurnModel(Protocol):
    """End of turn from sound: has the speaker finished, or only paused?"""

    async def predict(self, turn: Audio) -> TurnPrediction:
        """Judge the user's turn so far, with about 200 ms of silence at its end."""
        ...


@runtime_checkable
class Local(Protocol):
    """A service that knows where it runs. One that is `local` costs nobody money when it works in vain."""

    @property
    def local(self) -> bool: ...


@runtime_checkable
class Warmable(Protocol):
    """A service that is slow the first time. `warm` is awaited before the first turn (F30)."""

    async def warm(self) -> None: ...
