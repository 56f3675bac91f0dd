"""Speech from text on this machine, with hibari: English, 24 kHz, a hundred times faster than real time.

The model speaks a sentence at a time and puts about 0.8 s of silence around each; this service cuts that,
raises the level and gives the sound in short pieces, so that an interruption is quick. There are no word
timings: the host estimates them from the audio's length. Only English is spoken; characters of other scripts
and emoji are passed over in silence. One model per voice serves all sessions of the process.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, cast

from antiphon.audio.levels import Samples, amplify, to_pcm16, trim
from antiphon.services.base import Audio, ServiceError, WordTiming

PIECE_SECONDS = 0.1
LONGEST = 200
SEED = 0


class Voice(Protocol):
    """What this service needs of the synthesiser: mono float32 at `sample_rate`, an array per sentence."""

    sample_rate: int

    def stream(self, text: str, speed: float = 1.0, seed: int | None = None) -> Iterator[Samples]: ...


class Hibari:
    """A TTS service.

    `voice` is "heart", which comes with the package, or "emma" and others, fetched by hibari when first used.
    `speed` is 0.5 (slow) to 2.0 (fast). `gain` raises the level by so many decibels (the model is quiet);
    peaks are limited, never clipped. `load` makes the synthesiser, once per voice.

    `speak` raises ServiceError when hibari is not installed or does not know the voice.
    """

    def __init__(
        self,
        voice: str = "heart",
        *,
        speed: float = 1.0,
        gain: float = 7.0,
        load: Callable[[str], Voice] | None = None,
    ) -> None:
        if not 0.5 <= speed <= 2.0:
            raise ValueError(f"A speed of {speed} is out of range: choose one from 0.5 (slow) to 2.0 (fast).")
        self.voice = voice
        self.speed = speed
        self.gain = gain
        self._load = load or load_voice

    async def warm(self) -> None:
        """Load the voice and say a word to nobody, which also loads its dictionary."""
        async for _ in self._sentences("Ready."):
            pass

    async def speak(self, text: AsyncIterable[str]) -> AsyncIterator[Audio | WordTiming]:
        """Say each item in turn: mono at 24 kHz, in pieces of at most 100 ms."""
        async for item in text:
            for part in split_text(item):
                async for sentence in self._sentences(part):
                    for piece in _pieces(sentence):
                        yield piece

    async def _sentences(self, text: str) -> AsyncIterator[Audio]:
        loop = asyncio.get_running_loop()
        voice = await loop.run_in_executor(_POOL, self._load, self.voice)
        sentences = voice.stream(text, self.speed, SEED)
        while (samples := await loop.run_in_executor(_POOL, next, sentences, None)) is not None:
            clip = amplify(trim(samples, voice.sample_rate), self.gain)
            if clip.size:
                yield Audio(to_pcm16(clip), voice.sample_rate)


def split_text(text: str, longest: int = LONGEST) -> list[str]:
    """Parts of at most `longest` characters, cut behind a sentence, else behind a comma, else at a space.

    Only a single word that is longer is cut anywhere. Text in which there is nothing to say gives no parts.
    """
    parts: list[str] = []
    rest = text.strip()
    while len(rest) > longest:
        cut = _cut(rest, longest)
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    parts.append(rest)
    return [part for part in parts if any(character.isalnum() for character in part)]


def _cut(text: str, longest: int) -> int:
    """The last good place to cut at or before `longest`, not in the first half unless there is no other."""
    window = text[: longest + 1]
    for marks in (".!?", ",;:"):
        cut = max(window.rfind(mark + " ") for mark in marks) + 1
        if cut > longest // 2:
            return cut
    return max(window.rfind(" "), 0) or longest


def _pieces(audio: Audio) -> Iterator[Audio]:
    step = 2 * round(audio.rate * PIECE_SECONDS)
    for start in range(0, len(audio.pcm), step):
        yield Audio(audio.pcm[start : start + step], audio.rate)


_POOL = ThreadPoolExecutor(max_workers=2, thread_name_prefix="antiphon-hibari")
_VOICES: dict[str, Voice] = {}
_LOADING = threading.Lock()


def load_voice(name: str) -> Voice:
    """The synthesiser for a voice, loaded once per process. Raises ServiceError."""
    with _LOADING:
        if name not in _VOICES:
            _VOICES[name] = _open_voice(name)
        return _VOICES[name]


def _open_voice(name: str) -> Voice:
    try:
        import hibari
    except ImportError as error:
        message = "The local voice needs an extra: run `pip install 'antiphon[local]'`."
        raise ServiceError(message, fatal=True) from error
    try:
        return cast("Voice", cast("Any", hibari).Hibari(voice=name, threads=1))
    except (ValueError, RuntimeError, OSError) as error:
        raise ServiceError(f"The voice {name!r} cannot be loaded: {error}", fatal=True) from error
