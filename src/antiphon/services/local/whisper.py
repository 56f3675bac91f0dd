"""Speech to text with Whisper through faster-whisper (MIT licence): many languages, slower than Moonshine.

Needs the extra `whisper`. `tiny.en` in 8 bits reads an utterance of four seconds in about half a second on
one core. An interim reading can be stopped between two of Whisper's own segments only, so it may hold a
worker thread a little longer than Moonshine does; its text is dropped all the same.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from functools import cache
from importlib import import_module
from typing import ClassVar, Protocol, cast

import numpy as np

from antiphon.services.base import Audio, EndTurn, Flush, ServiceError, Transcript
from antiphon.services.local.abort import Abort
from antiphon.services.local.arrays import Floats, Pcm, as_floats
from antiphon.services.local.incremental import RATE, transcribe
from antiphon.services.local.segmenter import Segmenter
from antiphon.services.local.workers import urgent_lane


class _Segment(Protocol):
    text: str


class WhisperModel(Protocol):
    """The part of `faster_whisper.WhisperModel` that is used here."""

    def transcribe(
        self,
        audio: Floats,
        *,
        language: str | None,
        beam_size: int,
        condition_on_previous_text: bool,
        without_timestamps: bool,
    ) -> tuple[Iterable[_Segment], object]: ...


class FasterWhisper:
    """Streaming speech to text (`antiphon.services.base.STT`); one may serve any number of sessions.

    `model` is a size (``tiny.en``, ``base``), a hub id or a folder, as faster-whisper takes it; it may be
    downloaded by faster-whisper when first used. `language` is a code such as ``de``; None lets the model
    guess at each reading, which is slow and unsteady on short speech. `compute` is ctranslate2's number type.
    """

    gated: ClassVar[bool] = True
    """It wants speech only: given silence it invents words."""

    def __init__(
        self,
        model: str = "tiny.en",
        *,
        language: str | None = "en",
        partial_every: float = 1.0,
        compute: str = "int8",
    ) -> None:
        self._model = model
        self._language = language
        self._partial_every = partial_every
        self._compute = compute

    def transcribe(self, audio: AsyncIterable[Audio | Flush | EndTurn]) -> AsyncGenerator[Transcript, None]:
        """Read a stream of speech: interim transcripts, and one final for each `Flush`.

        Raises `ServiceError` when the library or the model cannot be had, or the audio is not whole samples.
        """
        core = Segmenter(partial_every=self._partial_every, language=self._language)
        return transcribe(self, core, audio)

    def read(self, pcm: Pcm, abort: Abort) -> str:
        """The words in a clip, mono int16 at 16 kHz. Blocks; for use in a worker thread."""
        model = _open_model(self._model, self._compute)
        abort.check()
        return read_with(model, pcm, abort, self._language)

    async def warm(self) -> None:
        """Load the model off the event loop and run it once."""
        second_of_silence = np.zeros(RATE, np.int16)
        await asyncio.get_running_loop().run_in_executor(urgent_lane(), self.read, second_of_silence, Abort())


def read_with(model: WhisperModel, pcm: Pcm, abort: Abort, language: str | None) -> str:
    """One greedy reading of a clip. Raises `Aborted` between two of Whisper's segments."""
    segments, _ = model.transcribe(
        as_floats(pcm),
        language=language,
        beam_size=1,
        condition_on_previous_text=False,
        without_timestamps=True,
    )
    texts: list[str] = []
    for segment in segments:
        abort.check()
        texts.append(segment.text.strip())
    return " ".join(text for text in texts if text)


def _open_model(name: str, compute: str) -> WhisperModel:
    with _opening:
        return _open(name, compute)


_opening = threading.Lock()


@cache
def _open(name: str, compute: str) -> WhisperModel:
    try:
        library = import_module("faster_whisper")
    except ImportError as error:
        raise ServiceError(
            "Whisper needs faster-whisper: pip install 'antiphon[whisper]'", fatal=True
        ) from error
    try:
        opened = library.WhisperModel(name, device="cpu", compute_type=compute, cpu_threads=1)
    except Exception as error:  # whatever the hub, the disk or ctranslate2 has to say
        raise ServiceError(f"The Whisper model {name!r} cannot be opened: {error}", fatal=True) from error
    return cast(WhisperModel, opened)
