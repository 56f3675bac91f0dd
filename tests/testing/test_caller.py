"""The simulated caller: what he does happens when it should, and he gives up on a bot that never speaks."""

from __future__ import annotations

import pytest

from antiphon.frames import InputAudioRawFrame
from antiphon.pipeline import Pipeline
from antiphon.routing import Tee
from antiphon.session import Ended, Session
from antiphon.testing import (
    Bot,
    CallerGaveUp,
    End,
    FakeLLM,
    FakeTTS,
    HangUp,
    MakeNoise,
    Say,
    Type,
    after,
    at,
    bot_starts,
    bot_stops,
    decode,
    run_call,
    text_of,
    voice_bot,
)
from antiphon.turns.simple import SimpleTurns


def simple_bot(llm: FakeLLM, *, context: str | None = None) -> Bot:
    return voice_bot(llm, context=context, machine=SimpleTurns())


LONG = "An answer that is long enough to be interrupted by somebody."


def test_he_speaks_at_the_scripted_times() -> None:
    script = [
        Say("One?", at(2.0)),
        Say("Two?", bot_starts(0.5)),
        Say("Three?", bot_stops(1.0)),
        Say("Four.", after(0.3)),
    ]
    call = run_call(simple_bot(FakeLLM(otherwise=LONG)), script)
    starts = [spoken.start for spoken in call.spoken]
    assert starts[0] == pytest.approx(2.0, abs=0.02)
    assert starts[1] == pytest.approx(call.bot_turns[0].start + 0.5, abs=0.02)
    assert starts[2] == pytest.approx(call.bot_turns[1].end + 1.0, abs=0.02)
    assert starts[3] == pytest.approx(call.spoken[2].end + 0.3, abs=0.02)
    assert call.undone == ()


def test_his_line_is_never_silent_in_packets() -> None:
    packets: list[InputAudioRawFrame] = []
    times: list[float] = []

    def bot(session: Session) -> object:
        def see(frame: object) -> None:
            assert isinstance(frame, InputAudioRawFrame)
            packets.append(frame)
            times.append(session.now())

        return Pipeline([session.transport.input(), Tee(see, InputAudioRawFrame), session.transport.output()])

    call = run_call(bot, [Say("Is there anybody?", at(1.0)), MakeNoise(0.2), End(after(1.0))])
    assert {len(packet.audio) for packet in packets} == {640}
    assert times == pytest.approx([0.02 * (n + 1) for n in range(len(times))])
    sound = b"".join(packet.audio for packet in packets)
    words = decode(sound, 16000)
    assert text_of(words) == "Is there anybody?"
    assert words[0].start == pytest.approx(call.spoken[0].start)
    assert words[-1].end == pytest.approx(call.spoken[0].end)


def test_he_hangs_up_and_ends_and_types() -> None:
    cut = run_call(simple_bot(FakeLLM([LONG])), [Say("One?"), HangUp(bot_starts(0.5)), Say("Never.")])
    assert cut.result.ended is Ended.CANCELLED
    assert cut.undone == (Say("Never."),)
    ended = run_call(simple_bot(FakeLLM([LONG])), [Say("One?"), End(bot_starts(0.5))])
    assert ended.result.ended is Ended.ENDED
    assert ended.bot_text == LONG
    typed = run_call(simple_bot(FakeLLM(["Read."])), [Type("Hello", at(1.0))])
    assert typed.bot_text == "Read."


def test_he_gives_up_on_a_bot_that_never_speaks() -> None:
    with pytest.raises(CallerGaveUp, match="waited 60 s for the bot to start speaking"):
        run_call(simple_bot(FakeLLM(["Hm."], ttft=1000.0)), [Say("One?"), Say("Two?", bot_starts())])


def test_a_bot_may_be_a_coroutine_and_a_list() -> None:
    async def bot(session: Session) -> list[object]:
        return [session.transport.input(), FakeTTS(), session.transport.output()]

    with pytest.raises(ValueError, match="FakeTTS needs"):
        run_call(bot, [])


def test_the_call_tells_what_was_decided_and_heard() -> None:
    call = run_call(simple_bot(FakeLLM([LONG]), context="Be kind."), [Say("One?")])
    assert [frame.decision for _, frame in call.decisions] == ["OpenTurn", "AskModel", "Commit"]
    assert [turn.text for turn in call.bot_turns] == [LONG]
    assert [frame.heard for frame in call.final_heard().values()] == [LONG]
    assert len(call.messages) == 3
    assert call.leftover == ()
    assert "3 messages" in repr(call)
