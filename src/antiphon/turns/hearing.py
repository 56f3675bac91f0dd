"""What has been heard of the user's turn so far: final segments, and what is only guessed. Pure.

A turn may be answered before all of its words are final, and it may end in the middle of a segment. What was
answered is remembered, because the recogniser will say it again: a transcript counts only for what it adds.
Its words are compared from the beginning of the segment; where it reads otherwise than what was answered, it
counts from there, so that a word that was corrected, or only half said, is not lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

_WORD = re.compile(r"\w+")
_ANSWERED_KEPT = 8

Segment = tuple[int, str]


class Hearing(msgspec.Struct, frozen=True):
    """`settled`: nothing that was said is still being recognised.

    `answered`: segments of earlier turns, as they read then, that may still grow. `over`: those that are
    complete; only a guess that comes late repeats their words.
    """

    segments: tuple[Segment, ...] = ()
    partial: str = ""
    partial_segment: int = 0
    settled: bool = False
    answered: tuple[Segment, ...] = ()
    over: tuple[Segment, ...] = ()

    @property
    def text(self) -> str:
        """The final words only."""
        return " ".join(new for each in self.segments if (new := self.unanswered(*each)))

    @property
    def guess(self) -> str:
        """All words, with what is only known from partial results."""
        return self.with_segment(self.partial_segment, self.partial) if self.partial else self.text

    @property
    def best(self) -> str:
        """The final words if they are all there, else the guess."""
        return self.text if self.settled else self.guess

    def with_segment(self, segment: int, guess: str) -> str:
        """The words if this segment reads so."""
        new = {number: self.unanswered(number, text) for number, text in self.segments}
        if added := self.guessed(segment, guess):
            new[segment] = added
        return " ".join(text for _, text in sorted(new.items()) if text)

    def interim(self, segment: int, text: str) -> Hearing:
        """With a new guess."""
        partial = text if self.guessed(segment, text) else ""
        return msgspec.structs.replace(self, partial=partial, partial_segment=segment)

    def final(self, segment: int, text: str, *, settled: bool) -> Hearing:
        """With the final text of one segment put in its place."""
        segments = tuple(sorted((dict(self.segments) | {segment: text}).items()))
        partial = "" if segment >= self.partial_segment else self.partial
        return msgspec.structs.replace(self, segments=segments, settled=settled, partial=partial)

    def unsettled(self) -> Hearing:
        """The user speaks again."""
        return msgspec.structs.replace(self, settled=False)

    def fresh(self) -> Hearing:
        """What a turn begins with."""
        return Hearing(answered=self.answered, over=self.over)

    def after_turn(self, *, again: bool = False) -> Hearing:
        """The same when the turn has ended. `again`: its last words will surely come again."""
        if self.settled and not again:
            return Hearing(over=_joined(self.over, (*self.answered, *self.segments)))
        read = dict(self.segments)
        if self.partial and not self.settled:
            read[self.partial_segment] = self.partial
        return Hearing(answered=_joined(self.answered, read.items()), over=self.over)

    def after_late(self, segment: int, text: str) -> Hearing:
        """The same after a transcript that came when no turn was open: the user may be speaking on."""
        return Hearing(answered=_joined(self.answered, ((segment, text),)), over=self.over)

    def due(self, segment: int) -> bool:
        """Whether a transcript of this segment may still be to come although its turn has ended."""
        return segment in dict(self.answered)

    def unanswered(self, segment: int, text: str) -> str:
        """What of a final text has not been answered yet."""
        return _added(text, dict(self.answered).get(segment, ""))

    def guessed(self, segment: int, text: str) -> str:
        """The same of a partial text. One that is no longer than what is known came late: it adds nothing."""
        before, final = dict(self.over + self.answered).get(segment, ""), dict(self.segments).get(segment, "")
        late = len(text.split()) <= max(len(before.split()), len(final.split()))
        return "" if late else _added(text, before)


def same_words(one: str, other: str) -> bool:
    """Whether two texts hold the same words, whatever their case and punctuation."""
    return _WORD.findall(one.casefold()) == _WORD.findall(other.casefold())


def _joined(before: tuple[Segment, ...], said: Iterable[Segment]) -> tuple[Segment, ...]:
    """With more segments, each as it reads at its longest; the oldest are forgotten."""
    kept = dict(before)
    for segment, text in said:
        if text and len(text.split()) >= len(kept.get(segment, "").split()):
            kept.pop(segment, None)
            kept[segment] = text
    return tuple(kept.items())[-_ANSWERED_KEPT:]


def _added(text: str, before: str) -> str:
    """What of a text comes after the words with which both begin."""
    if not before:
        return text
    same = 0
    for one, other in zip(_words(text), _words(before), strict=False):
        if one != other:
            break
        same += 1
    return " ".join(text.split()[same:])


def _words(text: str) -> list[str]:
    """The words without their looks, one for each that white space separates."""
    return ["".join(_WORD.findall(word.casefold())) for word in text.split()]
