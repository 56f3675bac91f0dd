"""A user, a recogniser and a bot made up by hypothesis around a turn machine: what must hold of any course.

Every turn ends exactly once; no answer begins without a committed turn; every word that was said is answered,
once; whatever waits is moved on by a deadline.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter, deque
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from antiphon.judgement import Judgement
from antiphon.services.base import EndTurn, Flush
from antiphon.services.boundaries import Boundaries, Marks
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
    Mute,
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
    TalkKey,
    ThoughtJudged,
    TurnMachine,
    Typed,
    Unmute,
)
from antiphon.turns.fluent import FluentTurns
from antiphon.turns.overlap import WordJudge
from antiphon.turns.rules import MuteWhile, StartByAny, StartBySpeech, StartByTranscript
from antiphon.turns.simple import SimpleTurns, TurnParams
from antiphon.turns.state import Policy
from effort import examples

PAUSE, STOP = 0.06, 0.2

WORD = 0.25
"""Seconds from the beginning of a word to its end."""

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
    transcript=st.sampled_from([4.0, 0.3]),
    monologue=st.sampled_from([90.0, 3.0]),
    mute=st.sampled_from([frozenset[MuteWhile](), frozenset({MuteWhile.BOT_SPEAKS})]),
    push_to_talk=st.sampled_from([False, False, True]),
)
SIMPLE = st.builds(SimpleTurns, st.builds(TurnParams, transcript=st.sampled_from([4.0, 0.3])))
MACHINES: st.SearchStrategy[TurnMachine[Any]] = st.one_of(st.builds(FluentTurns, POLICIES), SIMPLE)


class Conversation(RuleBasedStateMachine):
    """The world around the machine. The recogniser is fed as by `STTHost`, and reads it when it likes."""

    @initialize(machine=MACHINES)
    def begin(self, machine: TurnMachine[Any]) -> None:
        self.machine = machine
        self.state = machine.initial()
        self.by_key = isinstance(machine, FluentTurns) and machine.policy.push_to_talk
        self.now, self.deadline = 100.0, None
        self.events: deque[Event] = deque()
        self.speaking = self.paused = self.muted = self.key = False
        self.half, self.half_until = "", math.inf
        self.boundaries = Boundaries()
        self.feed: deque[str | Flush | EndTurn] = deque()
        self.segment = 0
        self.words: list[str] = []
        self.numbers = itertools.count()
        self.said: list[str] = []
        self.committed: list[str] = []
        self.turn_open = self.held = self.speculating = self.answering = False
        self.happen(SessionBegan())

    # The user ----------------------------------------------------------------------------------------------

    @precondition(lambda self: not self.muted and (self.key or not self.by_key))
    @rule(count=st.integers(1, 3), end=st.sampled_from(["", ".", "?", ","]), half=st.booleans())
    def speak(self, count: int, end: str, half: bool) -> None:
        """Some words, and perhaps the first half of another."""
        self.end_word()
        if not self.speaking:
            self.boundaries.speaks()
            self.happen(SpeechStarted(0.1, "the bot talks on", 9))
        elif self.paused:
            self.boundaries.speaks()
            self.happen(SpeechResumed())
        self.speaking, self.paused = True, False
        for _ in range(count):
            self.feed.append(self.new_word())
        self.feed[-1] = f"{self.feed[-1]}{end}"
        self.pass_time(0.2 * count)
        if half and self.speaking:
            self.half, self.half_until = self.new_word(), self.now + WORD

    def new_word(self) -> str:
        self.said.append(f"word{next(self.numbers)}")
        return self.said[-1]

    def end_word(self) -> None:
        if self.half:
            self.feed.append(self.half)
        self.half, self.half_until = "", math.inf

    @precondition(lambda self: self.speaking and not self.paused)
    @rule()
    def pause(self) -> None:
        self.end_word()
        self.pass_time(PAUSE)
        if self.speaking:
            self.paused = True
            self.mark(self.boundaries.pauses())
            self.happen(SpeechPaused(PAUSE))

    @precondition(lambda self: self.speaking and self.paused)
    @rule()
    def stop(self) -> None:
        self.pass_time(STOP - PAUSE)
        if self.speaking:
            self.speaking = self.paused = False
            self.mark(self.boundaries.stops())
            self.happen(SpeechStopped(STOP))

    @rule(run=st.booleans())
    def type(self, run: bool) -> None:
        self.happen(Typed(self.new_word(), run))

    @precondition(lambda self: self.by_key)
    @rule()
    def press_or_release(self) -> None:
        self.end_word()
        self.key = not self.key
        self.happen(TalkKey(self.key))

    # The recogniser and the models -------------------------------------------------------------------------

    def mark(self, marks: Marks) -> None:
        """What its host gives it. A word that is cut in two is recognised by neither half."""
        if any(isinstance(mark, EndTurn) for mark in marks):
            self.half = ""
        self.feed += marks

    @precondition(lambda self: bool(self.feed))
    @rule()
    def recognise(self) -> None:
        """It takes in all up to the next mark."""
        while self.feed:
            match self.feed.popleft():
                case Flush():
                    more = any(isinstance(item, Flush) for item in self.feed)
                    self.happen(FinalHeard(" ".join(self.words), self.segment, complete=not more))
                    return
                case EndTurn():
                    self.segment, self.words = self.segment + 1, []
                    return
                case word:
                    self.words.append(word)

    @rule(data=st.data(), half=st.booleans())
    def guess(self, data: st.DataObject, half: bool) -> None:
        """Words of the segment that it is in, the last of them perhaps as it sounds before it is over."""
        while self.feed and isinstance(self.feed[0], str):
            self.words.append(self.feed[0])
            self.feed.popleft()
        known = self.words[: data.draw(st.integers(0, len(self.words)))]
        if known and half:
            known[-1] = "wo~"
        self.happen(PartialHeard(" ".join(known), "", self.segment, "the bot talks on", 9))

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
            if self.deadline >= self.half_until:
                self.end_word()
            before = self.now = max(self.now, self.deadline)
            self.happen(DeadlinePassed())
            assert self.deadline is None or self.deadline > before, "it would never move on"
        self.now = until
        if until >= self.half_until:
            self.end_word()

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
                self.mark(self.boundaries.turn_over())
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
                self.mark(self.boundaries.turn_over())
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
                self.mark(self.boundaries.asked())
            case Mute():
                self.muted = True
                self.speaking = self.paused = False
                if self.half:
                    self.said.remove(self.half)
                self.mark(self.boundaries.deaf())
            case Unmute():
                self.muted = False
            case _:
                pass

    def commit(self, turn: Commit) -> None:
        assert self.turn_open
        assert turn.text
        assert turn.speculated == self.speculating
        self.turn_open = self.speculating = False
        self.committed += turn.text.split()
        self.mark(self.boundaries.turn_over())
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
        if self.speaking and not self.paused:
            self.pause()
        if self.speaking:
            self.stop()
        if self.key:
            self.press_or_release()
        while self.feed:
            self.recognise()
            self.pass_time(0.1)
        self.pass_time(200.0)
        while self.feed:
            self.recognise()
        if self.answering:
            self.finish_answer()
        self.pass_time(100.0)
        assert not self.turn_open
        assert not self.held
        assert not self.speculating
        assert sorted(_bare(self.committed)) == sorted(self.said)


def _bare(words: list[str]) -> list[str]:
    """Without punctuation, and without what was only guessed of half a word."""
    return [word.rstrip(".?,") for word in words if "~" not in word]


Conversation.TestCase.settings = settings(examples(150), stateful_step_count=30)
TestConversation: Any = Conversation.TestCase
