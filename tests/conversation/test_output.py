"""The output transport: packets on the clock, silence at the end only, stopping within a packet."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.audio.pcm import samples
from antiphon.frames import (
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    Frame,
    OutputAudioRawFrame,
    ResponseEndedFrame,
    StartFrame,
    TTSSpeakFrame,
    TTSStoppedFrame,
)
from antiphon.routing import Filter
from antiphon.services.tts_host import TTSHost
from antiphon.session import Ended, Session
from antiphon.testing import FakeTTS, Steps, Utterance, blocks, decode, recording, text_of
from antiphon.transports.memory import MemoryTransport
from conversation.kit import Act, Stage, play, unbroken
from effort import examples

RATE = 24000


def _sound(count: int, value: int = 1000) -> bytes:
    return np.full(count, value, dtype="<i2").tobytes()


def _played(*pieces: tuple[float, Frame], line: MemoryTransport | None = None) -> Stage:
    """Frames at times, straight to the output."""

    def acts(session: Session) -> list[Act]:
        return [(at, lambda frame=frame: session.receive(frame)) for at, frame in pieces]

    return play([], acts, line=line)


def _spoken(tts: FakeTTS, *texts: str, **options: float) -> Stage:
    def acts(session: Session) -> list[Act]:
        return [
            (0.1 + n, lambda text=text: session.receive(TTSSpeakFrame(text))) for n, text in enumerate(texts)
        ]

    return play([TTSHost(tts)], acts, end_at=options.get("end_at", 5.0))


def _raw(pcm: bytes, rate: int = RATE, channels: int = 1) -> OutputAudioRawFrame:
    return OutputAudioRawFrame(pcm, rate, channels)


def test_packets_leave_on_the_clock() -> None:
    stage = _played((1.0, _raw(_sound(RATE))))
    times = [packet.at for packet in stage.line.sink.packets]
    assert len(times) == 50
    assert times == pytest.approx([1 + n * 0.02 for n in range(50)])


def test_a_lead_lets_packets_leave_earlier_and_no_more() -> None:
    stage = _played((1.0, _raw(_sound(RATE))), line=MemoryTransport(lead_ms=100))
    times = [packet.at for packet in stage.line.sink.packets]
    assert times[:6] == pytest.approx([1.0] * 6)
    assert times == pytest.approx([max(1.0, 0.9 + n * 0.02) for n in range(50)])


@examples(25)
@given(st.lists(st.integers(1, 1500), min_size=1, max_size=12))
def test_sound_in_any_pieces_is_padded_at_its_end_only(sizes: list[int]) -> None:
    stage = _played(*((1.0, _raw(_sound(size))) for size in sizes))
    total = sum(sizes)
    assert stage.sound[: 2 * total] == _sound(total)
    assert not any(stage.sound[2 * total :])
    assert len(stage.sound) == 2 * 480 * -(-total // 480)


def test_a_voice_that_is_slow_in_odd_pieces_is_not_padded_inside() -> None:
    tts = FakeTTS(piece=0.0333, per_piece=0.0333)
    stage = _spoken(tts, "None of these words may have a hole in it.")
    found = blocks(stage.sound, RATE)
    assert unbroken(found)
    assert [b.at - a.at for a, b in itertools.pairwise(found)] == [240] * (len(found) - 1)


def test_a_voice_that_is_late_within_a_packet_leaves_no_hole_in_it() -> None:
    """0.45 s of silence after the second piece of 33 ms, and then it is slower than real time."""
    tts = FakeTTS(piece=0.033, per_piece=Steps([0.03, 0.45] + [0.08] * 14))
    stage = _spoken(tts, "One two.")
    found = blocks(stage.sound, RATE)
    assert [each.block.place for each in found] == list(range(53))
    assert [b.at - a.at for a, b in itertools.pairwise(found)] == [240] * 52
    started, stopped = stage.of(BotStartedSpeakingFrame), stage.of(BotStoppedSpeakingFrame)
    assert [timed.at for timed in started] == pytest.approx([0.2, 0.68])
    assert len(stopped) == 2


def test_a_voice_that_is_late_with_the_next_sentence_has_said_all_of_the_last_one() -> None:
    """The end of the first, half a packet, does not wait; the second, slower than real time, has no holes."""
    tts = FakeTTS(piece=0.033, ttfa=Steps([0.1, 0.6]), per_piece=0.08)
    stage = _spoken(tts, "One two. Three four.")
    found = blocks(recording(stage.line.sink.packets, RATE), RATE)
    assert [each.block.place for each in found] == [*range(53), *range(73)]
    assert found[52].at / RATE == pytest.approx(0.2 + 15 * 0.08 + 2 * 0.02 + 0.35)
    holes = sum(not any(packet.pcm[-2:]) for packet in stage.line.sink.packets)
    assert holes == 2, "at the ends of the sentences"


def test_what_waits_for_the_rest_of_its_packet_is_played_when_nobody_works_on_it() -> None:
    """A voice that forgets to say that it has stopped does not keep its answer from ending."""
    forgetful = Filter(passes=lambda frame: not isinstance(frame, TTSStoppedFrame))

    def acts(session: Session) -> list[Act]:
        return [(0.1, lambda: session.receive(TTSSpeakFrame("One two.")))]

    stage = play([TTSHost(FakeTTS()), forgetful], acts)
    assert [each.block.place for each in blocks(stage.sound, RATE)] == list(range(53))
    (ended,) = stage.of(ResponseEndedFrame)
    assert ended.at == pytest.approx(0.2 + 0.52 + 0.35 + 0.02)


def test_a_gap_in_the_sound_means_that_the_bot_has_stopped() -> None:
    stage = _played((1.0, _raw(_sound(RATE))), (2.2, _raw(_sound(RATE))), (4.0, _raw(_sound(RATE))))
    assert [timed.at for timed in stage.of(BotStartedSpeakingFrame)] == pytest.approx([1.0, 4.0])
    assert stage.of(BotStoppedSpeakingFrame)[0].at == pytest.approx(3.2 + 0.35)


def test_the_bot_has_stopped_when_its_last_packet_has_been_played() -> None:
    stage = _spoken(FakeTTS(), "Hello there.")
    last = stage.line.sink.packets[-1].at
    assert [timed.at for timed in stage.of(BotStoppedSpeakingFrame)] == pytest.approx([last + 0.02])
    assert [timed.at for timed in stage.of(ResponseEndedFrame)] == pytest.approx([last + 0.02])


def test_the_end_waits_until_the_goodbye_has_been_heard() -> None:
    stage = _spoken(FakeTTS(), "Goodbye, it was nice to talk to you today.", end_at=0.3)
    assert stage.result.ended is Ended.ENDED
    assert text_of(decode(stage.sound, RATE)) == "Goodbye, it was nice to talk to you today."
    assert stage.session.now() >= stage.line.sink.packets[-1].at + 0.02 - 1e-6


def test_a_cancelled_session_writes_no_more() -> None:
    def acts(session: Session) -> list[Act]:
        return [
            (0.1, lambda: session.receive(TTSSpeakFrame("One two three four five six."))),
            (1.0, session.cancel),
        ]

    stage = play([TTSHost(FakeTTS())], acts)
    assert stage.result.ended is Ended.CANCELLED
    assert stage.line.sink.packets[-1].at <= 1.0


@pytest.mark.parametrize("at", [0.5, 0.61, 0.723])
def test_a_cancelled_response_is_silent_within_a_packet_and_fades(at: float) -> None:
    def acts(session: Session) -> list[Act]:
        return [
            (0.1, lambda: session.receive(TTSSpeakFrame("Some words that go on for a while now."))),
            (at, lambda: session.responses.cancel_all(reason="test")),
        ]

    stage = play([TTSHost(FakeTTS())], acts)
    last = stage.line.sink.packets[-1]
    assert at - 0.02 <= last.at <= at + 0.02
    tail = np.abs(samples(last.pcm).astype(int))
    assert tail[0] > 0, "not a hard cut"
    assert not tail[120:].any()
    assert tail[100:120].max() < 0.2 * 23131


def test_pausing_and_resuming_goes_on_from_the_exact_sample() -> None:
    line = MemoryTransport()

    def acts(session: Session) -> list[Act]:
        return [
            (0.1, lambda: session.receive(TTSSpeakFrame("Words that are paused and then go on."))),
            (1.0, line.sink.pause),
            (2.5, line.sink.resume),
        ]

    stage = play([TTSHost(FakeTTS())], acts, line=line)
    sound = recording(stage.line.sink.packets, RATE)
    assert unbroken(blocks(sound, RATE))
    assert text_of(decode(sound, RATE)) == "Words that are paused and then go on."
    assert not any(1.03 < packet.at < 2.49 for packet in stage.line.sink.packets)


def test_other_rates_and_channels_are_converted() -> None:
    stereo = np.repeat(np.full(8000, 900, dtype="<i2"), 2).tobytes()
    stage = _played((1.0, _raw(stereo, 16000, 2)))
    assert len(stage.line.sink.packets) in (25, 26)
    assert np.median(samples(stage.sound)) == pytest.approx(900, abs=2)


def test_the_rate_of_the_session_is_the_rate_of_the_packets() -> None:
    line = MemoryTransport()
    line.sink.start(StartFrame(audio_out_sample_rate=8000))
    assert line.sink.rate == 8000
    assert line.sink.player.packet == 160


def test_f2_a_dead_connection_ends_the_session_and_what_was_not_heard_is_not_believed() -> None:
    line = MemoryTransport(breaks_at=1.0)

    def acts(session: Session) -> list[Act]:
        return [
            (0.1, lambda: session.receive(TTSSpeakFrame("One two three four five six seven eight nine.")))
        ]

    stage = play([TTSHost(FakeTTS())], acts, line=line, end_at=60.0)
    assert stage.result.ended is Ended.FAILED
    assert "the connection is gone: the peer is gone" in stage.result.reason
    assert stage.session.now() < 2.0
    playout = stage.session.ledger.get(1)
    assert playout is not None
    assert (playout.heard or "").split() == text_of(decode(stage.sound, RATE)).split()
    assert 0 < len((playout.heard or "").split()) < 9


def test_f10_nothing_stale_of_a_cancelled_answer_is_heard_in_the_next() -> None:
    def acts(session: Session) -> list[Act]:
        return [
            (0.1, lambda: session.receive(TTSSpeakFrame("The first answer which is cut short here."))),
            (1.0, lambda: session.responses.cancel_all(reason="test")),
            (1.01, lambda: session.receive(TTSSpeakFrame("Second one."))),
        ]

    tts = FakeTTS(ttfa=0.05)
    words = decode(play([TTSHost(tts)], acts).sound, RATE)
    assert [word.utterance for word in words] == sorted(word.utterance for word in words)
    assert tts.said[-1] == "Second one."
    assert text_of(word for word in words if word.utterance == len(tts.said) - 1) == "Second one."
    assert "cut" not in text_of(words)


def test_f28_a_recording_by_samples_does_not_drift() -> None:
    pieces = [(1.0 + n * 0.1, _raw(Utterance("x", seconds=0.1, rate=RATE, id=n).pcm)) for n in range(300)]

    def acts(session: Session) -> list[Act]:
        return [(at, lambda frame=frame: session.receive(frame)) for at, frame in pieces]

    stage = play([], acts, end_at=40.0)
    found = blocks(recording(stage.line.sink.packets, RATE), RATE)
    assert [each.at - RATE for each in found] == [240 * n for n in range(3000)]
