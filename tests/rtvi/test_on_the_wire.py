"""Whole conversations as a client sees them, in virtual time."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.context import AssistantMessage, UserMessage
from antiphon.dispatch import on
from antiphon.frames import LLMTextFrame
from antiphon.pipeline import Pipeline
from antiphon.processor import Processor
from antiphon.rtvi import RTVI, RTVIServerMessageFrame
from antiphon.session import Ended, Session
from antiphon.testing import (
    Answer,
    Fail,
    FakeLLM,
    FakeSTT,
    FakeTTS,
    FakeTurnModel,
    Hang,
    MakeNoise,
    Say,
    after,
    bot_starts,
    bot_stops,
    voice_bot,
)
from antiphon.turns.fluent import FluentTurns
from antiphon.turns.state import Policy
from rtvi.kit import READY, Line, held, types

LONG = "This is a rather long answer, which goes on and on. And then it goes on for some time more."
CHATTER = ("metrics", "bot-llm-text", "bot-tts-text")
SEEDS = (None, 1, 2, 3)


def outputs(line: Line) -> list[Any]:
    return line.data("bot-output")


@pytest.mark.parametrize("seed", SEEDS)
def test_one_turn_in_the_order_of_the_protocol(seed: int | None) -> None:
    line = Line()
    held(voice_bot(FakeLLM(["It is noon."])), [Say("What time is it?", after(0.5))], line, seed=seed)
    assert types(line.client_end.received, without=CHATTER) == [
        "bot-ready",
        "user-started-speaking",
        "bot-interrupted",
        "user-transcription",
        "user-stopped-speaking",
        "user-llm-text",
        "bot-llm-started",
        "bot-transcription",
        "bot-llm-stopped",
        "bot-tts-started",
        "bot-started-speaking",
        "bot-output",
        "bot-tts-stopped",
        "bot-output",
        "bot-stopped-speaking",
    ]
    assert line.data("user-llm-text") == [{"text": "What time is it?"}]
    assert "".join(data["text"] for data in line.data("bot-llm-text")) == "It is noon."
    assert line.data("bot-transcription") == [{"text": "It is noon."}]
    assert " ".join(data["text"] for data in line.data("bot-tts-text")) == "It is noon."
    assert [message.id for message in line.client_end.received if message.id is not None] == ["r1"]


def test_a_turns_words_are_final_once() -> None:
    line = Line()
    script = [Say("I would like"), Say("a pizza.", after(0.6))]
    held(voice_bot(FakeLLM(["Fine."]), stt=FakeSTT(delay=0.05)), script, line)
    heard = line.data("user-transcription")
    assert [data["text"] for data in heard if data["final"]] == ["I would like a pizza."]
    assert all(data["user_id"] == "" and data["timestamp"].startswith("2026-01-01T") for data in heard)
    partial = [data["text"] for data in heard if not data["final"]]
    assert partial == sorted(set(partial), key=partial.index)


def test_segments_follow_what_is_heard() -> None:
    line = Line()
    call = held(voice_bot(FakeLLM([LONG])), [Say("Hello?")], line)
    (first, *_, last) = outputs(line)
    text = "This is a rather long answer, which goes on and on."
    assert first == {
        "text": text,
        "aggregated_by": "sentence",
        "segment_id": first["segment_id"],
        "spoken": False,
        "will_be_spoken": True,
        "spoken_status": "new",
        "spoken_progress": {"accumulated_text": "", "remaining_text": text},
    }
    assert (last["text"], last["spoken_status"]) == ("And then it goes on for some time more.", "completed")
    statuses = [data["spoken_status"] for data in outputs(line)]
    assert statuses.count("new") == statuses.count("completed") == 2
    assert statuses.count("in-progress") == len(LONG.split()) - 2
    for data in outputs(line):
        progress = data["spoken_progress"]
        assert progress["accumulated_text"] + progress["remaining_text"] == data["text"]
    assert " ".join(data["text"] for data in line.data("bot-tts-text")) == call.bot_text


def test_what_a_client_shows_as_heard_is_in_the_recording_by_then() -> None:
    line = Line()
    call = held(voice_bot(FakeLLM([LONG])), [Say("Hello?")], line)
    (began, *_) = [message.at for message in line.of("bot-started-speaking")]
    words = iter(call.words)
    for message in line.of("bot-tts-text"):
        for word in message.data["text"].split():
            spoken = next(words)
            assert spoken.text == word
            assert message.at >= began + spoken.start - call.words[0].start


@pytest.mark.parametrize("seed", SEEDS)
def test_a_barge_in_says_where_the_answer_was_cut(seed: int | None) -> None:
    line = Line()
    script = [Say("Hello?"), Say("No stop it please now.", bot_starts(1.5))]
    call = held(voice_bot(FakeLLM([LONG, "Fine."])), script, line, seed=seed)
    (cut,) = [data for data in outputs(line) if "interrupted" in data]
    said = next(message for message in call.messages if isinstance(message, AssistantMessage))
    assert cut["interrupted"]["heard"] == said.heard
    assert cut["interrupted"]["heard"] + cut["interrupted"]["cut"] == LONG
    assert cut["spoken_status"] == "in-progress"
    assert cut["spoken_progress"]["accumulated_text"] == said.heard
    order = types(line.client_end.received, without=(*CHATTER, "bot-output", "user-transcription"))
    interrupted = order.index("bot-interrupted", order.index("bot-started-speaking"))
    assert order[interrupted : interrupted + 2] == ["bot-interrupted", "user-started-speaking"]
    texts = {data["text"] for data in outputs(line)}
    assert "And then it goes on for some time more." not in texts
    assert outputs(line)[-1]["text"] == "Fine."


def test_a_backchannel_leaves_no_trace() -> None:
    line = Line()
    script = [Say("Hello?"), Say("mhm", bot_starts(1.0), seconds=0.3), MakeNoise(0.3, after(1.0))]
    held(voice_bot(FakeLLM([LONG])), script, line)
    assert len(line.of("user-started-speaking")) == 1
    assert [data["text"] for data in line.data("user-transcription") if data["final"]] == ["Hello?"]
    assert "mhm" not in str(line.client_end.received)
    assert outputs(line)[-1]["spoken_status"] == "completed"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_speculation_that_is_rolled_back_leaves_no_trace(seed: int | None) -> None:
    class Echo(Processor):
        """Sends the client what the model writes."""

        @on(LLMTextFrame)
        def echo(self, frame: LLMTextFrame) -> LLMTextFrame:
            self.push(RTVIServerMessageFrame({"wrote": frame.text}))
            return frame

    line = Line()
    llm = FakeLLM(["Wrong answer.", "Right answer."], ttft=0.02, per_token=0.0)
    turns = FluentTurns(Policy(speculate=True))

    def bot(session: Session) -> object:
        pipeline = voice_bot(llm, machine=turns, model=FakeTurnModel([0.1, 0.9]))(session)
        assert isinstance(pipeline, Pipeline)
        parts = pipeline.processors
        return Pipeline([*parts[:-1], Echo(), parts[-1]])

    script = [Say("Book a table for Monday.", after(0.5)), Say("I mean for Tuesday.", after(0.7))]
    call = held(bot, script, line, seed=seed)
    assert any(decision.decision == "RollBack" for _, decision in call.decisions)
    assert len(llm.contexts) == 2
    assert "Wrong" not in str(line.client_end.received)
    assert len(line.of("bot-llm-started")) == len(line.of("user-llm-text")) == 1
    assert [data["wrote"] for data in line.data("server-message")] == ["Right ", "answer."]
    models = [entry for data in line.data("metrics") for entry in data.get("ttfb", ())]
    assert [entry["processor"] for entry in models].count("FakeLLM") == 1
    stopped = line.of("user-stopped-speaking")[0].at
    assert all(message.at >= stopped for message in line.of("bot-llm-text", "server-message"))


def test_text_that_is_sent_interrupts_and_is_answered() -> None:
    line = Line()
    llm = FakeLLM([LONG, "Short one."])
    acts = [line.says(4.0, "send-text", {"content": "And now?", "options": {}})]
    call = held(voice_bot(llm), [Say("Hello?")], line, acts)
    known = llm.contexts[1].messages
    assert isinstance(known[-2], AssistantMessage)
    assert isinstance(known[-1], UserMessage)
    assert known[-1].text == "And now?"
    assert LONG[:10] in known[-2].said
    assert LONG not in known[-2].said
    assert call.bot_turns[-1].text == "Short one."
    assert [message.at for message in line.of("bot-interrupted")][-1] == pytest.approx(4.0)
    assert len(line.of("user-started-speaking")) == len(line.of("user-stopped-speaking")) == 1
    assert [data["text"] for data in line.data("user-transcription") if data["final"]] == ["Hello?"]


def test_text_that_is_to_be_answered_in_writing() -> None:
    line = Line()
    llm = FakeLLM(["In writing. Only.", "Aloud again.", "Yes."])
    silently = {"content": "Quietly?", "options": {"audio_response": False}}
    acts = [line.says(1.0, "send-text", silently), line.says(4.0, "send-text", {"content": "And now?"})]
    call = held(voice_bot(llm), [Say("Now listen.", after(7.0))], line, acts)
    written = [data for data in outputs(line) if not data["will_be_spoken"]]
    assert [data["text"] for data in written] == ["In writing.", "Only."]
    assert all("spoken_status" not in data and "spoken_progress" not in data for data in written)
    assert call.bot_turns[0].text == "Aloud again."
    answer = next(message for message in call.messages if isinstance(message, AssistantMessage))
    assert answer.said == "In writing. Only."
    assert len(line.of("bot-tts-started")) == len(line.of("bot-started-speaking"))


def test_text_that_is_not_to_be_answered_only_joins_the_conversation() -> None:
    line = Line()
    llm = FakeLLM([LONG, "Yes."])
    acts = [line.says(4.0, "send-text", {"content": "A hint.", "options": {"run_immediately": False}})]
    call = held(voice_bot(llm), [Say("Hello?"), Say("And now?", bot_stops(1.0))], line, acts)
    assert call.bot_turns[0].text == LONG
    texts = [message.text for message in llm.contexts[1].messages if isinstance(message, UserMessage)]
    assert texts == ["Hello?", "A hint.", "And now?"]
    assert len(llm.contexts) == 2


@pytest.mark.parametrize("seed", SEEDS)
def test_the_bot_is_disconnected_after_what_it_is_saying(seed: int | None) -> None:
    line = Line()
    acts = [line.says(3.0, "disconnect-bot", {})]
    call = held(voice_bot(FakeLLM([LONG])), [Say("Hello?"), Say("More?", after(30.0))], line, acts, seed=seed)
    assert call.result.ended is Ended.ENDED
    assert call.result.reason == "the client asked to disconnect"
    assert call.bot_text == LONG
    assert outputs(line)[-1]["spoken_status"] == "completed"


def test_f18_a_model_that_answers_nothing_is_an_error_that_the_client_sees() -> None:
    line = Line()
    llm = FakeLLM([Answer(), Answer(), "Better."])
    held(voice_bot(llm), [Say("Hello?"), Say("Hello again?", after(5.0))], line)
    assert line.data("error") == [{"error": "FakeLLM answered nothing, twice", "fatal": False}]
    assert len(line.of("bot-llm-started")) == len(line.of("bot-llm-stopped")) == 2
    assert outputs(line)[-1]["text"] == "Better."


@pytest.mark.parametrize("seed", SEEDS)
def test_f19_a_wrong_key_is_a_fatal_error_and_no_mute_bot(seed: int | None) -> None:
    line = Line()
    refused = Answer(fault=Fail(0, "The key was refused: set FAKE_API_KEY.", fatal=True))
    script = [Say("Hello?"), Say("Anybody there?", after(30.0))]
    call = held(voice_bot(FakeLLM([refused])), script, line, seed=seed)
    assert line.data("error") == [{"error": "The key was refused: set FAKE_API_KEY.", "fatal": True}]
    assert call.result.ended is Ended.FAILED
    assert call.seconds < 15.0


def test_f19_only_what_ends_the_session_is_fatal() -> None:
    line = Line()
    broken = [Answer("One two", fault=Fail(1, "lost")), Answer("One two", fault=Hang(1)), "All well."]
    script = [Say("First?"), Say("Second?", after(6.0)), Say("Third?", after(40.0))]
    call = held(voice_bot(FakeLLM(broken), tts=FakeTTS()), script, line)
    assert [data["fatal"] for data in line.data("error")] == [False, False]
    assert call.bot_turns[-1].text == "All well."
    assert len(line.of("bot-llm-started")) == len(line.of("bot-llm-stopped")) == 3


def test_a_message_that_cannot_be_sent_is_an_error_not_a_loop() -> None:
    line = Line(broken=ValueError("the message is too large"))
    call = held(voice_bot(FakeLLM(["Fine."])), [Say("Hello?")], line)
    assert {error.error for error in call.result.errors} == {"the message is too large"}
    assert call.bot_text == "Fine."


def test_a_dead_connection_ends_the_session() -> None:
    line = Line(broken=ConnectionResetError("the peer is gone"))
    call = held(voice_bot(FakeLLM(["Fine."])), [Say("Hello?")], line)
    assert call.result.ended is Ended.FAILED
    assert "the peer is gone" in call.result.reason


def test_a_client_that_says_hello_late_gets_what_it_missed() -> None:
    line = Line(ready=False)
    acts = [line.says(20.0, *READY)]
    held(voice_bot(FakeLLM(["It is noon."])), [Say("What time is it?"), Say("Bye.", after(20.0))], line, acts)
    assert line.client_end.received[0].type == "bot-ready"
    assert line.client_end.received[0].at == 20.0
    assert types(line.client_end.received)[:3] == ["bot-ready", "user-started-speaking", "bot-interrupted"]


def test_measurements_can_be_kept_from_the_client() -> None:
    line = Line(RTVI(metrics=False))
    held(voice_bot(FakeLLM(["Fine."])), [Say("Hello?")], line)
    assert line.of("metrics") == []


def test_raw_voice_activity_can_be_told() -> None:
    line = Line(RTVI(vad=True))
    held(voice_bot(FakeLLM(["Fine."])), [Say("Hello?")], line)
    assert len(line.of("vad-user-started-speaking")) == len(line.of("vad-user-stopped-speaking")) == 1


def test_a_client_of_version_1_gets_words() -> None:
    line = Line(ready=False)
    line.client("client-ready", {"version": "1.2.0"}, "r1")
    held(voice_bot(FakeLLM(["It is noon."])), [Say("What time is it?")], line)
    assert line.data("bot-ready")[0]["version"] == "1.2.0"
    assert [(data["text"], data["spoken"], data["aggregated_by"]) for data in outputs(line)] == [
        ("It is noon.", False, "sentence"),
        ("It", True, "word"),
        ("is", True, "word"),
        ("noon.", True, "word"),
    ]


def test_the_same_call_gives_the_same_messages() -> None:
    def hold() -> Line:
        line = Line()
        script = [Say("Hello?"), Say("No stop it please now.", bot_starts(1.5))]
        held(voice_bot(FakeLLM([LONG, "Fine."])), script, line, seed=7)
        return line

    assert hold().client_end.received == hold().client_end.received
