"""F31 to F33: what a developer sees of a mistake, of a test, and of a conversation that stands still."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from antiphon.clock import VirtualTimeDeadlock, run_virtual
from antiphon.dispatch import on
from antiphon.frames import (
    BotStartedSpeakingFrame,
    EndFrame,
    Frame,
    LLMTextFrame,
    StartFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
)
from antiphon.node import INBOX_CAPACITY
from antiphon.pipeline import Pipeline
from antiphon.processor import Holding, Processor
from antiphon.services.turns import Turns
from antiphon.session import Ended, Session
from antiphon.testing import (
    Bot,
    Call,
    FakeLLM,
    FakeSTT,
    FakeTTS,
    FakeTurnModel,
    FakeVAD,
    MakeNoise,
    Say,
    after,
    bot_starts,
    expect,
    run_call,
    voice_bot,
)
from antiphon.transports.memory import MemoryTransport
from antiphon.wiring import WiringError
from conversation.kit import play
from failures.kit import LONG, QUESTION, SEEDS, bot_with
from failures.lint import taking_real_time, unit_tests_that_take_real_time
from record.kit import difference, record_call, replay_call

# F31 -------------------------------------------------------------------------------------------------------


class Forgetful(Processor):
    """Looks at the beginning and the end, and at transcripts, and passes nothing of it on."""

    gives = ()

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    @on(StartFrame, EndFrame)
    def look(self, frame: Frame) -> None:
        self.seen.append(frame.name)

    @on(BotStartedSpeakingFrame, consumes=True)
    def take(self, frame: BotStartedSpeakingFrame) -> None:
        self.seen.append(frame.name)


def test_f31_who_forgets_to_forward_breaks_nothing_but_what_it_took() -> None:
    """What it has no handler for passes."""
    call = run_call(bot_with(Forgetful(), llm=FakeLLM([LONG])), [QUESTION])
    expect(call).heard(LONG).is_true().ended(Ended.ENDED)


def test_f31_start_and_end_pass_whatever_a_handler_gives_back() -> None:
    first, second = Forgetful(), Forgetful()
    stage = play([first, second], lambda session: [])
    assert first.seen == second.seen == ["StartFrame", "EndFrame"]
    assert stage.result.ended is Ended.ENDED


class Listener(Processor):
    """Counts the words of transcripts; the one who wrote it forgot that others want them too."""

    def __init__(self) -> None:
        super().__init__("word counter")
        self.words = 0

    @on(TranscriptionFrame)
    def count(self, frame: TranscriptionFrame) -> None:
        self.words += len(frame.text.split())


def test_f31_who_keeps_what_another_waits_for_is_named_before_the_start() -> None:
    """With both, what it takes and from whom, and the two ways out."""
    session = Session(transport=MemoryTransport())
    bot = voice_bot(FakeLLM(), before_turns=[Listener()])
    session.end()
    with pytest.raises(WiringError) as caught:
        run_virtual(session.run(Pipeline([bot(session)])))
    assert str(caught.value) == (
        "word counter takes every TranscriptionFrame and passes none on, but Turns waits for it: let "
        "Listener.count return the frame, or, if it is to end there, declare it with "
        "@on(TranscriptionFrame, consumes=True)."
    )


class Clumsy(Processor):
    """Raises on the first word of every answer."""

    gives = ()

    @on(LLMTextFrame)
    def read(self, frame: LLMTextFrame) -> LLMTextFrame:
        if frame.text.startswith("This"):
            raise LookupError("no such word")
        return frame


@pytest.mark.parametrize("asynchronous", [False, True])
def test_f31_who_raises_is_named_and_the_rest_goes_on(asynchronous: bool) -> None:
    class Slow(Clumsy):
        @on(TTSAudioRawFrame)
        async def hear(self, frame: TTSAudioRawFrame) -> TTSAudioRawFrame:
            if asynchronous and frame.response == 1:
                raise LookupError("no such sound")
            return frame

    call = run_call(
        bot_with(Slow("clumsy"), llm=FakeLLM([LONG, "Second."])), [QUESTION, Say("And?", after(9))]
    )
    errors = {(error.processor, error.frame, error.error) for error in call.result.errors}
    wanted = {("clumsy", "LLMTextFrame", "no such word")}
    if asynchronous:
        wanted.add(("clumsy", "TTSAudioRawFrame", "no such sound"))
    assert errors == wanted
    assert call.bot_turns[-1].text == "Second."
    assert call.result.ended is Ended.ENDED


def parts_of(session: Session) -> dict[str, object]:
    line = session.transport
    return {
        "in": line.input(),
        "vad": FakeVAD(),
        "stt": FakeSTT(),
        "turns": Turns(model=FakeTurnModel()),
        "llm": FakeLLM(otherwise="Yes."),
        "tts": FakeTTS(),
        "out": line.output(),
    }


@pytest.mark.parametrize(
    ("order", "named"),
    [
        ("vad stt in turns llm tts out", "FakeVAD needs InputAudioRawFrame"),
        ("in vad stt llm turns tts out", "FakeLLM needs LLMContextFrame"),
        ("in vad stt turns tts llm out", "FakeTTS needs TextFrame or TTSSpeakFrame"),
        ("in vad stt llm tts out", "FakeLLM needs LLMContextFrame"),
    ],
)
def test_f31_who_stands_in_the_wrong_place_is_named_before_the_start(order: str, named: str) -> None:
    session = Session(transport=MemoryTransport())
    parts = parts_of(session)
    pipeline = Pipeline([parts[name] for name in order.split()])
    session.end()
    with pytest.raises(WiringError, match=named):
        run_virtual(session.run(pipeline))


def test_f31_one_processor_in_two_places_is_refused() -> None:
    session, twice = Session(transport=MemoryTransport()), Forgetful()
    session.end()
    with pytest.raises(WiringError, match="Forgetful is in the pipeline twice"):
        run_virtual(session.run(Pipeline([twice, Processor(), twice])))


# F32 -------------------------------------------------------------------------------------------------------


def test_f32_no_unit_test_sleeps_in_real_time() -> None:
    assert unit_tests_that_take_real_time() == []


SLEEPERS = """
def test_one(): asyncio.run(asyncio.sleep(0.1))
def test_two(): time.sleep(1)
def test_three(): asyncio.run(asyncio.sleep(0))
@pytest.mark.slow
def test_four(): run_real(main())
"""


def test_f32_a_test_that_sleeps_would_be_found() -> None:
    assert list(taking_real_time(SLEEPERS)) == ["2 test_one", "3 test_two"]


SCRIPT = [QUESTION, MakeNoise(0.3, bot_starts(0.7)), Say("Stop that, please.", after(1.0))]


def usual() -> Bot:
    return voice_bot(FakeLLM(otherwise=LONG))


@pytest.mark.parametrize("seed", SEEDS)
def test_f32_the_same_seed_gives_the_same_call_to_the_byte(seed: int | None) -> None:
    def hold() -> Call:
        return run_call(usual(), SCRIPT, seed=seed)

    first, *others = (hold() for _ in range(5))
    for other in others:
        assert not difference(first.packets, other.packets)
        assert not difference(first.frames, other.frames)
        assert first.messages == other.messages


def test_f32_a_conversation_is_replayed_from_its_log_alone() -> None:
    """With services that would answer something else, if they were asked."""
    recorded = record_call(usual, SCRIPT)
    replayed, frames = replay_call(lambda: voice_bot(FakeLLM(otherwise="Something else.")), recorded.log)
    assert not difference(frames, recorded.frames)
    assert replayed.same
    assert replayed.same_conversation


# F33 -------------------------------------------------------------------------------------------------------


class Stuck(Processor):
    """Never finishes with the first transcript."""

    gives = ()

    @on(TranscriptionFrame)
    async def wait(self, frame: TranscriptionFrame) -> TranscriptionFrame:
        await asyncio.sleep(100.0)
        return frame


class Looker(Processor):
    """Asks the session, ten seconds into the call, where it is stuck."""

    gives = ()

    def __init__(self) -> None:
        super().__init__()
        self.held: list[Holding] = []
        self.waiting: dict[str, int] = {}

    @on(StartFrame)
    def begin(self, frame: StartFrame) -> None:
        self.session.clock.after(10.0, self._look)

    def _look(self) -> None:
        self.held, self.waiting = self.session.holding(), self.session.depths()
        self.session.cancel("seen enough")


def stuck_bot(stuck: Processor, looker: Looker) -> Bot:
    return voice_bot(FakeLLM(otherwise="Yes."), before_turns=[stuck, looker])


def test_f33_where_it_is_stuck_is_answered_by_name() -> None:
    looker = Looker()
    call = run_call(stuck_bot(Stuck("stuck"), looker), [QUESTION, Say("Hello?", after(30.0))])
    assert [(held.processor, held.frame) for held in looker.held] == [("stuck", "TranscriptionFrame")]
    held = looker.held[0]
    assert held.since == pytest.approx(call.spoken[0].end + 0.17, abs=0.1)
    assert held.waiting == looker.waiting["stuck"] > 0
    assert sum(looker.waiting.values()) == looker.waiting["stuck"], "nobody else holds anything back"


def test_f33_who_holds_the_end_back_is_named() -> None:
    call = run_call(voice_bot(FakeLLM(otherwise="Yes."), before_turns=[Stuck("stuck")]), [QUESTION])
    expect(call).ended(Ended.CANCELLED).ended_because("held by stuck (on TranscriptionFrame)")


def test_f33_a_processor_that_has_been_at_work_for_long_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="antiphon"):
        run_call(voice_bot(FakeLLM(), before_turns=[Stuck("stuck")]), [QUESTION, Say("Hm?", after(60.0))])
    assert any("stuck has been at work on TranscriptionFrame for" in each for each in caplog.messages)


def test_f33_a_full_inbox_ends_the_session_and_names_whose_it_is() -> None:
    def bot(session: Session) -> object:
        asyncio.get_running_loop().call_at(1.0, flood, session)
        return voice_bot(FakeLLM(), before_turns=[Stuck("stuck")])(session)

    def flood(session: Session) -> None:
        for number in range(INBOX_CAPACITY + 2):
            session.receive(TranscriptionFrame(f"number {number}"))

    call = run_call(bot, [Say("Hello?", after(9.0))])
    expect(call).ended(Ended.FAILED).ended_because(f"stuck is stuck: {INBOX_CAPACITY} frames wait for it")


def test_f33_everything_that_was_decided_has_a_reason() -> None:
    call = run_call(voice_bot(FakeLLM([LONG, "Fine."])), SCRIPT)
    expect(call).decided_in_order("OpenTurn", "Commit", "PauseBot", "ResumeBot", "Interrupt")
    reasons = {frame.decision: frame.reason for _, frame in call.decisions}
    assert all(reasons.values())
    assert reasons["ResumeBot"] == "noise"
    assert reasons["Interrupt"] == "the user interrupts"
    (interrupted,) = [frame for _, frame in call.decisions if frame.decision == "Interrupt"]
    assert "stop" in str(interrupted.inputs["words"]).casefold()


def waits_for_ever() -> Any:
    async def never() -> None:
        await asyncio.get_running_loop().create_future()

    async def held() -> None:
        await asyncio.create_task(never(), name="the one who waits")

    return held()


def test_f33_a_test_in_which_nothing_can_happen_any_more_says_who_waits() -> None:
    with pytest.raises(VirtualTimeDeadlock, match="the one who waits"):
        run_virtual(waits_for_ever())
