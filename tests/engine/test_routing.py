"""Filter, Gate and Tee."""

from __future__ import annotations

import pytest

from antiphon.dispatch import on
from antiphon.frames import Frame, Outcome, ResponseEndedFrame
from antiphon.processor import Processor
from antiphon.routing import Filter, Gate, Tee
from antiphon.session import Session
from engine.kit import Alarm, Ask, Mark, Note, Recorder, Word, feed, play


@pytest.mark.parametrize(
    "filter_", [Filter(Note, Ask), Filter(passes=lambda frame: isinstance(frame, (Note, Ask)))]
)
def test_a_filter_passes_some_ordered_frames_and_all_urgent_and_lifecycle_ones(filter_: Filter) -> None:
    recorder = Recorder()
    play([filter_, recorder], feed(Note(1), Word(2), Mark(3), Alarm(4), Ask(5)))
    assert recorder.tags(Note, Word, Mark, Alarm, Ask) == [1, 4, 5]
    assert recorder.seen[-1].name == "EndFrame"


class Back(Processor):
    @on(Ask)
    def ask(self, frame: Ask) -> None:
        self.push(Word(frame.tag), upstream=True)


def test_a_filter_and_a_gate_leave_upstream_frames_alone() -> None:
    top = Recorder()
    play([top, Filter(Ask), Gate(), Back()], feed(Ask(1)))
    assert top.tags(Word) == [1]


def test_a_gate_keeps_frames_in_order_and_lets_urgent_ones_pass() -> None:
    gate, recorder = Gate(is_open=False), Recorder()
    depths: list[int] = []

    async def script(session: Session) -> None:
        for frame in (Note(1), Word(2), Alarm(3), Mark(4)):
            session.receive(frame)
        depths.append(gate.depth)
        gate.open()
        session.receive(Note(5))
        gate.close()
        session.receive(Note(6))
        session.end()

    async def started(session: Session) -> None:
        import asyncio

        await asyncio.sleep(1)
        await script(session)

    play([gate, recorder], started)
    assert recorder.tags(Note, Word, Alarm, Mark) == [3, 1, 2, 4, 5, 6]
    assert depths == [3]
    assert gate.is_open
    assert recorder.seen[-1].name == "EndFrame"


def test_a_full_gate_drops_the_oldest_and_counts() -> None:
    gate, recorder = Gate(is_open=False, capacity=3), Recorder()
    play([gate, recorder], feed(*(Note(tag) for tag in range(5))))
    assert recorder.tags(Note) == [2, 3, 4]
    assert gate.dropped == {"Note": 2}


class Opens(Processor):
    """Answers with two notes; opens the gate on an alarm, acting for the response of a mark."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self.gate = gate

    @on(Ask)
    def ask(self, frame: Ask) -> None:
        with self.respond() as response:
            self.push(Note(1, response=response.id))
            self.push(Note(2, response=response.id))

    @on(Alarm)
    def alarm(self, frame: Alarm) -> None:
        if frame.tag:
            self.session.responses.cancel_all()
        with self.respond() as response:
            self.push(Mark(9, response=response.id))
            self.gate.open()


def test_what_a_gate_keeps_keeps_its_response_alive_and_its_number() -> None:
    gate, recorder = Gate(is_open=False), Recorder()
    play([Opens(gate), gate, recorder], feed(Ask(1), 1.0, Alarm(0)))
    assert [(frame.tag, frame.response) for frame in recorder.of(Note, Mark)] == [(1, 1), (2, 1), (9, 2)]
    assert [end.outcome for end in recorder.of(ResponseEndedFrame)] == [Outcome.COMPLETED] * 2


def test_a_gate_does_not_let_go_what_belongs_to_a_cancelled_response() -> None:
    gate, recorder = Gate(is_open=False), Recorder()
    play([Opens(gate), gate, recorder], feed(Ask(1), 1.0, Alarm(1)))
    assert recorder.tags(Note, Mark) == [9]
    assert gate.depth == 0


def test_a_tee_shows_some_kinds_and_passes_everything_once() -> None:
    seen: list[Frame] = []
    everything: list[Frame] = []
    recorder = Recorder()
    tees = [Tee(seen.append, Note, Alarm), Tee(everything.append)]
    play([*tees, recorder], feed(Note(1), Word(2), Alarm(3)))
    assert seen == [Note(1), Alarm(3)]
    assert everything == recorder.seen
    assert [frame.name for frame in recorder.seen] == ["StartFrame", "Note", "Word", "Alarm", "EndFrame"]
