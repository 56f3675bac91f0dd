"""What the tests of the timeline share: a recorded call, and a strict reader of pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from antiphon.observe.timeline import TimelineRecorder
from antiphon.observe.timeline_model import Timeline
from antiphon.pipeline import Pipeline
from antiphon.session import Session
from antiphon.testing import (
    Answer,
    Call,
    Fail,
    FakeLLM,
    Say,
    Step,
    Type,
    after,
    bot_starts,
    run_call,
    voice_bot,
)

STORY = "Yes of course, I can tell you more. The first thing to know is that a word counts."
SCRIPT = (Say("Tell me?"), Say("Stop that now.", bot_starts(1.2)), Type("Hello there", after(3)))


def recorded(script: tuple[Step, ...] = SCRIPT) -> tuple[Call, Timeline]:
    """A call in virtual time: a story, an interruption, something typed that the model fails at."""
    recorders: list[TimelineRecorder] = []
    scripted = [Answer(STORY, when="tell"), Answer("Fine.", when="stop")]
    model = FakeLLM(scripted, otherwise=Answer("", fault=Fail(0, "the model is asleep")))

    def bot(session: Session) -> Pipeline:
        recorders.append(TimelineRecorder(lambda: session.clock))
        session.observers.append(recorders[0])
        made = voice_bot(model)(session)
        assert isinstance(made, Pipeline)
        return made

    call = run_call(bot, script)
    return call, recorders[0].timeline()


Element = tuple[str, tuple[tuple[str, str | None], ...]]
"""A name, and attributes with their values."""


@dataclass
class Page:
    """A page that was read: its elements in order, its text outside scripts and styles, its scripts."""

    elements: list[Element] = field(default_factory=list[Element])
    text: str = ""
    scripts: list[str] = field(default_factory=list[str])

    @property
    def shape(self) -> list[tuple[str, tuple[str, ...]]]:
        """Elements and the names of their attributes: what hostile text must not be able to change."""
        return [(name, tuple(key for key, _ in attributes)) for name, attributes in self.elements]

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [dict(attributes) for tag, attributes in self.elements if tag == name]


class _Reader(HTMLParser):
    VOID = frozenset({"meta", "input", "br"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.page.elements.append((tag, tuple(attrs)))
        assert len({key for key, _ in attrs}) == len(attrs), f"an attribute twice in <{tag}>"
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.page.scripts.append(data)
        elif not self.open or self.open[-1] != "style":
            self.page.text += data


def read_page(html: str) -> Page:
    """Read a page; every element must be closed, in order, and no attribute be written twice."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader.page
