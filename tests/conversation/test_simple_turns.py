"""The turn machine: arbitrary events in any order, and the cases that matter by name."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from antiphon.turns.events import (
    AskModel,
    BotActive,
    Commit,
    DeadlinePassed,
    Decision,
    Drop,
    EndPredicted,
    Event,
    FinalHeard,
    Interrupt,
    OpenTurn,
    PartialHeard,
    Prime,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    SpeechStopped,
    Typed,
)
from antiphon.turns.simple import Phase, SimpleTurns, TurnParams, TurnState
from effort import examples

WORDS = st.sampled_from(["", "yes", "hello there", "hello there you"])
EVENTS = st.one_of(
    st.just(SpeechStarted(0.09)),
    st.just(SpeechPaused(0.06)),
    st.just(SpeechResumed()),
    st.just(SpeechStopped(0.2)),
    st.builds(PartialHeard, WORDS, WORDS, st.integers(0, 3)),
    st.builds(FinalHeard, WORDS, st.integers(0, 3), st.booleans()),
    st.builds(EndPredicted, st.sampled_from([0.0, 0.4, 0.6, 1.0])),
    st.builds(BotActive, st.booleans()),
    st.builds(Typed, st.just("typed"), st.booleans()),
)
GAPS = st.sampled_from([0.0, 0.01, 0.2, 0.7, 1.3, 5.0])
SCRIPTS = st.lists(st.tuples(GAPS, EVENTS), max_size=40)
MACHINES = st.builds(
    SimpleTurns,
    st.builds(
        TurnParams,
        silence=st.sampled_from([0.3, 0.6]),
        max_silence=st.sampled_from([0.8, 1.2]),
        transcript=st.sampled_from([0.5, 4.0]),
    ),
    has_model=st.booleans(),
)


class Made(NamedTuple):
    """A decision, when it was made, and from which event."""

    at: float
    decision: Decision
    event: Event


class Driver:
    """Feeds a machine, and sends it its deadlines when they come, as a real loop would."""

    def __init__(self, machine: SimpleTurns) -> None:
        self.machine = machine
        self.state: TurnState = machine.initial()
        self.now = 0.0
        self.deadline: float | None = None
        self.made: list[Made] = []

    def send(self, event: Event) -> None:
        step = self.machine.step(self.state, event, self.now)
        self.state, self.deadline = step.state, step.deadline
        assert self.deadline is None or self.deadline > self.now, "a deadline that has passed would spin"
        self.made += [Made(self.now, decision, event) for decision in step.decisions]

    def wait(self, seconds: float) -> None:
        until = self.now + seconds
        while self.deadline is not None and self.deadline <= until:
            self.now = self.deadline
            self.send(DeadlinePassed())
        self.now = until

    def run(self, *script: tuple[float, Event]) -> Driver:
        for gap, event in script:
            self.wait(gap)
            self.send(event)
        return self

    def of(self, kind: type[Decision]) -> list[Made]:
        return [made for made in self.made if isinstance(made.decision, kind)]

    @property
    def committed(self) -> list[str]:
        return [made.decision.text for made in self.made if isinstance(made.decision, Commit)]


@examples(120)
@given(MACHINES, SCRIPTS)
def test_turns_open_before_they_end_and_end_once(
    machine: SimpleTurns, script: list[tuple[float, Event]]
) -> None:
    driver = Driver(machine).run(*script)
    driver.wait(60.0)
    is_open = False
    for made in driver.made:
        match made.decision:
            case OpenTurn():
                assert not is_open
                is_open = True
            case Commit() | Drop():
                assert is_open
                is_open = False
            case AskModel() | Prime():
                assert is_open
            case _:
                pass
    assert is_open == (driver.state.phase is not Phase.IDLE)


@examples(120)
@given(MACHINES, SCRIPTS)
def test_a_user_who_has_stopped_is_never_left_waiting(
    machine: SimpleTurns, script: list[tuple[float, Event]]
) -> None:
    driver = Driver(machine).run(*script, (0.0, SpeechStopped(0.2)))
    words = driver.state.hearing.best
    waiting = driver.state.phase is not Phase.IDLE
    driver.wait(machine.params.transcript + machine.params.max_silence)
    assert driver.state.phase is Phase.IDLE
    if waiting and words:
        assert words in driver.committed[-1]


@examples(80)
@given(MACHINES, SCRIPTS)
def test_every_turn_and_interruption_has_a_reason(
    machine: SimpleTurns, script: list[tuple[float, Event]]
) -> None:
    for made in Driver(machine).run(*script).made:
        assert made.decision.reason
        if isinstance(made.decision, Commit):
            assert made.decision.text.strip()


@examples(80)
@given(MACHINES, SCRIPTS)
def test_it_interrupts_only_a_bot_that_is_active(
    machine: SimpleTurns, script: list[tuple[float, Event]]
) -> None:
    active = False
    driver = Driver(machine)
    for gap, event in script:
        before = len(driver.made)
        driver.run((gap, event))
        interrupts = [made for made in driver.made[before:] if isinstance(made.decision, Interrupt)]
        assert active or not interrupts
        active = event.active if isinstance(event, BotActive) else active


def _turn(*after: tuple[float, Event], text: str = "hello there") -> Driver:
    """A user who has said something: stopped 0.2 s ago, with a final transcript on its way."""
    driver = Driver(SimpleTurns())
    driver.run((0, SpeechStarted()), (1.0, SpeechPaused(0.06)), (0.14, SpeechStopped(0.2)))
    return driver.run(*after) if after else driver.run((0.05, FinalHeard(text)))


def test_finished_and_recognised_is_committed_at_once() -> None:
    driver = _turn((0.05, EndPredicted(0.9)), (0.1, FinalHeard("hello there")))
    assert driver.committed == ["hello there"]
    assert driver.of(Commit)[0].at == driver.now


def test_f9_the_end_waits_for_the_transcript_and_not_longer() -> None:
    for late in (0.0, 0.3, 1.5, 3.0):
        driver = _turn((0.05, EndPredicted(0.9)), (late, FinalHeard("hello")))
        assert [made.at for made in driver.of(Commit)] == [driver.now]


def test_not_finished_is_committed_after_a_longer_silence() -> None:
    driver = _turn((0.05, EndPredicted(0.1)), (0.0, FinalHeard("hello and")))
    driver.wait(5.0)
    (commit,) = driver.of(Commit)
    assert round(commit.at, 6) == 2.14


def test_f7_a_transcript_after_the_end_is_a_turn_of_its_own() -> None:
    driver = _turn((0.05, EndPredicted(0.9)))
    driver.wait(10.0)
    assert len(driver.of(Drop)) == 1
    driver.send(FinalHeard("yes"))
    assert driver.committed == ["yes"]


def test_f10_a_late_transcript_of_what_was_answered_is_not_answered_again() -> None:
    driver = _turn((0.0, PartialHeard("hello there")), (0.05, EndPredicted(0.9)))
    driver.wait(10.0)
    assert driver.committed == ["hello there"]
    driver.run((0.0, BotActive(True)), (0.0, FinalHeard("Hello there!")))
    assert driver.committed == ["hello there"]
    assert not driver.of(Interrupt)


def test_f4_what_is_said_after_a_first_final_is_waited_for() -> None:
    """A pause brings a final; the user goes on; only what answers the last pause completes the turn."""
    driver = Driver(SimpleTurns())
    driver.run((0, SpeechStarted()), (1.0, SpeechPaused(0.06)), (0.1, SpeechResumed()))
    driver.run((0.1, FinalHeard("I want")), (0.5, SpeechPaused(0.06)), (0.14, SpeechStopped(0.2)))
    driver.run((0.05, EndPredicted(0.95)))
    assert driver.committed == []
    driver.run((0.1, FinalHeard("I want a pizza")))
    assert driver.committed == ["I want a pizza"]


def test_words_that_only_a_partial_result_holds_are_not_lost() -> None:
    driver = Driver(SimpleTurns())
    driver.run((0, SpeechStarted()), (1.0, SpeechPaused(0.06)), (0.05, FinalHeard("I want", 0)))
    driver.run((0.05, SpeechResumed()), (0.3, PartialHeard("I want a pizza", "I want a", 0)))
    driver.run((0.3, SpeechPaused(0.06)), (0.14, SpeechStopped(0.2)))
    driver.wait(10.0)
    assert driver.committed == ["I want a pizza"]


def test_priming_says_each_word_once() -> None:
    driver = Driver(SimpleTurns())
    driver.run((0, SpeechStarted()), (1.0, SpeechPaused(0.06)), (0.05, FinalHeard("one two", 0)))
    driver.run(
        (0.05, SpeechResumed()), (0.3, PartialHeard("one two three four five", "one two three four", 0))
    )
    primed = [made.decision.text for made in driver.made if isinstance(made.decision, Prime)]
    assert primed == ["one two", "one two three four"]


def test_without_a_model_silence_decides() -> None:
    driver = Driver(SimpleTurns(has_model=False))
    driver.run(
        (0, SpeechStarted()), (1.0, SpeechPaused(0.06)), (0.14, SpeechStopped(0.2)), (0, FinalHeard("hi"))
    )
    driver.wait(5.0)
    assert not driver.of(AskModel)
    assert [round(made.at, 3) for made in driver.of(Commit)] == [1.54]


def test_speech_that_goes_on_takes_the_prediction_back() -> None:
    driver = _turn((0.05, EndPredicted(0.9)), (0.05, SpeechStarted()), (0.1, FinalHeard("hello")))
    driver.wait(5.0)
    assert driver.committed == []
    driver.run((0.0, SpeechPaused(0.06)), (0.14, SpeechStopped(0.2)), (0.1, FinalHeard("hello you")))
    driver.wait(5.0)
    assert driver.committed == ["hello you"]


def test_typing_ends_the_turn_with_both() -> None:
    driver = _turn((0.0, FinalHeard("look at this")), (0.0, Typed("a link", run=True)))
    assert driver.committed == ["look at this a link"]


def test_f6_a_cough_over_the_bot_interrupts_it_and_nothing_is_committed() -> None:
    """Simple turn-taking cannot tell. A richer machine pauses first and decides later."""
    driver = Driver(SimpleTurns())
    driver.run(
        (0, BotActive(True)), (1, SpeechStarted()), (0.3, SpeechPaused(0.06)), (0.14, SpeechStopped(0.2))
    )
    driver.run((0.1, FinalHeard("")), (0.1, EndPredicted(0.9)))
    driver.wait(10.0)
    kinds = [type(made.decision).__name__ for made in driver.made]
    assert kinds == ["Interrupt", "OpenTurn", "AskModel", "Drop"]
