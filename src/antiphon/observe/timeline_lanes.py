"""The lanes of a timeline's page: everything that has a place on the axis of time.

Places and widths are percentages of the whole, so that the style sheet alone decides about zoom and print.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from antiphon.audio.sound import Sound
from antiphon.observe.markup import Child, Markup, joined, tag
from antiphon.observe.timeline_model import Answer, Span, Timeline
from antiphon.observe.waveform import HALF_HEIGHT, wave_path

_TICKS = (1, 2, 5, 10, 30, 60, 300, 600, 3600)
_MAX_TICKS = 150

CHIP_SECONDS = 1.1
"""How much room the name of a decision takes at the usual zoom."""

WORD_SECONDS = 0.6
"""How much room a word takes at the usual zoom."""

LEVELS = 4
"""Rows over which names of decisions are spread where they are close together."""


class Scale:
    """Seconds to places on a strip that is `seconds` long."""

    def __init__(self, seconds: float) -> None:
        self.seconds = max(seconds, 0.1)

    def place(self, start: float, end: float | None = None) -> str:
        """The style that puts something there."""
        first = min(max(start, 0.0), self.seconds)
        style = f"left:{100 * first / self.seconds:.4f}%"
        if end is None:
            return style
        last = min(max(end, first), self.seconds)
        return f"{style};width:{100 * (last - first) / self.seconds:.4f}%"


def clock(seconds: float) -> str:
    """As minutes and seconds: 1:05.20."""
    whole = max(0, round(seconds * 100))
    return f"{whole // 6000}:{whole // 100 % 60:02}.{whole % 100:02}"


def lanes(timeline: Timeline, scale: Scale, audio: Sound | None) -> Markup:
    """All lanes, from the axis down."""
    return joined(
        _lane("Time", "axis", _ticks(scale)),
        None if audio is None else _lane("You", "wave you", [_wave(audio, 0)]),
        _lane("Your voice", "bars thin", _speech(timeline, scale)),
        _lane("Your turns", "bars", _turns(timeline, scale)),
        None if audio is None or audio.channels < 2 else _lane("Bot", "wave bot", [_wave(audio, 1)]),
        _lane("Answers", "bars", _answers(timeline, scale)),
        _lane("Bot's words", "words", _words(timeline.answers, scale)),
        _lane("Decisions", "marks", _decisions(timeline, scale)),
        _lane("Errors", "marks short", _problems(timeline, scale)) if timeline.problems else None,
    )


def _lane(label: str, kind: str, children: Iterable[Child]) -> Markup:
    return tag("div", tag("div", label, cls="label"), tag("div", *children, cls="strip"), cls=f"lane {kind}")


def _ticks(scale: Scale) -> Iterator[Markup]:
    step = next((step for step in _TICKS if scale.seconds / step <= _MAX_TICKS), _TICKS[-1])
    for second in range(0, int(scale.seconds) + 1, step):
        label = f"{second // 60}:{second % 60:02}"
        yield tag("span", label, cls="tick", style=scale.place(second))


def _wave(audio: Sound, side: int) -> Markup:
    path, width = wave_path(audio.samples[:, side], audio.rate)
    box = f"0 {-HALF_HEIGHT} {max(1, width - 1)} {2 * HALF_HEIGHT}"
    return tag("svg", tag("path", d=path), viewBox=box, preserveAspectRatio="none", aria_hidden="true")


def _speech(timeline: Timeline, scale: Scale) -> Iterator[Markup]:
    for span in timeline.speech:
        yield tag("span", cls="bar voice", style=scale.place(span.start, _end(span, scale)))


def _turns(timeline: Timeline, scale: Scale) -> Iterator[Markup]:
    for turn in timeline.turns:
        label = turn.text or f"({turn.outcome})"
        hint = f"{clock(turn.span.start)} turn {turn.outcome}: {turn.text or 'no words'}"
        yield tag(
            "span",
            tag("span", label),
            cls=f"bar turn {_word(turn.outcome)}",
            title=hint,
            style=scale.place(turn.span.start, _end(turn.span, scale)),
        )


def _answers(timeline: Timeline, scale: Scale) -> Iterator[Markup]:
    for answer in timeline.answers:
        hint = f"{clock(answer.span.start)} answer {answer.id}, {answer.outcome}"
        yield tag(
            "span",
            tag("span", f"{answer.id} {answer.outcome}"),
            cls=f"bar answer {_word(answer.outcome)}",
            title=f"{hint}: {answer.reason}" if answer.reason else hint,
            style=scale.place(answer.span.start, _end(answer.span, scale)),
        )
        for span in answer.speaking:
            yield tag("span", cls="bar speaking", style=scale.place(span.start, _end(span, scale)))


def _words(answers: Sequence[Answer], scale: Scale) -> Iterator[Markup]:
    """Each word at its time; what was never heard is struck through, as far as nothing else is said there."""
    for number, answer in enumerate(answers):
        later = [span.start for other in answers[number + 1 :] for span in other.speaking[:1]]
        until = min([scale.seconds, *later])
        for place, word in enumerate(answer.words):
            if word.heard or word.start + WORD_SECONDS < until:
                yield tag(
                    "span" if word.heard else "s",
                    word.text.strip(),
                    cls=f"word level{place % 2}",
                    title=f"{clock(word.start)} {'heard' if word.heard else 'not heard'}",
                    style=scale.place(word.start),
                )


def _decisions(timeline: Timeline, scale: Scale) -> Iterator[Markup]:
    free_from = [0.0] * LEVELS
    for number, decision in enumerate(timeline.decisions):
        level = min(range(LEVELS), key=lambda row: (free_from[row] > decision.at, row))
        free_from[level] = decision.at + CHIP_SECONDS
        yield tag(
            "a",
            decision.decision,
            href=f"#decision-{number}",
            cls=f"mark level{level}",
            title=f"{clock(decision.at)} {decision.decision}: {decision.reason}",
            style=scale.place(decision.at),
        )


def _problems(timeline: Timeline, scale: Scale) -> Iterator[Markup]:
    for number, problem in enumerate(timeline.problems):
        yield tag(
            "a",
            problem.processor or "error",
            href=f"#error-{number}",
            cls="mark error level0",
            title=f"{clock(problem.at)} {problem.error}",
            style=scale.place(problem.at),
        )


def _end(span: Span, scale: Scale) -> float:
    return scale.seconds if span.end is None else span.end


def _word(outcome: str) -> str:
    """A name of a class: outcomes come from the model as any text."""
    return "".join(letter for letter in outcome.lower() if letter.isascii() and letter.isalpha())
