"""What the peer acknowledges is what was heard: the accounting alone, and a transport with a fake peer."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.clock import run_virtual
from antiphon.frames import BotHeardFrame, ResponseEndedFrame, TTSSpeakFrame
from antiphon.pipeline import Pipeline
from antiphon.processor import Processor
from antiphon.services.tts_host import TTSHost
from antiphon.session import Session, SessionResult
from antiphon.testing import FakeTTS
from antiphon.testing.probe import Probe
from antiphon.transports.acknowledged import PATIENCE, AcknowledgedOutput, Unheard
from effort import examples

TEXT = "One two three four five six seven eight nine ten."

PADDING = 0
PACKETS = st.lists(st.tuples(st.sampled_from([1, 2, None]), st.integers(1, 160)), max_size=3)

Step = list[tuple[int | None, int]] | int | None
"""A packet, a position that was played, or None: the rest is dropped."""


@given(st.lists(st.one_of(PACKETS, st.integers(0, 3000), st.none()), max_size=40))
def test_it_agrees_with_a_list_of_samples(steps: list[Step]) -> None:
    unheard, line, heard = Unheard(), list[int | None](), 0
    for step in steps:
        match step:
            case None:
                unheard.drop()
                heard = len(line)
            case int():
                played = [owner for owner, count in unheard.hear(step) for _ in range(count)]
                expected = line[heard:step]
                heard = max(heard, min(step, len(line)))
                assert played == [owner for owner in expected if owner != PADDING]
            case _:
                unheard.write(step, sum(count for _, count in step) + 7)
                line += [owner for owner, count in step for _ in range(count)] + [PADDING] * 7
        assert unheard.waits is (heard < len(line))
        for owner in (1, 2):
            assert unheard.holds(owner) is (owner in line[heard:])


def test_a_position_inside_a_portion_splits_it() -> None:
    unheard = Unheard()
    unheard.write([(1, 100), (2, 60)], 160)
    assert unheard.hear(120) == [(1, 100), (2, 20)]
    assert unheard.hear(120) == []
    assert not unheard.holds(1)
    assert unheard.holds(2)
    assert unheard.hear(10_000) == [(2, 40)]
    assert not unheard.waits


class Answering(AcknowledgedOutput):
    """A peer that acknowledges its marks after `delays` seconds, in turn; None is never."""

    def __init__(self, delays: list[float | None]) -> None:
        super().__init__(lead_ms=40)
        self.delays = delays
        self.marks: list[str] = []
        self.clears = 0

    def write_mark(self, name: str) -> None:
        delay = self.delays[len(self.marks) % len(self.delays)]
        self.marks.append(name)
        if delay is not None:
            self.session.clock.after(delay, lambda: self.acknowledge(name))

    def write_clear(self) -> None:
        self.clears += 1


class Outside(Processor):
    """Stands for whatever gives text to the voice."""

    gives = (TTSSpeakFrame,)


def speak(
    delays: list[float | None],
    *,
    cut_at: float | None = None,
    acknowledge: str = "",
    end_at: float = 6.0,
) -> tuple[Session, Answering, Probe, SessionResult]:
    """Say TEXT at 0.1 s; cancel it at `cut_at`, or have the peer say something odd at 1 s."""
    output, probe = Answering(delays), Probe()

    async def main() -> tuple[Session, SessionResult]:
        session, loop = Session(), asyncio.get_running_loop()
        loop.call_at(0.1, lambda: session.receive(TTSSpeakFrame(TEXT)))
        if cut_at is not None:
            loop.call_at(cut_at, lambda: session.responses.cancel_all(reason="test"))
        loop.call_at(1.0, lambda: output.acknowledge(acknowledge))
        loop.call_at(end_at, session.end)
        return session, await session.run(Pipeline([Outside(), TTSHost(FakeTTS()), output, probe]))

    session, result = run_virtual(main())
    return session, output, probe, result


def heard_at(probe: Probe) -> list[tuple[float, str]]:
    """When the listener was believed to have heard what, as it grew."""
    frames = [(at, frame) for at, frame in probe.frames if isinstance(frame, BotHeardFrame)]
    return [(at, frame.heard) for at, frame in frames if not frame.final]


def ended_at(probe: Probe) -> float:
    return next(at for at, frame in probe.frames if isinstance(frame, ResponseEndedFrame))


@pytest.mark.parametrize("delay", [0.05, 0.5, 4.0])
def test_words_are_heard_when_they_are_acknowledged(delay: float) -> None:
    prompt = heard_at(speak([0.0])[2])
    late = heard_at(speak([delay])[2])
    assert [(at - delay, text) for at, text in late] == [(pytest.approx(at), text) for at, text in prompt]
    assert late[-1][1] == TEXT
    assert len(late) > 5


@pytest.mark.parametrize("delay", [0.05, 4.0])
def test_a_response_is_complete_when_all_of_it_was_acknowledged(delay: float) -> None:
    session, output, probe, result = speak([delay], end_at=9.0)
    assert result.errors == ()
    assert ended_at(probe) >= heard_at(probe)[-1][0]
    playout = session.ledger.get(1)
    assert playout is not None
    assert playout.complete
    assert output.clears == 0


def test_the_end_waits_for_the_last_mark() -> None:
    session, _, probe, _ = speak([2.0], end_at=0.5)
    assert heard_at(probe)[-1][1] == TEXT
    assert session.now() >= heard_at(probe)[-1][0]


@examples(20)
@given(st.lists(st.one_of(st.none(), st.floats(0.0, 3.0)), min_size=1, max_size=6), st.floats(0.2, 4.0))
def test_after_a_cut_nothing_more_counts(delays: list[float | None], cut_at: float) -> None:
    """Marks that come back after the clear are those of sound that was thrown away, or may be."""
    session, output, probe, result = speak(delays, cut_at=cut_at, end_at=12.0)
    assert result.late == ()
    playout = session.ledger.get(1)
    if playout is None or playout.complete:
        return
    before = [text for at, text in heard_at(probe) if at <= cut_at + 1e-6]
    assert (playout.heard or "").strip() == (before[-1].strip() if before else "")
    assert output.clears <= 1


def test_one_lost_mark_does_not_matter() -> None:
    assert heard_at(speak([None, 0.05])[2])[-1][1] == TEXT


def test_without_any_mark_time_counts_after_patience(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("WARNING", logger="antiphon"):
        session, output, probe, _ = speak([None], end_at=20.0)
    playout = session.ledger.get(1)
    assert playout is not None
    assert playout.heard == TEXT
    assert len([each for each in caplog.messages if "does not say" in each]) == 1
    assert heard_at(probe)[0][0] == pytest.approx(0.3 + PATIENCE, abs=0.2)
    assert len(output.marks) > 20


NAMES = ["", "x", "0", "0-", "-1", "1-0", "0-99999999999999", "0-1-2", "\u0660-\u0663", "0-5\n"]


@pytest.mark.parametrize("name", NAMES)
def test_no_name_can_acknowledge_more_than_was_marked(name: str) -> None:
    session, _, _, _ = speak([None], acknowledge=name, cut_at=1.5, end_at=2.0)
    playout = session.ledger.get(1)
    assert playout is not None
    heard = playout.heard or ""
    assert TEXT.startswith(heard)
    assert bool(heard) is (name == "0-99999999999999")
    assert len(heard.split()) <= 4
