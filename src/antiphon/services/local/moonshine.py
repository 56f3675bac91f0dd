"""Speech to text with Moonshine (MIT licence, Moonshine AI): English, on one core, no network.

The base model reads an utterance of four seconds in about 140 ms, the tiny one in about 85 ms. Both read
whole clips; `antiphon.services.local.incremental` makes streams of that. English only: for other languages
use `antiphon.services.local.whisper`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterable
from functools import cache
from itertools import islice
from pathlib import Path
from typing import ClassVar

import numpy as np

from antiphon.models import REGISTRY, locate
from antiphon.services.base import Audio, EndTurn, Flush, ServiceError, Transcript
from antiphon.services.local.abort import Abort
from antiphon.services.local.arrays import Pcm, as_floats
from antiphon.services.local.incremental import RATE, transcribe
from antiphon.services.local.moonshine_decode import open_networks
from antiphon.services.local.moonshine_tokens import parse_vocabulary, text_of
from antiphon.services.local.segmenter import Segmenter
from antiphon.services.local.workers import urgent_lane

TOKENS_PER_SECOND = 6.5
"""Nobody speaks faster; more than that is the model repeating itself (Moonshine's model card)."""


class MoonshineReader:
    """Reads whole clips (`antiphon.services.local.incremental.Recogniser`). `folder` holds the model."""

    def __init__(self, folder: Path) -> None:
        tokenizer = folder / "tokenizer.bin"
        if not tokenizer.is_file():
            raise ServiceError(f"The folder {folder} holds no Moonshine model (tokenizer.bin).", fatal=True)
        self._networks = open_networks(folder)
        self._vocabulary = parse_vocabulary(tokenizer.read_bytes())

    def read(self, pcm: Pcm, abort: Abort) -> str:
        """The words in `pcm`, mono int16 at 16 kHz. Raises `Aborted` within one token of a request."""
        most = max(1, int(len(pcm) / RATE * TOKENS_PER_SECOND))
        return text_of(islice(self._networks.tokens(as_floats(pcm), abort), most), self._vocabulary)


class Moonshine:
    """Streaming speech to text (`antiphon.services.base.STT`); one may serve any number of sessions.

    `model` is a name that `antiphon.models` knows or a folder. While speech goes on, an interim transcript is
    made every `partial_every` seconds of it (less often in turns over ten times as long). The model is loaded
    with the first speech, or by `warm`.
    Raises `antiphon.models.ModelError` when the model is unknown or not on this machine.
    """

    gated: ClassVar[bool] = True
    """It wants speech only: given silence it invents words."""

    def __init__(self, model: str | Path = "moonshine-base-en-int8", *, partial_every: float = 0.5) -> None:
        self._folder = _folder(model)
        self._partial_every = partial_every

    def transcribe(self, audio: AsyncIterable[Audio | Flush | EndTurn]) -> AsyncGenerator[Transcript, None]:
        """Read a stream of speech: interim transcripts, and one final for each `Flush`.

        Raises `ServiceError` when the model cannot be opened or the audio is not whole samples.
        """
        return transcribe(self, Segmenter(partial_every=self._partial_every, language="en"), audio)

    def read(self, pcm: Pcm, abort: Abort) -> str:
        """The words in a clip, mono int16 at 16 kHz. Blocks; for use in a worker thread."""
        return _reader(self._folder).read(pcm, abort)

    async def warm(self) -> None:
        """Load the model off the event loop and run it once."""
        second_of_silence = np.zeros(RATE, np.int16)
        await asyncio.get_running_loop().run_in_executor(urgent_lane(), self.read, second_of_silence, Abort())


def _folder(model: str | Path) -> Path:
    if isinstance(model, str) and model in REGISTRY:
        return locate(model)
    folder = Path(model).expanduser()
    return folder.resolve() if folder.is_dir() else locate(str(model))


def _reader(folder: Path) -> MoonshineReader:
    with _opening:
        return _open(folder)


_opening = threading.Lock()


@cache
def _open(folder: Path) -> MoonshineReader:
    return MoonshineReader(folder)
