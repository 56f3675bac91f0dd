"""The host of a recogniser: what it feeds, when it asks for a final result, what it passes on."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from antiphon.frames import (
    Frame,
    InputAudioRawFrame,
    InterimTranscriptionFrame,
    MetricsFrame,
    TranscriptionFrame,
    UserStoppedSpeakingFrame,
)
from antiphon.pipeline import Pipeline
from antiphon.processor import Processor
from antiphon.services.stt_host import PREROLL_SECONDS, STTHost
from antiphon.services.unbroken import ATTEMPTS
from antiphon.services.vad_host import VADHost
from antiphon.session import Ended, Session
from antiphon.testing import Fail, FakeSTT, FakeVAD, Noise, Steps, Utterance
from antiphon.wiring import WiringError, check_wiring
from conversation.kit import SEEDS, Act, Stage, play

PACKET = 640
"""Bytes of 20 ms at 16 kHz."""

Said = Utterance | Noise | float
"""Speech, noise, or seconds of silence."""


def _listen(stt: FakeSTT, *said: Said, seed: int | None = None, ends: Sequence[float] = ()) -> Stage:
    """Sound in packets of 20 ms through a detector and a recogniser. At `ends` the user's turn is over."""
    pcm = b"".join(
        bytes(2 * round(16000 * each)) if isinstance(each, (int, float)) else each.pcm for each in said
    )
    packets = [pcm[at : at + PACKET] for at in range(0, len(pcm), PACKET)]

    def acts(session: Session) -> list[Act]:
        frames: list[tuple[float, Frame]] = [
            (0.1 + n * 0.02, InputAudioRawFrame(packet, 16000)) for n, packet in enumerate(packets)
        ]
        frames += [(at, UserStoppedSpeakingFrame()) for at in ends]
        return [(at, lambda frame=frame: session.receive(frame)) for at, frame in frames]

    return play([VADHost(FakeVAD()), STTHost(stt)], acts, end_at=len(packets) * 0.02 + 3.0, seed=seed)


def _finals(stage: Stage) -> list[str]:
    frames = (timed.frame for timed in stage.of(TranscriptionFrame))
    return [frame.text for frame in frames if isinstance(frame, TranscriptionFrame)]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_gated_recogniser_hears_every_word_and_little_else(seed: int | None) -> None:
    stt = FakeSTT()
    stage = _listen(stt, 5.0, Utterance("yes I do"), 5.0, Utterance("and no"), 5.0, seed=seed)
    assert _finals(stage) == ["yes I do", "yes I do and no"]
    assert stt.heard_seconds < 1.0 + 2 * (PREROLL_SECONDS + 0.4)


def test_one_that_is_not_gated_hears_everything() -> None:
    stt = FakeSTT(gated=False)
    stage = _listen(stt, 2.0, Utterance("yes I do"), 2.0)
    assert _finals(stage) == ["yes I do"]
    assert stt.heard_seconds == pytest.approx(4.53, abs=0.02)


def test_f7_a_very_short_yes_is_heard() -> None:
    stage = _listen(FakeSTT(), 1.0, Utterance("yes", seconds=0.15), 1.0)
    assert _finals(stage) == ["yes"]


def test_every_pause_asks_for_what_was_said_so_far() -> None:
    stt = FakeSTT(delay=0.02)
    stage = _listen(stt, 1.0, Utterance("one two"), 0.13, Utterance("three four"), 1.0)
    assert _finals(stage) == ["one two", "one two three four"]
    assert len(stt.finals) == 2


def test_only_the_last_of_several_results_is_complete() -> None:
    stt = FakeSTT(delay=Steps([1.5, 0.1]))
    with stt:
        stage = _listen(stt, 1.0, Utterance("one two"), 0.13, Utterance("three four"), 3.0)
    frames = [timed.frame for timed in stage.of(TranscriptionFrame)]
    assert [frame.finalized for frame in frames if isinstance(frame, TranscriptionFrame)] == [False, True]


def test_the_end_of_a_turn_begins_a_new_segment() -> None:
    stage = _listen(FakeSTT(), 0.5, Utterance("one"), 1.0, Utterance("two"), 1.0, ends=[1.3])
    frames = [timed.frame for timed in stage.of(TranscriptionFrame)]
    finals = [(f.segment, f.text) for f in frames if isinstance(f, TranscriptionFrame)]
    assert finals == [(0, "one"), (1, "two")]


def test_a_cough_gives_an_empty_result() -> None:
    assert _finals(_listen(FakeSTT(), 1.0, Noise(0.4), 1.0)) == [""]


def test_partial_results_come_while_the_user_speaks() -> None:
    stage = _listen(FakeSTT(partial_every=0.2), 0.5, Utterance("one two three four", seconds=2.0), 1.0)
    partials = [timed.frame for timed in stage.of(InterimTranscriptionFrame)]
    assert len(partials) >= 6
    for frame in partials:
        assert isinstance(frame, InterimTranscriptionFrame)
        assert frame.text.startswith(frame.stable)
        assert "one two three four".startswith(frame.text)


def test_the_time_to_a_final_result_is_measured() -> None:
    stage = _listen(FakeSTT(delay=0.25), 0.5, Utterance("one"), 1.0)
    metrics = [timed.frame for timed in stage.of(MetricsFrame)]
    values = [m.value for f in metrics if isinstance(f, MetricsFrame) for m in f.data if m.kind == "ttfb"]
    assert values == [pytest.approx(0.25)]


def test_a_recogniser_that_stops_ends_the_session_and_says_so() -> None:
    stage = _listen(FakeSTT(fault=Fail(0, "the key is wrong", fatal=True)), 0.5, Utterance("one"), 5.0)
    assert stage.result.ended is Ended.FAILED
    assert "the key is wrong" in stage.result.reason


def test_a_recogniser_that_breaks_off_is_started_anew_and_hears_it_again() -> None:
    stt = FakeSTT(fault=[Fail(0, "the line broke"), Fail(2, "again")], delay=0.1)
    said: list[Said] = []
    for number, word in enumerate(("one", "two", "three", "four")):
        said += [Utterance(word, id=number), 2.0]
    stage = _listen(stt, 0.5, *said, 2.0, ends=[1.5])
    assert _finals(stage) == ["one", "two", "two three", "two three four"]
    assert [error.error for error in stage.result.errors] == ["the line broke", "again"]
    assert stage.result.ended is Ended.ENDED
    frames = [timed.frame for timed in stage.of(TranscriptionFrame)]
    segments = [frame.segment for frame in frames if isinstance(frame, TranscriptionFrame)]
    assert segments == [0, 1, 1, 1]
    assert all(frame.finalized for frame in frames if isinstance(frame, TranscriptionFrame))


def test_a_recogniser_that_breaks_off_again_and_again_ends_the_session() -> None:
    stt = FakeSTT(fault=[Fail(n, "the line broke") for n in range(ATTEMPTS)])
    said: list[Said] = []
    for number in range(ATTEMPTS):
        said += [Utterance("word", id=number), 2.0]
    stage = _listen(stt, 0.5, *said, 2.0)
    assert stage.result.ended is Ended.FAILED
    errors = [error.error for error in stage.result.errors]
    assert errors.count("the line broke") == ATTEMPTS
    assert [error for error in errors if "lost" in error] == [errors[2]], (
        "what was said is given up, and told"
    )


def test_a_gated_recogniser_without_a_detector_is_a_wiring_mistake() -> None:
    class Microphone(Processor):
        gives = (InputAudioRawFrame,)

    with pytest.raises(WiringError, match=r"FakeSTT needs VADUser.* Put a voice activity detector"):
        check_wiring(Pipeline([Microphone(), FakeSTT(gated=True)]))
    check_wiring(Pipeline([Microphone(), FakeVAD(), FakeSTT(gated=True)]))
    check_wiring(Pipeline([Microphone(), FakeSTT(gated=False)]))
