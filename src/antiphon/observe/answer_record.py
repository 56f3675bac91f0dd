"""One response while it is recorded: what was written, when it was spoken, which words were heard, and when.

A voice gives the times of words within its own sound. When a word was heard in the conversation is told by
the output: a word counts as heard in its middle. From there the word's own beginning and end follow, whatever
pauses came before it.
"""

from __future__ import annotations

from antiphon.observe.timeline_model import Answer, Span, SpokenWord, Steps

WORDS_LIMIT = 5_000
"""Words of one response whose times are kept."""


class AnswerRecord:
    """Collects one response. All times are those of the session, in seconds."""

    def __init__(self, number: int, start: float) -> None:
        self.number = number
        self.span = Span(start)
        self.outcome, self.reason = "open", ""
        self.typed = False
        self.speaking: list[Span] = []
        self._written: list[str] = []
        self._generated = ""
        self._heard = ""
        self._words: dict[int, SpokenWord] = {}
        self._shifts: list[tuple[int, float]] = []

    def end(self, at: float, outcome: str, reason: str) -> None:
        """The response is over."""
        if self.span.end is None:
            self.span.end, self.outcome, self.reason = at, outcome, reason
            for span in self.speaking:
                span.end = at if span.end is None else span.end

    def write(self, text: str) -> None:
        """More was written."""
        self._written.append(text)

    def word(self, index: int, text: str, start: float, end: float) -> None:
        """Word number `index` lies there in the voice's sound; a later call corrects an earlier one."""
        if index < WORDS_LIMIT:
            self._words[index] = SpokenWord(text, start, end)

    def speaks(self, at: float) -> None:
        """The sound of it is heard from now on."""
        if not self.speaking or self.speaking[-1].end is not None:
            self.speaking.append(Span(at))

    def hear(self, at: float, heard: str, generated: str, *, final: bool) -> None:
        """So much of it has been heard by now."""
        self._generated = generated or self._generated
        if not final:
            count = self._count(heard)
            word = self._words.get(count - 1)
            if word is not None and len(heard) > len(self._heard):
                self._shifts.append((count - 1, at - (word.start + word.end) / 2))
        self._heard = heard

    def answer(self, zero: float, steps: Steps) -> Answer:
        """What was collected, in seconds after `zero`."""
        generated = self._generated or "".join(self._written)
        spans = [Span(s.start - zero, None if s.end is None else s.end - zero) for s in self.speaking]
        end = None if self.span.end is None else self.span.end - zero
        return Answer(
            id=self.number,
            span=Span(self.span.start - zero, end),
            outcome=self.outcome,
            reason=self.reason,
            generated=generated,
            heard=self._heard,
            speaking=spans,
            words=self._placed(zero),
            steps=steps.without_speech() if self.typed else steps,
        )

    def _placed(self, zero: float) -> list[SpokenWord]:
        """The words at their times in the conversation; without any sound heard there is no such time."""
        if not self.speaking:
            return []
        heard, shift = self._count(self._heard), self.speaking[0].start
        shifts = dict(self._shifts)
        placed: list[SpokenWord] = []
        for index, word in sorted(self._words.items()):
            shift = shifts.get(index, shift)
            start, end = word.start + shift - zero, word.end + shift - zero
            placed.append(SpokenWord(word.text, start, end, heard=index < heard))
        return placed

    def _count(self, heard: str) -> int:
        """How many words these are, from the first on."""
        length, whole = 0, len(heard.rstrip())
        for index in range(len(self._words)):
            word = self._words.get(index)
            if word is None or length >= whole:
                return index
            length += len(word.text)
        return len(self._words)
