"""Frames in, a timeline out: what was said, heard and decided, at the right times."""

from __future__ import annotations

import msgspec
import pytest

from antiphon.context import Context, ToolMessage, UserMessage
from antiphon.frames import (
    BotHeardFrame,
    BotStartedSpeakingFrame,
    ErrorFrame,
    Frame,
    InputTextRawFrame,
    LLMContextFrame,
    LLMTextFrame,
    Metric,
    MetricsFrame,
    Outcome,
    ResponseEndedFrame,
    ResponseStartedFrame,
    StartFrame,
    TTSTextFrame,
    TurnDecisionFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
    UserUtteranceDismissedFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from antiphon.observe.timeline import TimelineBuilder
from antiphon.observe.timeline_model import Steps, Timeline

from .kit import STORY, recorded


def built(*frames: tuple[float, Frame]) -> Timeline:
    builder = TimelineBuilder()
    for at, frame in frames:
        builder.see(frame, at)
    return builder.timeline()


def test_a_call_with_an_interruption() -> None:
    call, timeline = recorded()
    assert [turn.text for turn in timeline.turns] == ["Tell me?", "Stop that now.", "Hello there"]
    assert {turn.outcome for turn in timeline.turns} == {"committed"}
    story, fine, failed = timeline.answers
    assert (story.outcome, fine.outcome, failed.outcome) == ("interrupted", "completed", "failed")
    assert story.generated == STORY
    assert story.heard + story.unheard == STORY
    assert fine.heard == fine.generated == "Fine."
    assert [p.processor for p in timeline.problems] == ["FakeLLM"]
    assert "asleep" in timeline.problems[0].error
    assert timeline.seconds == pytest.approx(call.frames[-1].at, abs=1.0)


def test_words_stand_where_the_recording_has_them() -> None:
    call, timeline = recorded()
    heard = [word for answer in timeline.answers for word in answer.words if word.heard]
    assert [word.text.strip() for word in heard] == [word.text for word in call.words][: len(heard)]
    for word, real in zip(heard, call.words, strict=False):
        assert word.start == pytest.approx(real.start, abs=0.04)
        assert word.end == pytest.approx(real.end, abs=0.04)
    unheard = [word for word in timeline.answers[0].words if not word.heard]
    assert "".join(word.text for word in unheard).strip() == timeline.answers[0].unheard.strip()


def test_every_decision_once_with_reason_and_inputs() -> None:
    call, timeline = recorded()
    told = [(at, frame.decision, frame.reason) for at, frame in call.decisions]
    assert [(d.at, d.decision, d.reason) for d in timeline.decisions] == told
    assert any(decision.inputs for decision in timeline.decisions)


def test_the_waterfall_of_an_answer() -> None:
    _, timeline = recorded()
    steps = timeline.answers[0].steps.milliseconds
    assert list(steps.values()) == sorted(steps.values())
    assert "voice_to_voice" in steps
    typed = timeline.answers[2].steps
    assert "end_of_speech" not in typed.reached


def test_a_timeline_is_json() -> None:
    _, timeline = recorded()
    assert msgspec.json.decode(msgspec.json.encode(timeline), type=Timeline) == timeline


def test_time_begins_with_the_session() -> None:
    timeline = built(
        (100.0, StartFrame()),
        (101.5, VADUserStartedSpeakingFrame(ago=0.5)),
        (103.5, VADUserStoppedSpeakingFrame(quiet=0.5)),
        (104.0, ErrorFrame("oh")),
    )
    assert [(span.start, span.end) for span in timeline.speech] == [(1.0, 3.0)]
    assert timeline.seconds == 4.0
    assert timeline.problems[0].at == 4.0


def test_a_dismissed_utterance_is_told_without_a_turn() -> None:
    timeline = built(
        (1.0, VADUserStartedSpeakingFrame()),
        (1.5, UserUtteranceDismissedFrame("mm-hm", "a backchannel")),
    )
    (turn,) = timeline.turns
    assert (turn.text, turn.outcome, turn.reason) == ("mm-hm", "dismissed", "a backchannel")
    assert (turn.span.start, turn.span.end) == (1.0, 1.5)


def test_a_dropped_turn() -> None:
    timeline = built(
        (1.0, UserStartedSpeakingFrame()),
        (2.0, TurnDecisionFrame("Drop", "no words", {"quiet": 0.123456, "note": "x" * 1000})),
        (2.0, UserStoppedSpeakingFrame()),
    )
    assert timeline.turns[0].outcome == "dropped"
    assert timeline.decisions[0].inputs["quiet"] == "0.1235"
    assert len(timeline.decisions[0].inputs["note"]) == 300


def test_typed_words_come_from_the_context_and_a_tools_result_does_not() -> None:
    asked = Context((UserMessage.of("Hello"),))
    timeline = built(
        (1.0, InputTextRawFrame("Hello")),
        (1.0, UserStartedSpeakingFrame()),
        (1.0, ResponseStartedFrame(1)),
        (1.0, LLMContextFrame(asked, response=1)),
        (2.0, LLMContextFrame(asked.append(ToolMessage("1", "t", "result")), response=1)),
    )
    assert timeline.turns[0].text == "Hello"


def test_a_rolled_back_answer_still_shows_what_was_written() -> None:
    timeline = built(
        (1.0, ResponseStartedFrame(1)),
        (1.1, LLMTextFrame("Well, ", response=1)),
        (1.2, LLMTextFrame("yes.", response=1)),
        (1.3, ResponseEndedFrame(1, Outcome.ROLLED_BACK, "the user went on")),
    )
    (answer,) = timeline.answers
    assert (answer.outcome, answer.reason) == ("rolled back", "the user went on")
    assert (answer.generated, answer.heard, answer.words) == ("Well, yes.", "", [])


def test_a_pause_moves_the_words_after_it() -> None:
    timeline = built(
        (0.0, ResponseStartedFrame(1)),
        (1.0, BotStartedSpeakingFrame(1)),
        (1.0, TTSTextFrame("One ", start=0.0, end=0.4, index=0, response=1)),
        (1.0, TTSTextFrame("two ", start=0.4, end=0.8, index=1, response=1)),
        (1.0, TTSTextFrame("three", start=0.8, end=1.2, index=2, response=1)),
        (1.2, BotHeardFrame(1, "One ")),
        (5.6, BotHeardFrame(1, "One two ")),
        (6.0, BotHeardFrame(1, "One two ", final=True, generated="One two three")),
    )
    words = timeline.answers[0].words
    assert [word.start for word in words] == pytest.approx([1.0, 5.4, 5.8])
    assert [word.heard for word in words] == [True, True, False]


def test_metrics_and_frames_of_unknown_responses() -> None:
    timeline = built(
        (1.0, MetricsFrame((Metric("ttfb", "stt", 0.2), Metric("tokens", "llm", 3, "tokens")))),
        (1.0, LLMTextFrame("lost", response=7)),
        (1.0, ResponseEndedFrame(7, Outcome.COMPLETED)),
    )
    assert [(m.processor, m.kind, m.value, m.unit) for m in timeline.measurements] == [
        ("stt", "ttfb", 0.2, "s"),
        ("llm", "tokens", 3, "tokens"),
    ]
    assert timeline.answers == []


def test_records_are_bounded() -> None:
    builder = TimelineBuilder()
    for place in range(20_010):
        builder.see(ErrorFrame("again"), float(place))
    timeline = builder.timeline()
    assert (len(timeline.problems), timeline.left_out) == (20_000, 10)


def test_without_speech_steps_count_from_the_end_of_the_turn() -> None:
    reached = {"end_of_speech": 1.0, "transcript": 1.2, "end_of_turn": 4.0, "llm_first_token": 4.5}
    assert Steps(reached).milliseconds["llm_first_token"] == 3500
    assert Steps(reached).without_speech().milliseconds == {"end_of_turn": 0, "llm_first_token": 500}
