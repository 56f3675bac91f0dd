"""Replay: the same frames in the same order, from nothing but the log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import msgspec
import pytest

from antiphon.frames import (
    Frame,
    InputAudioRawFrame,
    InputDTMFFrame,
    InputTransportMessageFrame,
    VADUserLevelFrame,
)
from antiphon.record import LogError, SessionLog
from antiphon.record.records import Closed, Gave, Heard
from antiphon.session import Ended, Session
from antiphon.testing import (
    Answer,
    Bot,
    End,
    Fail,
    FakeLLM,
    FakeSTT,
    FakeTTS,
    FakeTurnModel,
    Hang,
    HangUp,
    MakeNoise,
    Say,
    Step,
    Type,
    after,
    at,
    bot_starts,
    voice_bot,
)
from antiphon.transports.memory import MemoryTransport
from antiphon.turns.fluent import FluentTurns
from antiphon.turns.simple import SimpleTurns
from antiphon.turns.state import Policy
from effort import seeds
from record.calls import LONG, random_call
from record.kit import Crossed, Recording, difference, record_call, replay_call

ASK = Say("What is the capital of Australia?")


def usual(**options: Any) -> Callable[[], Bot]:
    """Makes the usual bot, new each time, with everything that serves only one session."""
    llm = options.pop("llm", dict[str, Any](otherwise=LONG))
    return lambda: voice_bot(FakeLLM(**llm), **{name: make() for name, make in options.items()})


def silent_bot() -> Bot:
    """Has services that would fail at once if they were called."""
    broken = FakeSTT(fault=Fail(0, "the recogniser was called"), delay=0.0)
    return voice_bot(FakeLLM(), stt=broken, tts=FakeTTS(faults={n: Fail(0) for n in range(50)}))


CALLS: dict[str, tuple[Callable[[], Bot], Sequence[Step]]] = {
    "a question": (usual(), [ASK]),
    "barge-in": (usual(), [ASK, Say("Stop that please!", bot_starts(0.7)), Say("And now?", after(3))]),
    "backchannel and cough": (usual(), [ASK, Say("Mm-hm.", bot_starts(0.6)), MakeNoise(0.3, after(0.8))]),
    "typing over the bot": (usual(), [ASK, Type("No, the other one.", bot_starts(0.5))]),
    "speculation": (
        usual(machine=lambda: FluentTurns(Policy(speculate=True))),
        [Say("I would like, um"), Say("to know the time.", after(0.5)), Say("Thanks!", bot_starts(1))],
    ),
    "simple turns": (usual(machine=SimpleTurns), [ASK, Say("Go on.", bot_starts(0.4))]),
    "the caller hangs up": (usual(), [ASK, HangUp(bot_starts(0.33))]),
    "an end while the bot speaks": (usual(), [ASK, End(bot_starts(0.33))]),
    "the model fails": (
        usual(llm={"answers": [Answer(LONG, fault=Fail(2))], "otherwise": "Yes."}),
        [ASK, ASK],
    ),
    "the model fails for good": (usual(llm={"otherwise": Answer(LONG, fault=Fail(3, fatal=True))}), [ASK]),
    "the model hangs": (usual(llm={"otherwise": Answer(LONG, fault=Hang(9))}), [ASK, Say("Hm?", at(8))]),
    "the recogniser fails": (usual(stt=lambda: FakeSTT(fault=Fail(1))), [ASK, Say("More?", bot_starts(1))]),
    "the voice fails": (usual(tts=lambda: FakeTTS(faults={0: Fail(3)})), [ASK, Say("More?", after(2))]),
    "the turn model gives out": (usual(model=lambda: FakeTurnModel([0.1, 0.9])), [ASK, ASK, ASK]),
}


@cache
def recorded(name: str) -> Recording:
    return record_call(*CALLS[name])


@pytest.mark.parametrize("name", CALLS)
def test_a_replay_has_the_same_frames_in_the_same_order(name: str) -> None:
    make, recording = CALLS[name][0], recorded(name)
    replayed, frames = replay_call(silent_bot if name == "a question" else make, recording.log)
    assert not difference(frames, recording.frames)
    assert replayed.result == recording.call.result
    assert replayed.same
    assert replayed.same_conversation
    assert (replayed.loose, replayed.unclaimed, replayed.unanswered) == (0, 0, 0)


@pytest.mark.parametrize("seed", seeds(4))
def test_calls_made_up_at_random_replay_exactly(seed: int) -> None:
    script, make = random_call(seed)
    recording = record_call(make, script)
    replayed, frames = replay_call(make, recording.log)
    assert not difference(frames, recording.frames)
    assert replayed.same


@pytest.mark.parametrize("options", [{"lead_ms": 60}, {"breaks_at": 4.0}, {"lead_ms": 200, "breaks_at": 3.3}])
def test_the_connection_is_replayed_as_it_was(options: dict[str, Any]) -> None:
    make, script = usual(), [ASK, Say("Stop that!", at(4.5))]
    recording = record_call(make, script, transport=MemoryTransport(**options))
    replayed, frames = replay_call(make, recording.log)
    assert not difference(frames, recording.frames)
    assert replayed.result == recording.call.result
    assert recording.call.result.ended is (Ended.FAILED if "breaks_at" in options else Ended.ENDED)


def test_keys_and_messages_are_replayed() -> None:
    def with_keys(session: Session) -> object:
        source = session.transport.input()
        source.receive(InputDTMFFrame("5"))  # type: ignore[attr-defined]
        session.receive(InputTransportMessageFrame({"button": [1, None, "x"]}))
        return voice_bot(FakeLLM(otherwise=LONG))(session)

    recording = record_call(lambda: with_keys, [ASK])
    _, frames = replay_call(usual(), recording.log)
    assert not difference(frames, recording.frames)
    assert {"button": [1, None, "x"]} in [getattr(crossed.frame, "message", None) for crossed in frames]


def test_mu_law_halves_the_sound_and_changes_only_it() -> None:
    make, script = CALLS["barge-in"]
    full, small = recorded("barge-in"), record_call(make, script, codec="ulaw")
    sizes = [sum(len(r.sound) for r in each.log.records if isinstance(r, Heard)) for each in (full, small)]
    assert sizes[1] * 2 == sizes[0]
    _, frames = replay_call(make, small.log)
    assert not difference(_without_sound(frames), _without_sound(small.frames))


def _without_sound(frames: Sequence[Crossed]) -> list[Crossed]:
    """What is not the user's sound, or how loud it was."""
    kinds = (InputAudioRawFrame, VADUserLevelFrame)
    kept = [crossed for crossed in frames if not isinstance(crossed.frame, kinds)]
    return [each._replace(frame=_without_level(each.frame)) for each in kept]


def _without_level(frame: Frame) -> Frame:
    return frame.replace(level=0.0) if hasattr(frame, "level") else frame


def test_a_log_that_was_cut_replays_up_to_there() -> None:
    make, recording = CALLS["barge-in"][0], recorded("barge-in")
    records = recording.log.records
    cut = msgspec.structs.replace(recording.log, records=records[: len(records) // 2])
    replayed, frames = replay_call(make, cut)
    assert replayed.result.reason == "the log ends here"
    assert replayed.same
    before = [crossed for crossed in frames if crossed.frame.name != "CancelFrame"]
    assert len(before) > 500
    shared = min(len(before), len(recording.frames)) - 20
    assert not difference(before[:shared], recording.frames[:shared])


def test_what_is_not_the_same_is_told() -> None:
    make, recording = CALLS["barge-in"][0], recorded("barge-in")
    index, said = next(
        (n, r) for n, r in enumerate(recording.log.records) if isinstance(r, Gave) and r.call > 2
    )
    records = [*recording.log.records[:index], *recording.log.records[index + 1 :]]
    replayed, _ = replay_call(make, SessionLog(recording.log.opened, tuple(records)))
    assert not replayed.same
    assert replayed.differs_at is not None
    assert replayed.differs_at >= said.at


def test_another_bot_is_refused() -> None:
    with pytest.raises(LogError, match="The log is of another bot"):
        replay_call(lambda: lambda session: [session.transport.input()], recorded("a question").log)


def test_a_log_without_a_beginning_is_refused() -> None:
    log = recorded("a question").log
    with pytest.raises(LogError, match="nothing to replay"):
        replay_call(usual(), SessionLog(log.opened, (Closed(0.0, "ended", ""),)))


def test_the_story_is_told() -> None:
    make, recording = CALLS["barge-in"][0], recorded("barge-in")
    replayed, _ = replay_call(make, recording.log)
    assert replayed.figures.turns == 3
    assert replayed.figures.interruptions == 2
    assert len(replayed.figures.latencies) == 3
    assert all(0.2 < latency < 1.5 for latency in replayed.figures.latencies)
    told = [event.what for event in replayed.events]
    assert told[:3] == ["turn opens", "commit", "turn ends"]
    assert replayed.seconds == pytest.approx(recording.call.seconds, abs=0.01)


@pytest.mark.slow
def test_a_call_in_real_time_replays_with_the_same_conversation() -> None:
    script = [ASK, Say("Stop it!", bot_starts(0.7)), Say("Mm-hm.", bot_starts(0.5))]
    recording = record_call(usual(), script, real_time=True)
    replayed, _ = replay_call(usual(), recording.log)
    assert replayed.same_conversation
    assert replayed.checked >= 5
    assert (replayed.unclaimed, replayed.unanswered) == (0, 0)
