"""A user, a recogniser and a bot made up by hypothesis around the turn machine: what must hold of any course.

Every turn ends exactly once; no answer begins without a committed turn; every word that was said is answered,
once; whatever waits is moved on by a deadline.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from antiphon.judgement import Judgement
from antiphon.turns.events import (
    BotActive,
    BotVoice,
    Commit,
    DeadlinePassed,
    Decision,
    Drop,
    EndPredicted,
    EndSignalled,
    Event,
    FinalHeard,
    FlushHearing,
    Interrupt,
    OpenTurn,
    PartialHeard,
    PauseBot,
    ReleaseBot,
    ResumeBot,
    RollBack,
    SessionBegan,
    Speculate,
    SpeechMeasured,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    SpeechStopped,
    ThoughtJudged,
    Typed,
)
from antiphon.turns.fluent import FluentTurns
from antiphon.turns.overlap import WordJudge
from antiphon.turns.rules import StartByAny, StartBySpeech, StartByTranscript
from antiphon.turns.state import FluentState, Policy
from effort import examples

PAUSE, STOP = 0.06, 0.2

POLICIES = st.builds(
    Policy,
    has_model=st.booleans(),
    speculate=st.booleans(),
    eager=st.booleans(),
    judgement=st.sampled_from([None, Judgement()]),
    overlap_after=st.sampled_from([0.0, 0.22, 1.0]),
    judge=st.sampled_from([WordJudge(), WordJudge(short=0.0, hum=0.0)]),
    start=st.sampled_from(
        [StartBySpeech(), StartByTranscript(), StartByAny((StartBySpeech(0.3), StartByTranscript()))]
    ),
)


class Conversation(RuleBasedStateMachine):
    """The world around the machine. The recogniser is fed as `STTHost` feeds one."""

    @initialize(policy=POLICIES)
    def begin(self, policy: Policy) -> None:
        self.machine = FluentTurns(policy)
        self.state: FluentState = self.machine.initial()
        self.now, self.deadline = 100.0, None
        self.events: deque[Event] = deque()
        self.speaking, self.paused = False, False
        self.segment = 0
        self.words: list[str] = []
        self.flushed = True
        self.results: deque[tuple[int, tuple[str, ...]]] = deque()
        self.said: list[str] = []
        self.committed: list[str] = []
        self.turn_open = self.held = self.speculating = self.answering = False
        self.happen(SessionBegan())

    # The user ----------------------------------------------------------------------------------------------

    @rule(count=st.integers(1, 3), end=st.sampled_from(["", ".", "?", ","]))
    def speak(self, count: int, end: str) -> None:
        if not self.speaking:
            self.happen(SpeechStarted(0.1, "the bot talks on", 9))
        elif self.paused:
            self.happen(SpeechResumed())
        self.speaking, self.paused = True, False
        for _ in range(count):
            self.say(f"word{len(self.said)}")
        self.words[-1] += end
        self.pass_time(0.2 * count)

    def say(self, word: str) -> None:
        self.said.append(word)
        self.words.append(word)
        self.flushed = False

    @precondition(lambda self: self.speaking and not self.paused)
    @rule()
    def pause(self) -> None:
        self.pass_time(PAUSE)
        self.paused = True
        self.happen(SpeechPaused(PAUSE))
        self.flush()

    @precondition(lambda self: self.speaking and self.paused)
    @rule()
    def stop(self) -> None:
        self.pass_time(STOP - PAUSE)
        self.speaking = self.paused = False
        self.happen(SpeechStopped(STOP))

    @rule(run=st.booleans())
    def type(self, run: bool) -> None:
        self.said.append(f"word{len(self.said)}")
        self.happen(Typed(self.said[-1], run))

    # The recogniser and the models -------------------------------------------------------------------------

    def flush(self) -> None:
        self.results.append((self.segment, tuple(self.words)))
        self.flushed = True

    def end_segment(self) -> None:
        if not self.flushed:
            self.flush()
        self.segment += 1
        self.words = []

    @precondition(lambda self: bool(self.results))
    @rule()
    def recognise(self) -> None:
        segment, words = self.results.popleft()
        self.happen(FinalHeard(" ".join(words), segment, complete=not self.results))

    @precondition(lambda self: bool(self.words) and not self.flushed and not self.results)
    @rule(data=st.data())
    def guess(self, data: st.DataObject) -> None:
        known = data.draw(st.integers(0, len(self.words)))
        text = " ".join(self.words[:known])
        self.happen(PartialHeard(text, "", self.segment, "the bot talks on", 9))

    @rule(probability=st.floats(0, 1))
    def predict(self, probability: float) -> None:
        self.happen(EndPredicted(probability))

    @rule(probability=st.floats(0, 1))
    def signal(self, probability: float) -> None:
        self.happen(EndSignalled(probability))

    @precondition(lambda self: self.speculating)
    @rule(wait=st.sampled_from([0.0, 0.0, 2.0]))
    def judge(self, wait: float) -> None:
        self.happen(ThoughtJudged(wait))

    # The bot and time --------------------------------------------------------------------------------------

    @precondition(lambda self: self.answering)
    @rule()
    def finish_answer(self) -> None:
        self.answering = False
        self.happen(BotActive(False))

    @precondition(lambda self: self.answering)
    @rule(on=st.booleans())
    def sound(self, on: bool) -> None:
        self.happen(BotVoice(on))

    @precondition(lambda self: self.speaking)
    @rule(level=st.floats(-24.0, -20.0))
    def measure(self, level: float) -> None:
        self.happen(SpeechMeasured(level))

    @rule(seconds=st.floats(0.01, 6.0))
    def pass_time(self, seconds: float) -> None:
        until = self.now + seconds
        while self.deadline is not None and self.deadline <= until:
            before = self.now = max(self.now, self.deadline)
            self.happen(DeadlinePassed())
            assert self.deadline is None or self.deadline > before, "it would never move on"
        self.now = until

    # What the machine decides ------------------------------------------------------------------------------

    def happen(self, event: Event) -> None:
        self.events.append(event)
        while self.events:
            step = self.machine.step(self.state, self.events.popleft(), self.now)
            self.state, self.deadline = step.state, step.deadline
            for decision in step.decisions:
                self.check(decision)

    def check(self, decision: Decision) -> None:
        match decision:
            case OpenTurn():
                assert not self.turn_open
                self.turn_open = True
            case Commit():
                self.commit(decision)
            case Drop():
                assert self.turn_open
                assert not self.speculating
                self.turn_open = False
                self.end_segment()
            case Speculate():
                assert self.turn_open
                assert not self.speculating
                self.speculating = True
            case RollBack():
                assert self.speculating
                self.speculating = False
            case PauseBot():
                assert self.answering
                assert not self.held
                self.held = True
            case ResumeBot():
                self.held = False
                self.end_segment()
            case _:
                self.check_rest(decision)

    def check_rest(self, decision: Decision) -> None:
        match decision:
            case ReleaseBot():
                self.held = False
            case Interrupt():
                self.held = False
                if self.answering:
                    self.answering = False
                    self.events.append(BotActive(False))
            case FlushHearing():
                self.flush()
            case _:
                pass

    def commit(self, turn: Commit) -> None:
        assert self.turn_open
        assert turn.text
        assert turn.speculated == self.speculating
        self.turn_open = self.speculating = False
        self.committed += turn.text.split()
        self.end_segment()
        if turn.run and not self.answering:
            self.answering = True
            self.events.append(BotActive(True))

    @invariant()
    def nothing_is_said_twice(self) -> None:
        if hasattr(self, "committed"):
            counts = Counter(_bare(self.committed))
            assert all(count == 1 for count in counts.values()), counts

    def teardown(self) -> None:
        """The user falls silent, the recogniser catches up: now everything must have been answered."""
        if not hasattr(self, "machine"):
            return
        if self.speaking:
            if not self.paused:
                self.pause()
            self.stop()
        while self.results:
            self.recognise()
            self.pass_time(0.1)
        self.pass_time(200.0)
        while self.results:
            self.recognise()
        if self.answering:
            self.finish_answer()
        self.pass_time(100.0)
        assert not self.turn_open
        assert not self.held
        assert not self.speculating
        assert sorted(_bare(self.committed)) == sorted(self.said)


def _bare(words: list[str]) -> list[str]:
    return [word.rstrip(".?,") for word in words]


Conversation.TestCase.settings = settings(examples(150), stateful_step_count=30)
TestConversation: Any = Conversation.TestCase
