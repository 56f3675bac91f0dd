"""The reading part of a timeline's page: summary, conversation, decisions, errors, metrics."""

from __future__ import annotations

from collections import defaultdict
from statistics import median

from antiphon.observe.markup import Markup, joined, tag
from antiphon.observe.timeline_lanes import clock
from antiphon.observe.timeline_model import Answer, Measurement, Timeline, UserTurn
from antiphon.observe.waterfall import STEPS

VOICE = "voice_to_voice"


def summary(timeline: Timeline, seconds: float) -> Markup:
    """The figures that come first."""
    delays = sorted(
        answer.steps.milliseconds[VOICE] for answer in timeline.answers if VOICE in answer.steps.milliseconds
    )
    figures = [
        ("Length", clock(seconds)),
        ("Your turns", str(sum(turn.outcome in ("committed", "open") for turn in timeline.turns))),
        ("Answers", str(len(timeline.answers))),
        ("Interrupted", str(sum(answer.outcome == "interrupted" for answer in timeline.answers))),
        ("Median response", f"{median(delays):.0f} ms" if delays else "none"),
        ("Slowest response", f"{delays[-1]} ms" if delays else "none"),
        ("Errors", str(len(timeline.problems))),
    ]
    return tag(
        "dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in figures), cls="figures"
    )


def conversation(timeline: Timeline) -> Markup:
    """Both sides in order of time; each answer with what was heard of it and where its time went."""
    entries: list[tuple[float, Markup]] = [(turn.span.start, _user(turn)) for turn in timeline.turns]
    longest = max((max(a.steps.milliseconds.values(), default=0) for a in timeline.answers), default=0)
    entries += [(answer.span.start, _bot(answer, longest)) for answer in timeline.answers]
    if not entries:
        return tag("p", "Nothing was said.", cls="none")
    return tag("ol", *(entry for _, entry in sorted(entries, key=lambda pair: pair[0])), cls="talk")


def decisions(timeline: Timeline) -> Markup:
    """Every decision about turns, with its reason and what it was made from."""
    rows = [
        tag(
            "tr",
            tag("td", seek(decision.at)),
            tag("td", tag("b", decision.decision)),
            tag("td", decision.reason, dir="auto"),
            tag("td", _inputs(decision.inputs)),
            id=f"decision-{number}",
        )
        for number, decision in enumerate(timeline.decisions)
    ]
    return _table(("Time", "Decision", "Reason", "Made from"), rows, "No decision was taken.")


def problems(timeline: Timeline) -> Markup:
    """What went wrong."""
    rows = [
        tag(
            "tr",
            tag("td", seek(problem.at)),
            tag("td", problem.processor),
            tag("td", problem.error, tag("b", " (fatal)") if problem.fatal else None, dir="auto"),
            id=f"error-{number}",
        )
        for number, problem in enumerate(timeline.problems)
    ]
    return _table(("Time", "Where", "What"), rows, "Nothing went wrong.")


def metrics(timeline: Timeline) -> Markup:
    """Measurements by kind and processor."""
    groups: dict[tuple[str, str, str], list[Measurement]] = defaultdict(list)
    for one in timeline.measurements:
        groups[one.processor, one.kind, one.unit].append(one)
    rows = [_metric(*group, [one.value for one in many]) for group, many in groups.items()]
    return _table(("Processor", "Metric", "Count", "Median", "Highest", "Sum"), rows, "Nothing was measured.")


def seek(at: float) -> Markup:
    """A time that takes the reader to its place in the lanes and in the sound."""
    return tag("button", clock(at), type="button", cls="seek", data_seek=f"{at:.3f}")


def _user(turn: UserTurn) -> Markup:
    said = tag("p", turn.text or "(no words)", dir="auto", cls=None if turn.text else "none")
    state = None if turn.outcome == "committed" else tag("span", turn.outcome, cls="state")
    reason = tag("span", turn.reason, cls="reason", dir="auto") if turn.reason else None
    return tag("li", tag("header", seek(turn.span.start), tag("b", "You"), state, reason), said, cls="you")


def _bot(answer: Answer, longest: int) -> Markup:
    state = tag("span", answer.outcome, cls="state") if answer.outcome != "completed" else None
    reason = tag("span", answer.reason, cls="reason", dir="auto") if answer.reason else None
    header = tag("header", seek(answer.span.start), tag("b", "Bot"), state, reason)
    if not answer.generated:
        words = tag("p", "(nothing was written)", cls="none")
    else:
        struck = tag("s", answer.unheard, title="not heard") if answer.unheard.strip() else None
        words = tag("p", answer.heard, struck, dir="auto")
    return tag("li", header, words, _waterfall(answer, longest), cls="bot")


def _waterfall(answer: Answer, longest: int) -> Markup | None:
    """From the end of the user's speech: each step begins where the one before it was reached."""
    times, before, rows = answer.steps.milliseconds, 0, list[Markup]()
    if not times:
        return None
    labels = dict(STEPS)
    for name, ms in sorted(times.items(), key=lambda pair: pair[1]):
        left, right = (100 * max(0, value) / max(longest, 1) for value in (before, ms))
        bar = tag("span", cls="step", style=f"left:{left:.2f}%;width:{right - left:.2f}%")
        rows.append(
            tag("tr", tag("th", labels[name], scope="row"), tag("td", f"{ms} ms"), tag("td", tag("div", bar)))
        )
        before = max(before, ms)
    start = "end of speech" if "end_of_speech" in answer.steps.reached else "end of the turn"
    return tag("table", tag("caption", f"After the {start}"), tag("tbody", *rows), cls="waterfall")


def _inputs(inputs: dict[str, str]) -> Markup:
    spans = (tag("span", name, " ", tag("code", value), cls="input") for name, value in inputs.items())
    return joined(*(joined(span, " ") for span in spans))


def _metric(processor: str, kind: str, unit: str, values: list[float]) -> Markup:
    figures = (_figure(value, unit) for value in (median(values), max(values), sum(values)))
    cells = (tag("td", figure, cls="number") for figure in (str(len(values)), *figures))
    return tag("tr", tag("td", processor), tag("td", kind), *cells)


def _figure(value: float, unit: str) -> str:
    return f"{value * 1000:.0f} ms" if unit == "s" else f"{value:g} {unit}"


def _table(head: tuple[str, ...], rows: list[Markup], none: str) -> Markup:
    if not rows:
        return tag("p", none, cls="none")
    columns = tag("tr", *(tag("th", name, scope="col") for name in head))
    return tag("div", tag("table", tag("thead", columns), tag("tbody", *rows)), cls="scroll")
