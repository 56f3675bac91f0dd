"""The caller's voice: tagged sound, or the real sound of a TTS service.

Tagged sound costs nothing and can be read back, but only fakes understand it. With a service the caller can
be heard by real recognisers; then coughs and noise are bursts of random samples, the same in every call.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Protocol, cast

import numpy as np

from antiphon.audio.pcm import samples, to_pcm
from antiphon.audio.resample import StreamResampler, to_mono
from antiphon.services.base import TTS, Audio, ServiceError, Warmable, WordTiming
from antiphon.testing.patience import CallerGaveUp
from antiphon.testing.steps import MakeNoise, Say, Step
from antiphon.testing.tagged import MUFFLED_DB, Kind, Noise, Utterance

RATE = 16_000
"""Samples per second of the caller's line."""

MUFFLED_HERTZ = 1000.0
"""Where muffled speech begins to lose its high frequencies."""

_LOUDNESS = {Kind.COUGH: 0.3, Kind.NOISE: 0.02}


class Voice(Protocol):
    """Makes sound of steps: mono PCM s16le at `RATE`. `number` tells the steps of a call apart."""

    async def prepare(self, script: Sequence[Step]) -> None:
        """Make ready for what is known to be said, before the call."""
        ...

    async def say(self, step: Say, number: int) -> bytes: ...

    def make_noise(self, step: MakeNoise, number: int) -> bytes: ...


class TaggedVoice:
    """Sound in which every 10 ms carry their word; see `antiphon.testing.tagged`."""

    async def prepare(self, script: Sequence[Step]) -> None:
        """Nothing is to be made ready."""

    async def say(self, step: Say, number: int) -> bytes:
        return Utterance(step.text, seconds=step.seconds, id=number, muffled=step.muffled).pcm

    def make_noise(self, step: MakeNoise, number: int) -> bytes:
        return Noise(step.seconds, step.kind, id=number).pcm


class SpokenVoice:
    """The sound of a TTS service. It decides how long a text takes: `Say.seconds` is not looked at.

    A script is spoken before the call, so that every step comes at its time however slow the service is.
    Raises CallerGaveUp when the service fails.
    """

    def __init__(self, tts: TTS) -> None:
        self._tts = tts
        self._known: dict[str, bytes] = {}

    async def prepare(self, script: Sequence[Step]) -> None:
        """Speak every text of the script once."""
        if isinstance(self._tts, Warmable):
            await self._tts.warm()
        for step in script:
            if isinstance(step, Say):
                await self.say(step, 0)

    async def say(self, step: Say, number: int) -> bytes:
        if step.text not in self._known:
            try:
                self._known[step.text] = await self._speak(step.text)
            except ServiceError as error:
                raise CallerGaveUp(f"the caller's voice failed: {error}") from error
        pcm = self._known[step.text]
        return muffle(pcm, RATE) if step.muffled else pcm

    def make_noise(self, step: MakeNoise, number: int) -> bytes:
        size = round(step.seconds * RATE)
        burst = np.random.default_rng(number).standard_normal(size) * _LOUDNESS[step.kind]
        return to_pcm((burst * 32768 * np.hanning(size)).astype(np.float32))

    async def _speak(self, text: str) -> bytes:
        pcm, line = b"", None
        items = cast(AsyncGenerator[Audio | WordTiming, None], self._tts.speak(_once(text)))
        async with aclosing(items):
            async for item in items:
                if isinstance(item, Audio):
                    line = line or StreamResampler(item.rate, RATE)
                    pcm += line.process(to_mono(item.pcm, item.channels))
        if line is None:
            raise CallerGaveUp(f"the caller's voice gave no sound for {text!r}")
        return pcm + line.flush()


def muffle(pcm: bytes, rate: int) -> bytes:
    """Mono PCM s16le as it arrives past a hand or a turned head: `MUFFLED_DB`, and a low-pass of one pole."""
    spectrum = np.fft.rfft(samples(pcm))
    ratio = np.fft.rfftfreq(len(pcm) // 2, 1 / rate) / MUFFLED_HERTZ
    quieter = 10 ** (MUFFLED_DB / 20) * spectrum / (1 + 1j * ratio)
    return to_pcm(np.fft.irfft(quieter, len(pcm) // 2))


async def _once(text: str) -> AsyncIterator[str]:
    yield text
