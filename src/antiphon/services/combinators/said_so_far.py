"""What of a text has been spoken, so that another voice can go on where the first one broke off. Pure.

The times of words tell. A word in which the sound broke off is said again, whole. Where there are no times,
nobody knows which words were heard, and all of the text is said again: no word is left out.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator

import msgspec
import numpy as np

from antiphon.audio.pcm import samples, to_pcm
from antiphon.audio.resample import StreamResampler, to_mono
from antiphon.services.base import Audio, WordTiming

_WORD = re.compile(r"\s*\S+\s*")
_BARE = re.compile(r"\w+")
_ROUNDING = 0.02
"""Seconds by which the time of a word may end behind its sound."""


class SaidSoFar:
    """Text and sound of one call, over all voices. Times count from the first sample that was given.

    A word's time is given just before the sound in which the word begins, so that none is given of words
    that never sound. All sound comes out at the rate and with the channels of the first.
    """

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._seconds = 0.0
        self._base = 0.0
        self._timings: list[WordTiming] = []
        self._held: deque[WordTiming] = deque()
        self._known = 0
        self._format: tuple[int, int] | None = None
        self._resampler: StreamResampler | None = None

    def gave(self, item: Audio | WordTiming) -> Iterator[Audio | WordTiming]:
        """The voice has given this: what is to be given of it now."""
        if isinstance(item, WordTiming):
            self._time(item)
            yield from self._begun(self._seconds)
            return
        sound = self._converted(item)
        yield from self._begun(self._seconds + sound.seconds)
        self._seconds += sound.seconds
        if sound.pcm:
            yield sound

    def finish(self) -> Iterator[Audio | WordTiming]:
        """The voice is done."""
        if self._resampler is not None and self._format is not None:
            rest = self._resampler.flush()
            self._resampler = None
            if rest:
                yield from self.gave(Audio(rest, *self._format))
        yield from self._begun(float("inf"))

    def again(self) -> list[str]:
        """The voice has failed: the texts that the next one must be given first."""
        said = sum(timing.end <= self._seconds + _ROUNDING for timing in self._timings)
        words = [word for text in self.texts for word in _WORD.findall(text)]
        if any(_bare(word) != _bare(timing.word) for word, timing in zip(words, self._timings, strict=False)):
            said = 0
        self._known = len(self._timings) - said
        self._base = self._seconds
        self._held.clear()
        self._resampler = None
        return list(_without(self.texts, said))

    def _time(self, timing: WordTiming) -> None:
        """Remember when a word begins, unless that was told before its sound broke off."""
        if self._known:
            self._known -= 1
            return
        start, end = self._base + timing.start, self._base + timing.end
        self._held.append(msgspec.structs.replace(timing, start=start, end=end))

    def _begun(self, seconds: float) -> Iterator[WordTiming]:
        """The words that begin before so much sound was given."""
        while self._held and self._held[0].start < seconds:
            timing = self._held.popleft()
            self._timings.append(timing)
            yield timing

    def _converted(self, sound: Audio) -> Audio:
        if self._format is None:
            self._format = (sound.rate, sound.channels)
        rate, channels = self._format
        pcm = sound.pcm
        if sound.channels != channels:
            pcm = to_pcm(np.repeat(samples(to_mono(pcm, sound.channels)), channels))
        if sound.rate != rate:
            if self._resampler is None or self._resampler.source_rate != sound.rate:
                self._resampler = StreamResampler(sound.rate, rate, channels)
            pcm = self._resampler.process(pcm)
        return Audio(pcm, rate, channels)


def _without(texts: list[str], words: int) -> Iterator[str]:
    """The texts without so many words at their beginning."""
    for text in texts:
        parts = _WORD.findall(text)
        if words < len(parts):
            yield "".join(parts[words:]) if words else text
        words = max(0, words - len(parts))


def _bare(word: str) -> str:
    return "".join(_BARE.findall(word.casefold()))
