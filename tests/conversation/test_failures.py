"""Failures that people met with other frameworks, as whole calls."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.frames import (
    OutputAudioRawFrame,
    ResponseEndedFrame,
    TranscriptionFrame,
    UserStartedSpeakingFrame,
)
from antiphon.session import Ended, Session
from antiphon.testing import (
    Answer,
    Call,
    Fail,
    FakeLLM,
    FakeSTT,
    FakeTTS,
    FakeTurnModel,
    FakeVAD,
    Hang,
    HangUp,
    Kind,
    MakeNoise,
    Say,
    Steps,
    Type,
    Utterance,
    after,
    bot_starts,
    bot_stops,
    run_call,
)
from antiphon.transports.input import EARLY_CAPACITY
from antiphon.transports.memory import MemoryTransport
from conversation.kit import SEEDS, answers, check_call, plain, simple_bot, user_texts

LONG = "This is a rather long answer, which goes on and on. And then it goes on for some time more."


def _commits(call: Call) -> list[float]:
    return [at for at, frame in call.decisions if frame.decision == "Commit"]


@pytest.mark.parametrize("seed", SEEDS)
def test_f2_the_line_is_cut_and_only_what_was_heard_is_believed(seed: int | None) -> None:
    call = run_call(simple_bot(FakeLLM([LONG])), [Say("Hello?"), HangUp(bot_starts(1.5))], seed=seed)
    assert call.result.ended is Ended.CANCELLED
    assert call.leftover == ()
    (message,) = answers(call)
    assert plain(message.said) == call.bot_text
    assert 0 < len(call.bot_text) < len(LONG)


def test_f2_the_socket_dies_and_the_session_ends_with_the_truth() -> None:
    line = MemoryTransport(breaks_at=3.0)
    call = run_call(simple_bot(FakeLLM([LONG])), [Say("Hello?"), Say("Hello?", after(30.0))], transport=line)
    assert call.result.ended is Ended.FAILED
    assert "the connection is gone" in call.result.reason
    assert call.leftover == ()
    (message,) = answers(call)
    assert plain(message.said) == call.bot_text
    assert 0 < len(call.bot_text) < len(LONG)


def test_f4_text_about_to_be_spoken_is_in_the_request_of_a_user_who_typed() -> None:
    llm = FakeLLM([LONG, "Second."])
    run_call(simple_bot(llm), [Say("Hello?"), Type("And this?", bot_starts(2.0))])
    said = llm.contexts[1].messages
    assert [type(message).__name__ for message in said] == ["UserMessage", "AssistantMessage", "UserMessage"]


def test_f6_today_a_cough_stops_the_answer_and_the_bot_stays_silent() -> None:
    """What simple turn-taking does. A machine that pauses first and decides later will resume it."""
    call = run_call(simple_bot(FakeLLM([LONG])), [Say("Hello?"), MakeNoise(0.4, bot_starts(1.0))])
    check_call(call)
    assert answers(call)[0].interrupted
    assert [frame.decision for _, frame in call.decisions][-1] == "Drop"


def test_noise_that_is_not_loud_stops_nothing() -> None:
    call = run_call(simple_bot(FakeLLM([LONG])), [Say("Hello?"), MakeNoise(0.4, bot_starts(1.0), Kind.NOISE)])
    assert not answers(call)[0].interrupted


@pytest.mark.parametrize("seed", SEEDS)
def test_f7_a_transcript_that_comes_after_the_turn_ended_is_answered(seed: int | None) -> None:
    with FakeLLM(["I heard you."]) as llm:
        bot = simple_bot(llm, stt=FakeSTT(delay=6.0, partial_every=None))
        call = run_call(bot, [Say("Can you hear me?")], seed=seed, quiet=8.0)
    check_call(call)
    assert user_texts(call) == ["Can you hear me?"]
    assert call.bot_text == "I heard you."


def test_f7_a_short_yes_is_answered() -> None:
    with FakeLLM([Answer("Good.", when="yes")]) as llm:
        call = run_call(simple_bot(llm), [Say("Yes.", seconds=0.15)])
    assert call.bot_text == "Good."


@pytest.mark.parametrize("delay", [0.02, 0.1, 0.3, 0.8, 1.6])
def test_f9_the_answer_starts_when_the_transcript_and_the_model_are_there(delay: float) -> None:
    """Neither a fixed wait for the recogniser's worst case, nor a turn that ends before its words."""
    call = run_call(simple_bot(FakeLLM(["Yes."]), stt=FakeSTT(delay=delay)), [Say("Is it late?")])
    (committed,) = _commits(call)
    (final,) = [timed.at for timed in call.of(TranscriptionFrame)]
    ended = call.spoken[0].end
    predicted = ended + 0.2 + 0.032 + 0.05
    assert committed <= max(final, predicted + 0.05) + 1e-6
    assert committed >= final
    assert user_texts(call) == ["Is it late?"]


def test_f9_a_user_who_goes_on_is_not_cut_into_two() -> None:
    stt = FakeSTT(delay=0.4)
    script = [Say("I would like"), Say("a pizza.", after(0.6))]
    call = run_call(simple_bot(FakeLLM(["Fine."]), stt=stt), script)
    assert user_texts(call) == ["I would like a pizza."]


@pytest.mark.parametrize("seed", SEEDS)
def test_f10_no_sound_of_an_interrupted_answer_is_heard_in_the_next(seed: int | None) -> None:
    tts = FakeTTS(ttfa=Steps([0.1, 0.9, 0.05, 0.05]))
    llm = FakeLLM([LONG, "Short one."])
    call = run_call(simple_bot(llm, tts=tts), [Say("Hello?"), Say("Stop!", bot_starts(0.5))], seed=seed)
    check_call(call)
    assert call.bot_turns[-1].text == "Short one."


def test_f10_one_question_has_one_answer() -> None:
    """The recogniser is so slow that the turn ends on partial results; its final one changes nothing."""
    with FakeLLM(["Only once."]) as llm:
        bot = simple_bot(llm, stt=FakeSTT(delay=5.0, partial_every=0.1))
        call = run_call(bot, [Say("Do you answer me twice now?")], quiet=10.0)
    assert call.bot_text == "Only once."
    assert len(user_texts(call)) == 1


def test_f18_a_model_that_says_nothing_is_an_error_that_shows() -> None:
    with FakeLLM([Answer(), Answer(), "Better."]) as llm:
        call = run_call(simple_bot(llm), [Say("Hello?"), Say("Hello again?", after(5.0))])
    assert [error.error for error in call.result.errors] == ["FakeLLM answered nothing, twice"]
    assert call.bot_text == "Better."


def test_a_model_that_fails_or_hangs_does_not_stop_the_conversation() -> None:
    broken = [Answer("One two", fault=Fail(1)), Answer("One two", fault=Hang(1))]
    with FakeLLM([*broken, "All well."]) as llm:
        script = [Say("First?"), Say("Second?", after(6.0)), Say("Third?", after(6.0))]
        call = run_call(simple_bot(llm), script)
    assert call.leftover == ()
    assert call.bot_turns[-1].text == "All well."


def test_a_turn_model_that_fails_leaves_the_decision_to_silence() -> None:
    def broken(said: str) -> float:
        raise RuntimeError(f"no opinion about {said}")

    call = run_call(simple_bot(FakeLLM(["Yes."]), model=FakeTurnModel(rule=broken)), [Say("Is it over?")])
    assert user_texts(call) == ["Is it over?"]
    assert _commits(call)[0] == pytest.approx(call.spoken[0].end + 1.2, abs=0.05)


def test_f24_words_that_come_before_the_bot_is_ready_are_not_lost() -> None:
    """The line is open while a model still loads: the sound waits, and is heard from its beginning."""

    class SlowVAD(FakeVAD):
        async def warm(self) -> None:
            await asyncio.sleep(3.0)

    line = MemoryTransport()
    sound = Utterance("Are you already there?").pcm + bytes(2 * 16000)
    packets = [sound[at : at + 640] for at in range(0, len(sound), 640)]
    assert len(packets) < EARLY_CAPACITY

    def bot(session: Session) -> object:
        for packet in packets:
            line.source.receive_audio(packet, 16000)
        return simple_bot(FakeLLM(["Now I am."]), vad=SlowVAD())(session)

    call = run_call(bot, [], transport=line, quiet=3.0)
    assert user_texts(call) == ["Are you already there?"]
    assert call.bot_text == "Now I am."


def test_f28_a_long_recording_has_every_packet_at_its_time() -> None:
    call = run_call(simple_bot(FakeLLM(otherwise=LONG)), [Say("One?"), Say("Two?", bot_stops(2.0))])
    for turn in call.bot_turns:
        assert (turn.end - turn.start) * 50 == pytest.approx(round((turn.end - turn.start) * 50), abs=1e-3)
    check_call(call)


def test_f29_an_interrupted_answer_ends_with_a_fade() -> None:
    call = run_call(simple_bot(FakeLLM([LONG, "Yes."])), [Say("Hello?"), Say("Stop!", bot_starts(1.0))])
    (decided,) = [at for at, frame in call.decisions if frame.decision == "Interrupt"]
    fade = [packet.pcm for packet in call.packets if decided <= packet.at <= decided + 0.02][-1]
    assert any(fade[:240])
    assert not any(fade[260:])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_seed_gives_the_same_call_to_the_byte(seed: int | None) -> None:
    def hold() -> Call:
        llm = FakeLLM([LONG, "Short one."])
        return run_call(simple_bot(llm), [Say("Hello?"), Say("Stop!", bot_starts(0.7))], seed=seed)

    first, second = hold(), hold()
    assert first.packets == second.packets
    assert first.frames == second.frames
    assert first.messages == second.messages


def test_every_turn_and_every_response_ends_once() -> None:
    script = [
        Say("One?"),
        MakeNoise(0.3, bot_starts(0.4)),
        Say("Two?", after(3.0)),
        Say("Three?", bot_stops(0.3)),
    ]
    call = run_call(simple_bot(FakeLLM(otherwise=LONG)), script)
    check_call(call)
    ended = [
        timed.frame.id for timed in call.of(ResponseEndedFrame) if isinstance(timed.frame, ResponseEndedFrame)
    ]
    assert ended == sorted(set(ended))
    assert len(call.of(UserStartedSpeakingFrame)) == 4


def test_sound_that_belongs_to_no_answer_is_played_beside_it() -> None:
    sound = Utterance("ding", rate=24000, id=99).pcm

    def bot(session: Session) -> object:
        asyncio.get_running_loop().call_at(1.0, lambda: session.receive(OutputAudioRawFrame(sound, 24000)))
        return simple_bot(FakeLLM(["Hello to you."]))(session)

    call = run_call(bot, [Say("Hi?", after(2.0))])
    assert call.bot_text == "ding Hello to you."
    assert [turn.response for turn in call.bot_turns] == [None, 1]
