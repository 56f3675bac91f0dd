"""The acoustic loop: what a loudspeaker plays comes back to the microphone beside it, later and quieter.

A `Room` is told what the packets of the bot hold as they are played, and adds it to the microphone's sound.
Tagged sound cannot be mixed or scaled: it comes back word for word, muffled unless the echo is nearly as
loud as the voice, and where the caller makes a sound only that is heard. Real sound is scaled and added.

Limits: one path without reverberation, and no echo canceller; this is the worst a client can do to a bot. An
echo of tagged sound is at least `LEAST_DELAY` late.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np

from antiphon.audio.pcm import samples, to_pcm
from antiphon.audio.polyphase import LiveResampler
from antiphon.testing.tagged import Block, Kind, TagReader, kind_at, render

RATE = 16_000
"""Samples per second of the caller's line."""

LEAST_DELAY = 0.04
"""Seconds after which a packet is sure to have been read."""

MUFFLED_BELOW = 0.5
"""A tagged echo of less than this comes back muffled, which is the one quieter level there is."""


class _Sound(NamedTuple):
    """Mono samples that begin at this sample of the caller's line."""

    at: int
    pcm: bytes

    @property
    def end(self) -> int:
        return self.at + len(self.pcm) // 2


class Room:
    """Between the bot's loudspeaker and the caller's microphone.

    `echo` is how loud the bot's sound comes back, as a factor of its amplitude; `delay` after how many
    seconds.
    """

    def __init__(self, echo: float, delay: float) -> None:
        self.echo = echo
        self.delay = max(delay, LEAST_DELAY)
        self._coming: deque[_Sound] = deque()
        self._reader: TagReader | None = None
        self._resampler: LiveResampler | None = None
        self._played = 0
        self._end = 0

    def play(self, now: float, pcm: bytes, rate: int) -> None:
        """A packet (mono PCM s16le) that the loudspeaker begins to play now, or after the one before."""
        reader = self._reader = self._reader or TagReader(rate)
        gap = round(now * rate) - self._played
        if gap > 0:
            reader.skip(gap)
            self._played += gap
        start, self._played = self._played, self._played + len(pcm) // 2
        for at, block in reader.feed(pcm):
            self._bring(at / rate, render(self._quieter(block), RATE))
        if any(pcm) and kind_at(pcm) is None:
            self._bring_samples(start / rate, pcm, rate)

    def pick_up(self, now: float, pcm: bytes) -> bytes:
        """What the microphone sends instead of the caller's last samples, which end now."""
        count = len(pcm) // 2
        begin = max(self._end, round(now * RATE) - count)
        self._end = begin + count
        while self._coming and self._coming[0].end <= begin:
            self._coming.popleft()
        heard = [sound for sound in self._coming if sound.at < begin + count]
        if not heard:
            return pcm
        tagged = any(kind_at(sound.pcm) for sound in heard)
        if tagged and any(pcm):
            return pcm
        return _overlaid(begin, count, heard) if tagged else _added(begin, pcm, heard)

    def _quieter(self, block: Block) -> Block:
        muffled = block.kind is Kind.WORD and self.echo < MUFFLED_BELOW
        return block._replace(kind=Kind.MUFFLED) if muffled else block

    def _bring(self, at: float, pcm: bytes) -> None:
        """Sound that was played at this time, as it will be heard."""
        place = round((at + self.delay) * RATE)
        self._coming.append(_Sound(max(place, self._coming[-1].end) if self._coming else place, pcm))

    def _bring_samples(self, at: float, pcm: bytes, rate: int) -> None:
        self._resampler = self._resampler or LiveResampler(rate, RATE)
        self._bring(at, to_pcm(self.echo * samples(self._resampler.process(pcm))))


def _overlaid(begin: int, count: int, sounds: list[_Sound]) -> bytes:
    """The sounds in silence, one after the other."""
    line = bytearray(2 * count)
    for at, pcm in sounds:
        first, last = max(at, begin), min(at + len(pcm) // 2, begin + count)
        line[2 * (first - begin) : 2 * (last - begin)] = pcm[2 * (first - at) : 2 * (last - at)]
    return bytes(line)


def _added(begin: int, pcm: bytes, sounds: list[_Sound]) -> bytes:
    """The sum, as far as 16 bits hold it."""
    echo = np.frombuffer(_overlaid(begin, len(pcm) // 2, sounds), np.int16).astype(np.int32)
    both = echo + np.frombuffer(pcm, np.int16)
    return np.clip(both, -32768, 32767).astype(np.int16).tobytes()
