"""Answers that must be heard, to a mark or to their end: what the user says meanwhile is kept."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from antiphon.dispatch import on
from antiphon.frames import ResponseEndedFrame, ResponseStartedFrame, StartFrame, TTSSpeakFrame
from antiphon.marks import AfterWords, Mark
from antiphon.pipeline import Pipeline
from antiphon.processor import Processor
from antiphon.services.turns import Turns
from antiphon.session import Session
from antiphon.testing import (
    Call,
    End,
    FakeLLM,
    FakeSTT,
    FakeTTS,
    FakeTurnModel,
    FakeVAD,
    HangUp,
    MakeNoise,
    Say,
    Type,
    after,
    bot_starts,
    run_call,
    voice_bot,
)
from antiphon.testing.steps import Step
from antiphon.text.first_sentences import AfterSentences
from conversation.kit import SEEDS, answers, check_call, plain, user_texts
from effort import spread

DISCLAIMER = "This call is recorded. "
REST = "Now tell me, please, what it is that I can do for you on this fine day."
LONG = DISCLAIMER + REST


def held(llm: FakeLLM, interruptible: bool | Mark, script: Sequence[Step], seed: int | None = None) -> Call:
    turns = Turns(model=FakeTurnModel(), interruptible=interruptible)
    return run_call(voice_bot(llm, turns=turns), list(script), seed=seed, quiet=3.0)


def decided(call: Call) -> list[str]:
    return [frame.decision for _, frame in call.decisions]


@pytest.mark.parametrize("seed", SEEDS)
def test_an_answer_that_may_not_be_interrupted_is_heard_out_and_then_the_user_is_answered(
    seed: int | None,
) -> None:
    llm = FakeLLM([LONG, "I stopped."])
    call = held(llm, False, [Say("Hello?"), Say("Stop it now.", bot_starts(0.5))], seed)
    check_call(call)
    assert "PauseBot" not in decided(call)
    assert [plain(message.said) for message in answers(call)] == [plain(LONG), "I stopped."]
    assert call.bot_text == f"{plain(LONG)} I stopped."
    assert user_texts(call) == ["Hello?", "Stop it now."]
    assert call.bot_turns[1].start > call.bot_turns[0].end


@pytest.mark.parametrize("offset", [0.1, 0.5, 0.9, 1.4])
@pytest.mark.parametrize("mark", [AfterSentences(), AfterWords(4)])
def test_before_the_mark_it_goes_on_and_at_the_mark_it_ends_for_who_has_spoken(
    mark: Mark, offset: float
) -> None:
    llm = FakeLLM([LONG, "I stopped."], per_token=0.0)
    call = held(llm, mark, [Say("Hello?"), Say("Stop it now.", bot_starts(offset), 0.6)])
    check_call(call)
    first = answers(call)[0]
    assert first.interrupted
    assert plain(first.said).startswith(DISCLAIMER.strip())
    assert len(plain(first.said)) < len(DISCLAIMER) + 25
    assert call.bot_turns[-1].text == "I stopped."
    assert user_texts(call) == ["Hello?", "Stop it now."]
    assert len(llm.contexts) == 2


def test_after_the_mark_it_is_an_answer_like_any_other() -> None:
    llm = FakeLLM([LONG, "I stopped."], per_token=0.0)
    call = held(llm, AfterSentences(), [Say("Hello?"), Say("Thursday would suit me.", bot_starts(2.5))])
    check_call(call)
    assert "PauseBot" in decided(call)
    assert answers(call)[0].interrupted


@pytest.mark.parametrize("offset", spread([3.0, *(3.4 + n / 50 for n in range(20)), 4.2, 4.6]))
def test_the_mark_counts_from_its_last_sample_on_also_with_a_slow_voice(offset: float) -> None:
    """Words last four times as long. Who spoke before the mark, or ends at it, is answered once."""
    llm = FakeLLM([DISCLAIMER + "Unfortunately nobody is here.", "I stopped.", "Both."], per_token=0.0)
    turns = Turns(model=FakeTurnModel(), interruptible=AfterSentences())
    tts = FakeTTS(piece=0.02, per_piece=0.08)
    script = [
        Say("Hello?"),
        Say("Stop it now.", bot_starts(0.5), 0.6),
        Say("Thursday then.", after(offset), 0.6),
    ]
    call = run_call(voice_bot(llm, turns=turns, tts=tts), script, quiet=4.0)
    check_call(call)
    assert call.bot_turns[0].text == DISCLAIMER.strip()
    assert user_texts(call) == ["Hello?", "Stop it now.", "Thursday then."]
    started = [timed.at for timed in call.of(ResponseStartedFrame)]
    ended = [timed.at for timed in call.of(ResponseEndedFrame)]
    assert all(end <= start for end, start in zip(ended, started[1:], strict=False)), "one answer at a time"


def test_a_hum_or_a_cough_over_it_is_no_turn() -> None:
    llm = FakeLLM([LONG])
    script = [Say("Hello?"), Say("Mm-hm.", bot_starts(0.3), 0.3), MakeNoise(0.3, after(0.8))]
    call = held(llm, False, script)
    assert user_texts(call) == ["Hello?"]
    assert "PauseBot" not in decided(call)
    assert call.bot_text == LONG


def test_a_user_who_still_speaks_at_the_mark_stops_it_there() -> None:
    llm = FakeLLM([LONG, "I stopped."], per_token=0.0)
    script = [Say("Hello?"), Say("Stop it now because I have heard all this before.", bot_starts(0.5), 3.0)]
    call = held(llm, AfterSentences(), script)
    check_call(call)
    assert answers(call)[0].interrupted
    assert call.bot_turns[0].text.startswith(DISCLAIMER.strip())
    assert call.bot_turns[0].end < call.spoken[1].end
    assert call.bot_text.endswith("I stopped.")


def test_several_turns_over_it_have_one_answer_in_the_end() -> None:
    llm = FakeLLM([LONG, "Both."])
    script = [Say("Hello?"), Say("First thing.", bot_starts(0.1), 0.4), Type("Second thing.", after(1.5))]
    call = held(llm, False, script)
    check_call(call)
    assert user_texts(call) == ["Hello?", "First thing.", "Second thing."]
    assert call.bot_text == f"{plain(LONG)} Both."


class Greeter(Processor):
    """Says something at the start that must be heard, and something that need not."""

    gives = (TTSSpeakFrame,)

    @on(StartFrame)
    def greet(self, frame: StartFrame) -> None:
        with self.respond() as response:
            self.push(TTSSpeakFrame(DISCLAIMER, interruptible=False, response=response.id))
            self.push(TTSSpeakFrame(REST, response=response.id))


class Announcer(Greeter):
    """Says something at the start, in a response of its own."""

    @on(StartFrame)
    def greet(self, frame: StartFrame) -> None:
        self.push(TTSSpeakFrame(LONG, interruptible=False))


def greeted(greeter: Processor, script: Sequence[Step]) -> Call:
    def bot(session: Session) -> Pipeline:
        ears = [session.transport.input(), FakeVAD(), FakeSTT(), Turns(model=FakeTurnModel()), greeter]
        return Pipeline([*ears, FakeLLM(["I stopped."]), FakeTTS(), session.transport.output()])

    return run_call(bot, list(script), quiet=3.0)


def test_a_text_that_must_be_heard_protects_its_response_up_to_its_end() -> None:
    call = greeted(Greeter(), [Say("Stop it now.", bot_starts(0.3), 0.5)])
    assert call.bot_turns[0].text.startswith(DISCLAIMER.strip())
    assert len(call.bot_turns[0].text) < len(DISCLAIMER) + 25
    assert call.bot_turns[-1].text == "I stopped."


def test_an_announcement_that_must_be_heard_is_heard_to_its_end() -> None:
    call = greeted(Announcer(), [Say("Stop it now.", bot_starts(0.3), 0.5)])
    assert call.bot_text == f"{plain(LONG)} I stopped."
    assert "PauseBot" not in decided(call)


def test_nothing_is_said_in_advance_over_an_answer_that_must_be_heard() -> None:
    llm = FakeLLM([LONG, "I stopped."])
    turns = Turns(model=FakeTurnModel(), interruptible=False, speculate=True)
    script = [Say("Hello?"), Say("Stop it now.", bot_starts(0.5))]
    call = run_call(voice_bot(llm, turns=turns), script, quiet=3.0)
    check_call(call)
    assert call.bot_text == f"{plain(LONG)} I stopped."
    assert turns.answers.waste.answers == 0


def test_a_filler_is_not_the_first_sentence() -> None:
    llm = FakeLLM([LONG, "I stopped."], ttft=2.0, per_token=0.0)
    turns = Turns(model=FakeTurnModel(), interruptible=AfterSentences(), filler="Hold on.")
    script = [Say("Hello?"), Say("Stop it now.", bot_starts(0.7), 0.5)]
    call = run_call(voice_bot(llm, turns=turns), script, quiet=4.0)
    check_call(call)
    assert call.bot_text.startswith(f"Hold on. {DISCLAIMER.strip()}")
    assert answers(call)[0].interrupted


def test_a_line_that_is_cut_leaves_no_answer_due() -> None:
    llm = FakeLLM([LONG])
    script = [Say("Hello?"), Say("Stop it now.", bot_starts(0.3), 0.5), HangUp(after(1.0))]
    turns = Turns(model=FakeTurnModel(), interruptible=False)
    call = run_call(voice_bot(llm, turns=turns), script)
    assert call.leftover == ()
    assert turns.session.responses.live == {}
    assert len(call.of(ResponseStartedFrame)) == 1


def test_a_graceful_end_lets_the_last_words_be_answered() -> None:
    llm = FakeLLM([LONG, "I stopped."])
    script = [Say("Hello?"), Say("Stop it now.", bot_starts(0.3), 0.5), End(after(1.0))]
    call = held(llm, False, script)
    check_call(call)
    assert call.bot_text == f"{plain(LONG)} I stopped."
