"""F6 to F10, F13 and F14: whose turn it is, and what an interruption is."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.context import UserMessage
from antiphon.dispatch import on
from antiphon.frames import (
    LLMMessagesAppendFrame,
    Outcome,
    ResponseEndedFrame,
    ResponseStartedFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
    TTSStartedFrame,
)
from antiphon.processor import Processor
from antiphon.services.turns import Turns
from antiphon.testing import (
    Answer,
    Backchannel,
    FakeLLM,
    FakeSTT,
    FakeTTS,
    FakeTurnModel,
    Hang,
    MakeNoise,
    Say,
    Steps,
    after,
    blocks,
    bot_starts,
    bot_stops,
    expect,
    recording,
    run_call,
    voice_bot,
)
from antiphon.testing.network import Network, NetworkTransport
from antiphon.turns.echoes import holds_echo
from antiphon.turns.overlap import Evidence, Finding, WordJudge
from antiphon.turns.rules import MuteWhile
from antiphon.turns.state import Policy
from conversation.kit import unbroken, user_texts
from failures.kit import LONG, QUESTION, SEEDS, bot_with, calls, decided, first_tokens, pure, usual_turns

STOP = "No, please stop that now."


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("seconds", [0.12, 0.4, 0.9])
def test_f06_a_cough_or_a_click_stops_no_answer(seconds: float, seed: int | None) -> None:
    call = run_call(voice_bot(FakeLLM([LONG])), [QUESTION, MakeNoise(seconds, bot_starts(1.0))], seed=seed)
    expect(call).heard(LONG).is_true().interruptions(False).resumptions("noise")
    assert unbroken(blocks(recording(call.packets, call.rate), call.rate)), "it goes on from the exact sample"


def test_f06_the_bot_goes_on_although_no_transcript_follows() -> None:
    """The recogniser hangs on the cough: nobody waits for it longer than a second."""
    stt = FakeSTT(fault=Hang(1))
    call = run_call(voice_bot(FakeLLM([LONG]), stt=stt), [QUESTION, MakeNoise(0.9, bot_starts(1.0))])
    expect(call).heard(LONG).is_true().interruptions(False)
    ((resumed, _),) = decided(call, "ResumeBot")
    assert resumed - call.spoken[1].end < 1.1


def test_f06_a_fit_of_coughing_stops_no_answer() -> None:
    fit = [MakeNoise(0.3, bot_starts(0.8)), MakeNoise(0.3, after(0.1)), MakeNoise(0.4, after(0.9))]
    call = run_call(voice_bot(FakeLLM([LONG])), [QUESTION, *fit])
    expect(call).heard(LONG).is_true().interruptions(False)


@pytest.mark.parametrize("seed", SEEDS)
def test_f07_a_transcript_that_comes_after_the_turn_ended_is_answered(seed: int | None) -> None:
    stt = FakeSTT(delay=6.0, partial_every=None)
    with FakeLLM(["I heard you."]) as llm:
        call = run_call(voice_bot(llm, stt=stt), [Say("Can you hear me?")], seed=seed, quiet=8.0)
    expect(call).is_true().user_said("Can you hear me?").heard("I heard you.")


@pytest.mark.parametrize("seconds", [0.1, 0.15, 0.2])
def test_f07_a_very_short_yes_is_heard(seconds: float) -> None:
    with FakeLLM([Answer("Good.", when="yes")]) as llm:
        call = run_call(voice_bot(llm), [Say("Yes.", after(0.5), seconds=seconds)])
    expect(call).heard("Good.").is_true()


def test_f07_a_short_yes_as_the_bot_ends_is_an_answer() -> None:
    """Over the last word of a question it is no backchannel."""
    question = "Shall I book a table for the thunderstorm-watching-evening?"
    with FakeLLM([question, Answer("It is booked.", when="yes")]) as llm:
        call = run_call(voice_bot(llm), [QUESTION, Say("Yes.", bot_starts(2.0), seconds=0.3)])
    expect(call).heard_contains("It is booked.")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("words", ["Mm-hm.", "Uh-huh.", "Yeah.", "Okay.", "Mhm, right."])
def test_f08_a_backchannel_is_no_interruption(words: str, seed: int | None) -> None:
    call = run_call(voice_bot(FakeLLM([LONG])), [QUESTION, Backchannel(words, bot_starts(1.0))], seed=seed)
    expect(call).heard(LONG).is_true().interruptions(False).resumed_after(words)
    assert len(user_texts(call)) == 1


def test_f08_words_that_say_something_still_are_one() -> None:
    script = [QUESTION, Say("Yeah, but what about Oslo?", bot_starts(1.0))]
    call = run_call(voice_bot(FakeLLM([LONG, "Rain."])), script)
    expect(call).is_true().interruptions(True, False).user_said(QUESTION.text, "Yeah, but what about Oslo?")


@pytest.mark.parametrize("delay", [0.02, 0.1, 0.3, 0.8, 1.6])
def test_f09_a_turn_ends_when_its_words_and_the_model_are_there(delay: float) -> None:
    """Neither a fixed wait for the recogniser's worst case, nor an end before the words."""
    call = run_call(voice_bot(FakeLLM(["Yes."]), stt=FakeSTT(delay=delay)), [Say("Is it late?")])
    ((committed, _),) = decided(call, "Commit")
    (final,) = [timed.at for timed in call.of(TranscriptionFrame)]
    predicted = call.spoken[0].end + 0.2 + 0.032 + 0.05
    assert final <= committed <= max(final, predicted + 0.05) + 1e-6
    expect(call).user_said("Is it late?")


def test_f09_a_recogniser_that_never_answers_is_not_waited_for_for_ever() -> None:
    stt = FakeSTT(fault=Hang(0), partial_every=0.1)
    call = run_call(voice_bot(FakeLLM(["Yes."]), stt=stt), [Say("Is it late?")], quiet=6.0)
    ((committed, _),) = decided(call, "Commit")
    assert committed - call.spoken[0].end < 4.1
    expect(call).heard("Yes.")


@pytest.mark.parametrize("seed", SEEDS)
def test_f10_no_sound_of_an_interrupted_answer_is_in_the_next(seed: int | None) -> None:
    tts = FakeTTS(ttfa=Steps([0.1, 0.9, 0.05, 0.05]))
    script = [QUESTION, Say(STOP, bot_starts(0.5))]
    call = run_call(voice_bot(FakeLLM([LONG, "Short one."]), tts=tts), script, seed=seed)
    expect(call).is_true().interruptions(True, False)
    assert call.bot_turns[-1].text == "Short one."


def test_f10_what_was_made_and_not_played_is_thrown_away() -> None:
    """The whole answer is there in an instant, and waits to be played when it is interrupted."""
    llm = FakeLLM([LONG, "Short one."], per_token=0.0)
    call = run_call(voice_bot(llm, tts=FakeTTS(ttfa=0.0)), [QUESTION, Say(STOP, bot_starts(1.0))])
    expect(call).is_true().not_heard("it goes on for some time")
    assert call.bot_turns[-1].text == "Short one."


class LateVendor(Processor):
    """Gives every sound once more, two and a half seconds later, whatever has become of its answer."""

    gives = ()

    @on(TTSAudioRawFrame)
    def repeat(self, frame: TTSAudioRawFrame) -> TTSAudioRawFrame:
        self.session.clock.after(2.5, lambda: self.push(frame))
        return frame


def test_f10_sound_that_comes_back_late_is_refused() -> None:
    bot = bot_with(LateVendor(), llm=FakeLLM([LONG, Answer("Very well.", ttft=1.0)], per_token=0.0))
    call = run_call(bot, [QUESTION, Say(STOP, bot_starts(0.8))])
    expect(call).interruptions(True, False)
    assert call.bot_turns[0].text in LONG
    assert {word.text for word in call.words if word.start > call.bot_turns[0].end} == {"Very", "well."}


def test_f10_one_question_has_one_answer() -> None:
    """The turn ends on partial results; the final one, which comes later, is the same question."""
    stt = FakeSTT(delay=5.0, partial_every=0.1)
    with FakeLLM(["Only once."]) as llm:
        call = run_call(voice_bot(llm, stt=stt), [Say("Do you answer me twice now?")], quiet=10.0)
    expect(call).heard("Only once.").user_said("Do you answer me twice now?")


@pytest.mark.parametrize("seed", SEEDS)
def test_f13_a_result_is_answered_while_the_bot_still_speaks(seed: int | None) -> None:
    """The model is asked again as soon as the result is there, not when the sentence before it was heard."""
    weather = pure("weather", delay=1.3)
    before = "Let me tell you a long story while I look at that, so that nobody is bored, " * 3
    llm = FakeLLM([Answer(f"{before.strip()}.", tools=calls("weather")), "It is sunny."], per_token=0.0)
    call = run_call(voice_bot(llm, turns=usual_turns(weather)), [QUESTION], seed=seed)
    first, second = first_tokens(call)
    assert second - first == pytest.approx(1.3 + 0.2, abs=0.05)
    assert call.bot_turns[0].end - second > 8.0
    expect(call).is_true().heard(f"{before.strip()}. It is sunny.")


class Careless(Processor):
    """Holds up every answer for twelve seconds, with all that comes behind it."""

    gives = ()

    @on(TTSStartedFrame)
    async def hold_up(self, frame: TTSStartedFrame) -> TTSStartedFrame:
        await asyncio.sleep(12.0)
        return frame


class Sensor(Processor):
    """Tells the model something, 1.3 seconds after the first answer began."""

    gives = ()

    @on(ResponseStartedFrame)
    def begin(self, frame: ResponseStartedFrame) -> ResponseStartedFrame:
        if frame.id == 1:
            self.session.clock.after(1.3, self._tell)
        return frame

    def _tell(self) -> None:
        self.push(LLMMessagesAppendFrame((UserMessage.of("The door is open."),), True), upstream=True)


def test_f13_a_processor_that_holds_up_one_direction_lets_the_other_pass() -> None:
    llm = FakeLLM(["Let me see."], otherwise="It is sunny.")
    call = run_call(bot_with(Careless(), Sensor(), llm=llm), [QUESTION], quiet=3.0)
    first, second = first_tokens(call)[:2]
    began = call.of(ResponseStartedFrame)[0].at
    assert (first, second) == pytest.approx((began + 0.2, began + 1.3 + 0.2), abs=0.01)


@pytest.mark.parametrize("text", ["...", "***", "\N{SLIGHTLY SMILING FACE}"])
def test_f13_an_answer_without_any_sound_blocks_nothing(text: str) -> None:
    weather = pure("weather")
    llm = FakeLLM([Answer(text, tools=calls("weather")), text, "Second answer."])
    script = [QUESTION, Say("And now?", after(4.0))]
    call = run_call(voice_bot(llm, turns=usual_turns(weather)), script)
    expect(call).heard_contains("Second answer.").is_true()
    ended = [timed.frame for timed in call.of(ResponseEndedFrame)]
    outcomes = {frame.outcome for frame in ended if isinstance(frame, ResponseEndedFrame)}
    assert outcomes == {Outcome.COMPLETED}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("gated", [False, True])
@pytest.mark.parametrize("delay", [0.05, 2.5])
def test_f14_what_is_said_while_muted_never_counts(delay: float, gated: bool, seed: int | None) -> None:
    """Also where the recogniser hears everything, speech or not."""
    stt = FakeSTT(delay=delay, gated=gated)
    turns = Turns(model=FakeTurnModel(), policy=Policy(mute=frozenset({MuteWhile.BOT_SPEAKS})))
    script = [Say("Hello?"), Say("my secret", bot_starts(0.5)), Say("What now?", bot_stops(2.0))]
    llm = FakeLLM([LONG], otherwise="Fine.")
    call = run_call(voice_bot(llm, turns=turns, stt=stt), script, seed=seed, quiet=5.0)
    expect(call).is_true().user_said("Hello?", "What now?")
    assert "secret" not in " ".join(map(str, call.frames))


@pytest.mark.parametrize("delay", [0.15, 0.4])
def test_f14_the_echo_of_its_own_words_does_not_stop_the_bot(delay: float) -> None:
    """The loudspeaker's sound comes back by the microphone, as words that the bot has just said."""
    echo = "rather long answer, which goes on and on."
    call = run_call(voice_bot(FakeLLM([LONG])), [QUESTION, Say(echo, bot_starts(0.7 + delay))])
    expect(call).heard(LONG).is_true().interruptions(False).user_said(QUESTION.text)
    assert {frame.reason for _, frame in decided(call, "ResumeBot")} == {"echo of the bot's own words"}


def test_f14_an_echo_that_is_recognised_as_other_words_does_not_stop_the_bot() -> None:
    """It comes back much quieter than the user is."""
    stt = FakeSTT(mishear=lambda said: "an ordinary lawn chair" if "long" in said else said)
    script = [QUESTION, Say("rather long answer, which goes", bot_starts(0.9), muffled=True)]
    call = run_call(voice_bot(FakeLLM([LONG]), stt=stt), script)
    expect(call).heard(LONG).is_true().interruptions(False).user_said(QUESTION.text)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("delay", [0.1, 0.25, 0.5])
@pytest.mark.parametrize("echo", [0.3, 1.0])
def test_f14_through_a_loudspeaker_an_answer_is_heard_to_its_end(
    echo: float, delay: float, seed: int | None
) -> None:
    """All that the bot plays comes back to its microphone, however loud."""
    room = NetworkTransport(Network(echo=echo, echo_delay=delay))
    call = run_call(voice_bot(FakeLLM([LONG])), [QUESTION], transport=room, seed=seed)
    expect(call).heard(LONG).is_true().interruptions(False).user_said(QUESTION.text)
    assert len(decided(call, "PauseBot")) <= 1, "it does not stutter"


@pytest.mark.parametrize("delay", [0.1, 0.25])
def test_f14_through_a_loudspeaker_the_user_can_stop_the_bot(delay: float) -> None:
    room = NetworkTransport(Network(echo=1.0, echo_delay=delay))
    script = [QUESTION, Say("Wait, what about Paris?", bot_starts(2.0))]
    call = run_call(voice_bot(FakeLLM([LONG, "Sunny."])), script, transport=room)
    expect(call).is_true().interruptions(True, False).yielded_within(0.7).heard_contains("Sunny.")


def test_f14_what_the_user_says_into_an_echo_is_heard_at_its_first_word() -> None:
    heard = Evidence("It is rainy, so stop", False, 1.2, None, "It is rainy, so you may stay at home.")
    assert WordJudge().judge(heard) is Finding.INTERRUPTION
    own = Evidence("It is rainy. Rome, please, not Paris", False, 1.9, None, heard.saying)
    assert WordJudge().judge(own) is Finding.INTERRUPTION


def test_f14_an_interruption_that_begins_with_words_of_the_bot_shows_a_loudspeaker() -> None:
    said = ["it", "is", "rainy", "so", "you", "may", "stay"]
    assert holds_echo(["is", "rainy", "so", "you", "stop", "please"], said)
    assert not holds_echo(["is", "rainy", "so", "what"], said)
    assert not holds_echo(["stop", "please", "do", "it"], said)
    assert not holds_echo([], said)


def test_f14_the_first_two_words_of_an_echo_are_waited_out() -> None:
    """Also those that the bot said longer ago, or will say."""
    heard = Evidence("at home", False, 0.6, None, "It is rainy, so you may stay at home.")
    assert WordJudge().judge(heard) is Finding.UNSURE


def test_f14_one_word_that_the_bot_has_just_said_is_its_echo_unless_it_takes_the_floor() -> None:
    def judged(words: str, *, recent: str, left: int | None = None, echoing: bool = False) -> Finding:
        saying = "It is rainy, so no, stop at Rome."
        heard = Evidence(words, True, 0.4, 0.3, saying, left, recent=recent, echoing=echoing)
        return WordJudge().judge(heard)

    assert judged("rainy", recent="it is rainy, so") is Finding.ECHO
    assert judged("rainy so", recent="it is rainy, so") is Finding.ECHO
    assert judged("so it", recent="it is rainy, so") is not Finding.ECHO
    assert judged("rome", recent="it is rainy, so") is Finding.INTERRUPTION
    assert judged("no", recent="so no, stop") is Finding.INTERRUPTION
    assert judged("rome", recent="stop at Rome", left=0) is Finding.INTERRUPTION
    assert judged("rome", recent="Rome", left=0) is Finding.ECHO
    assert judged("the herb", recent="The harbour is") is Finding.ECHO
    assert judged("It is new.", recent="It is noon.", left=0, echoing=True) is Finding.ECHO
    assert judged("It is new.", recent="It is noon.", left=0) is Finding.INTERRUPTION
    assert judged("about the it", recent="harbour gather") is Finding.INTERRUPTION
    assert judged("Weather.", recent="before gather") is Finding.INTERRUPTION
    assert judged("Weather.", recent="before gather", echoing=True) is Finding.ECHO
    assert judged("what about Paris", recent="The harbour is very old and") is Finding.INTERRUPTION


@pytest.mark.parametrize("delay", [0.1, 2.5])
def test_f14_the_echo_of_an_answer_that_must_be_heard_is_not_taken_for_the_user(delay: float) -> None:
    """Nothing pauses this bot, so that the echo lasts as long as the answer. Its words may come very late."""
    turns = Turns(model=FakeTurnModel(), interruptible=False)
    llm = FakeLLM([LONG], otherwise="Fine.")
    stt = FakeSTT(delay=delay)
    call = run_call(voice_bot(llm, turns=turns, stt=stt), [QUESTION, Say(LONG, bot_starts(0.3))], quiet=5.0)
    expect(call).heard(LONG).is_true().user_said(QUESTION.text)


def test_f14_an_echo_whose_words_come_after_the_answer_is_no_turn() -> None:
    turns = Turns(model=FakeTurnModel(), interruptible=False)
    stt = FakeSTT(delay=3.0, partial_every=None)
    script = [QUESTION, Say("And then it goes on", bot_starts(3.0), seconds=1.2)]
    llm = FakeLLM([LONG], otherwise="Fine.")
    call = run_call(voice_bot(llm, turns=turns, stt=stt), script, quiet=5.0)
    expect(call).heard(LONG).is_true().user_said(QUESTION.text)
