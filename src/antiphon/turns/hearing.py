"""What has been heard of the user's turn so far: final segments, and what is only guessed. Pure."""

from __future__ import annotations

import re

import msgspec

_WORD = re.compile(r"\w+")


class Hearing(msgspec.Struct, frozen=True):
    """`settled`: nothing that was said is still being recognised."""

    segments: tuple[tuple[int, str], ...] = ()
    partial: str = ""
    partial_segment: int = 0
    settled: bool = False

    @property
    def text(self) -> str:
        """The final words only."""
        return " ".join(text for _, text in self.segments if text)

    @property
    def guess(self) -> str:
        """All words, with what is only known from partial results."""
        return self.with_segment(self.partial_segment, self.partial) if self.partial else self.text

    @property
    def best(self) -> str:
        """The final words if they are all there, else the guess."""
        return self.text if self.settled else self.guess

    def with_segment(self, segment: int, text: str) -> str:
        """The words if this segment reads so."""
        segments = dict(self.segments) | {segment: text}
        return " ".join(part for _, part in sorted(segments.items()) if part)

    def interim(self, segment: int, text: str) -> Hearing:
        """With a new guess."""
        return Hearing(self.segments, text, segment, self.settled)

    def final(self, segment: int, text: str, *, settled: bool) -> Hearing:
        """With the final text of one segment put in its place."""
        segments = dict(self.segments) | {segment: text}
        partial = "" if segment >= self.partial_segment else self.partial
        return Hearing(tuple(sorted(segments.items())), partial, self.partial_segment, settled)

    def unsettled(self) -> Hearing:
        """The user speaks again."""
        return Hearing(self.segments, self.partial, self.partial_segment, settled=False)


def same_words(one: str, other: str) -> bool:
    """Whether two texts hold the same words, whatever their case and punctuation."""
    return _WORD.findall(one.casefold()) == _WORD.findall(other.casefold())
