"""Turn-taking as people do it: pause on overlap, decide after; answer before it is certain. Pure.

- A sound over the bot that lasts for a moment makes it pause (`turns.floor`). A judge says whether it was an
  interruption (the answer is cancelled) or a backchannel, noise, echo or side talk (the bot goes on from the
  exact sample).
- The end of a turn is judged from the sound, the words and this user's own pauses (`turns.ending`).
- When the words are known and the turn is probably over, an answer begins behind a gate. It is let out when
  the turn ends with the same words, and rolled back when the user goes on.

The state is one value; each step is a function of the state, the event and the time. A deadline is computed
from the state, so it can never be forgotten.
"""

from __future__ import annotations

from typing import Any

from antiphon.turns.echoes import holds_echo
from antiphon.turns.ending import looks_unfinished
from antiphon.turns.events import (
    USER_SOUND,
    AskModel,
    BotActive,
    BotVoice,
    Commit,
    DeadlinePassed,
    Drop,
    EndPredicted,
    EndSignalled,
    Event,
    FinalHeard,
    FlushHearing,
    Interrupt,
    OpenTurn,
    PartialHeard,
    Prime,
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
    Step,
    TalkKey,
    ThoughtJudged,
    ToolsRunning,
    Typed,
)
from antiphon.turns.floor import come_closer, evidence, hold, is_far, learn, spoken
from antiphon.turns.hearing import same_words
from antiphon.turns.overlap import Evidence, Finding, words_of
from antiphon.turns.presence import mute, remind
from antiphon.turns.state import Claim, FluentState, Move, Overlap, Phase, Policy, Thought
from antiphon.turns.timing import (
    ROUNDING,
    believed,
    deadline,
    known,
    over,
    overruled,
    thinking,
    thought_due,
    too_long,
    verdict,
)

PRIME_WORDS = 2
"""New stable words that make priming the language model again worthwhile."""

EVEN = 0.5
"""A recogniser that is of two minds about the end: enough to prepare an answer."""


class FluentTurns:
    """The turn machine for conversations. `policy` says how; see `antiphon.turns.rules` for the parts."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.policy = policy or Policy()

    def initial(self) -> FluentState:
        return FluentState()

    def step(self, state: FluentState, event: Event, now: float) -> Step[FluentState]:
        """Take one event."""
        move = Move(state, now)
        mute(self.policy, move)
        if move.state.muted and isinstance(event, USER_SOUND):
            self._overhear(move, event)
        else:
            self._take(move, event)
        self._judge(move)
        self._end(move)
        self._anticipate(move)
        mute(self.policy, move)
        remind(self.policy, move)
        return Step(move.state, tuple(move.decisions), deadline(self.policy, move.state, now))

    # What happened ---------------------------------------------------------------------------------------

    def _take(self, move: Move, event: Event) -> None:
        match event:
            case SpeechStarted() | SpeechResumed() | SpeechPaused() | SpeechStopped():
                if not self.policy.push_to_talk:
                    self._sound(move, event)
            case SpeechMeasured(level):
                move.become(level=level)
            case PartialHeard():
                self._partial(move, event)
            case FinalHeard():
                self._final(move, event)
            case EndPredicted(complete):
                if move.state.phase is Phase.QUIET:
                    move.become(predicted=complete)
            case EndSignalled(probability):
                self._signalled(move, probability)
            case ThoughtJudged():
                self._thought(move, event)
            case BotActive(active, interruptible):
                self._bot(move, active=active, interruptible=interruptible)
            case BotVoice(on):
                move.bot(voice=on)
            case ToolsRunning(running):
                move.bot(tools=running)
            case Typed():
                self._typed(move, event)
            case TalkKey(down):
                self._key(move, down=down)
            case DeadlinePassed() | SessionBegan():
                pass

    def _bot(self, move: Move, *, active: bool, interruptible: bool) -> None:
        before, claim, overlap = move.state.bot, move.state.claim, move.state.overlap
        answers = before.answers + (before.active and not active)
        move.bot(active=active, interruptible=interruptible, answers=answers)
        if before.active and not active:
            move.become(overlap=Overlap.NONE if overlap is Overlap.NONE else Overlap.AFTER)
        if overlap is Overlap.PAUSED and not (active and interruptible):
            move.become(overlap=Overlap.LISTENING if active else Overlap.NONE)
            move.decide(ReleaseBot("the answer is over" if not active else "the answer must be heard"))
        elif active and interruptible and before.active and not before.interruptible:
            if claim is Claim.CANDIDATE:
                move.become(overlap=Overlap.LISTENING)
            elif claim is Claim.TURN:
                move.decide(Interrupt("the user speaks, and the answer may be interrupted now"))

    def _overhear(self, move: Move, event: Event) -> None:
        """The user is muted: only words that were said before count. Until more speech comes, all were."""
        if isinstance(event, SpeechStarted):
            move.become(overheard=True)
        elif isinstance(event, FinalHeard):
            self._final(move, event)

    def _sound(self, move: Move, event: SpeechStarted | SpeechResumed | SpeechPaused | SpeechStopped) -> None:
        phase = move.state.phase
        if not isinstance(event, SpeechResumed) and event.level is not None:
            move.become(level=event.level)
        match event:
            case SpeechStarted() if phase is Phase.IDLE:
                self._start(move, event)
            case SpeechResumed() if phase is Phase.IDLE:
                self._start(move, SpeechStarted(0.0, move.state.saying, move.state.left, move.state.level))
            case SpeechStarted(ago):
                self._go_on(move, ago)
            case SpeechResumed():
                self._go_on(move)
            case SpeechPaused(quiet) if phase is Phase.SPEAKING:
                move.become(phase=Phase.PAUSED, quiet_since=move.now - quiet)
            case SpeechStopped(quiet) if phase in (Phase.SPEAKING, Phase.PAUSED):
                move.become(phase=Phase.QUIET, quiet_since=move.now - quiet, predicted=None, asked=False)
            case _:
                pass

    def _start(self, move: Move, event: SpeechStarted) -> None:
        bot = move.state.bot
        self._reconsider(move)
        move.become(
            phase=Phase.SPEAKING,
            claim=Claim.CANDIDATE,
            overheard=False,
            hearing=move.state.hearing.fresh(),
            spoke_at=move.now - event.ago,
            sound_at=move.now - event.ago,
            level=event.level,
            overlap=Overlap.LISTENING if bot.active else Overlap.NONE,
            saying=event.saying,
            recent=event.recent,
            left=event.left,
            predicted=None,
            asked=False,
            primed="",
        )
        if not bot.active and self.policy.start.at_once:
            self._open(move, "speech was detected")

    def _reconsider(self, move: Move) -> None:
        """The user speaks again: was the end of the last turn only a pause, which is over by now?"""
        ended, pauses = move.state.last_end, move.state.pauses
        if ended is None:
            return
        pause = move.now - ended
        mistaken = pause < self.policy.ending.regret
        move.become(last_end=None, pauses=pauses.mistook(pause) if mistaken else pauses.ended())

    def _go_on(self, move: Move, ago: float = 0.0) -> None:
        state = move.state
        if state.phase is Phase.QUIET and not (state.unheard or state.overruled):
            pause, pauses = move.now - state.quiet_since, state.pauses
            pauses = pauses.mistook(pause) if believed(self.policy, state) else pauses
            move.become(pauses=pauses.observe(pause))
        move.become(
            phase=Phase.SPEAKING,
            sound_at=move.now - ago,
            predicted=None,
            signalled=None,
            asked=False,
            unheard=False,
            overruled=False,
            hearing=state.hearing.unsettled(),
        )
        self._roll_back(move, "the user goes on")

    def _partial(self, move: Move, event: PartialHeard) -> None:
        if move.state.phase is Phase.IDLE and not self._start_unheard(move, event):
            return
        state = move.state
        if not same_words(state.hearing.guess, state.hearing.with_segment(event.segment, event.text)):
            self._more_words(move)
            state = move.state
        move.become(hearing=state.hearing.interim(event.segment, event.text))
        if state.overlapped:
            move.become(saying=event.saying)
        said = state.hearing.with_segment(event.segment, event.stable)
        enough = len(said.split()) >= len(state.primed.split()) + PRIME_WORDS
        if state.claim is Claim.TURN and enough:
            move.become(primed=said)
            move.decide(Prime("more of the turn is certain", text=said))

    def _start_unheard(self, move: Move, event: PartialHeard) -> bool:
        """Words come although no speech was detected: perhaps a turn, if the policy wants that."""
        state = move.state
        if state.bot.active:
            move.become(saying=event.saying, recent=event.recent, left=event.left)
        new = state.hearing.guessed(event.segment, event.text)
        wanted = self.policy.start.unheard and not self.policy.push_to_talk and not state.overheard
        if not (new and wanted):
            return False
        self._start(move, SpeechStarted(0.0, event.saying, event.left, recent=event.recent))
        move.become(phase=Phase.QUIET, quiet_since=move.now, unheard=True, asked=True)
        return True

    def _more_words(self, move: Move) -> None:
        """The guess has changed: an end that was signalled while the user spoke is out of date."""
        state = move.state
        if state.phase is Phase.SPEAKING:
            move.become(signalled=None)
        elif state.overruled:
            self._go_on(move)
        elif state.unheard:
            move.become(signalled=None, quiet_since=move.now, hearing=state.hearing.unsettled())
            self._roll_back(move, "the user goes on")

    def _signalled(self, move: Move, probability: float) -> None:
        """The recogniser's own opinion; if it takes back what it thought, so does the bot."""
        if move.state.phase is not Phase.IDLE:
            move.become(signalled=probability, signalled_at=move.now)
            if probability < EVEN:
                self._roll_back(move, "the recogniser expects more")

    def _thought(self, move: Move, judged: ThoughtJudged) -> None:
        """The language model's opinion of the words that it is answering."""
        state, wait = move.state, judged.wait
        if not state.speculated or state.thought.wait is not None:
            return
        thought = Thought(state.speculated, move.now, wait, judged.aside)
        if judged.aside:
            self._roll_back(move, verdict(thought))
        elif wait > 0:
            self._roll_back(move, f"the language model takes the thought for incomplete and waits {wait:g} s")
        move.become(thought=thought)

    def _final(self, move: Move, event: FinalHeard) -> None:
        state = move.state
        if state.phase is Phase.IDLE:
            self._late(move, event)
            return
        settled = event.complete and state.phase is not Phase.SPEAKING
        move.become(hearing=state.hearing.final(event.segment, event.text, settled=settled))

    def _late(self, move: Move, event: FinalHeard) -> None:
        """Words that nobody waited for any longer: a turn by themselves, unless they are nothing new."""
        state = move.state
        if state.overheard and not state.hearing.due(event.segment):
            return
        text = state.hearing.unanswered(event.segment, event.text)
        after = state.hearing.after_late(event.segment, event.text)
        move.become(hearing=after)
        if not text:
            return
        far = is_far(self.policy, state, text, 0.0)
        heard = Evidence(text, True, 0.0, 0.0, state.saying, state.left, far=far, recent=state.recent)
        finding = self.policy.judge.judge(heard)
        if finding is Finding.ECHO:
            return
        if state.bot.active:
            if finding is not Finding.INTERRUPTION:
                return
            move.decide(Interrupt("words came late"))
        reason = "words came after their turn had ended"
        move.become(reminded=0)
        move.decide(OpenTurn(reason))
        move.decide(Commit(reason, text=text))

    def _typed(self, move: Move, event: Typed) -> None:
        reason = "the user typed"
        state = move.state
        if event.run and state.bot.active:
            move.decide(Interrupt(reason))
        elif state.overlap is Overlap.PAUSED:
            move.decide(ReleaseBot(f"{reason}, and wants no answer"))
        typed = {"typed": event.text}
        if state.claim is not Claim.TURN:
            move.decide(OpenTurn(reason, typed))
        self._roll_back(move, reason)
        text = " ".join(part for part in (state.hearing.best, event.text) if part)
        self._close(move)
        move.decide(Commit(reason, typed, text=text, run=event.run, audio_response=event.audio_response))

    def _key(self, move: Move, *, down: bool) -> None:
        is_turn = move.state.claim is Claim.TURN
        if down and is_turn:
            self._go_on(move)
        elif down:
            if move.state.bot.active:
                move.decide(Interrupt("the talk key was pressed"))
            hearing = move.state.hearing.fresh()
            move.become(phase=Phase.SPEAKING, hearing=hearing, spoke_at=move.now, predicted=None)
            self._open(move, "the talk key was pressed")
        elif is_turn:
            move.become(phase=Phase.QUIET, quiet_since=move.now, predicted=1.0, asked=True)
            move.decide(FlushHearing("the talk key was released"))
        elif move.state.key:
            move.decide(FlushHearing("the talk key was released; its turn had ended before"))
        move.become(key=down)

    # What it means ---------------------------------------------------------------------------------------

    def _judge(self, move: Move) -> None:
        """Is the candidate a turn?"""
        state = move.state
        if state.claim is not Claim.CANDIDATE:
            return
        if state.overlapped:
            self._judge_overlap(move)
            return
        words, seconds = state.hearing.best, spoken(state, move.now)
        if state.overlap is Overlap.AFTER and self._returned(move):
            return
        if self.policy.start.opens(words, seconds):
            self._open(move, "the start rule is met")
        elif state.phase is Phase.QUIET and (known(self.policy, state, move.now)):
            self._dismiss(move, "the start rule is not met")

    def _judge_overlap(self, move: Move) -> None:
        state = move.state
        known = evidence(self.policy, state, move.now)
        finding = self.policy.judge.judge(known)
        inputs = {"words": known.words, "speech": round(known.speech, 3), "left": state.left}
        match finding:
            case Finding.INTERRUPTION:
                if state.bot.interruptible:
                    move.decide(Interrupt("the user interrupts", inputs))
                come_closer(self.policy, move)
                move.become(
                    echoing=state.echoing or holds_echo(words_of(known.words), words_of(known.saying))
                )
                self._open(move, "an interruption")
            case Finding.UNSURE | Finding.LIKELY | Finding.UNLIKELY:
                hold(self.policy, move, finding)
            case _:
                move.become(echoing=state.echoing or finding is Finding.ECHO)
                self._dismiss(move, finding.value, inputs)

    def _returned(self, move: Move) -> bool:
        """The answer that the sound began over has ended: whether it is the echo of that, or may be."""
        finding = self.policy.judge.judge(evidence(self.policy, move.state, move.now))
        if finding is Finding.ECHO:
            move.become(echoing=True)
            self._dismiss(move, finding.value)
        return finding in (Finding.ECHO, Finding.UNSURE, Finding.UNLIKELY)

    def _open(self, move: Move, reason: str) -> None:
        move.become(claim=Claim.TURN, overlap=Overlap.NONE, speculations=0)
        move.decide(OpenTurn(reason))

    def _dismiss(self, move: Move, reason: str, inputs: dict[str, Any] | None = None) -> None:
        text = move.state.hearing.best
        self._close(move)
        move.decide(ResumeBot(reason, inputs or {}, text=text))

    def _anticipate(self, move: Move) -> None:
        """The words are known, the end is not: begin to answer, or at least let the model read them."""
        policy, state, text = self.policy, move.state, move.state.hearing.best
        waiting = state.claim is Claim.TURN and state.phase is not Phase.SPEAKING
        likely = state.signalled is not None and state.signalled >= EVEN
        certain = state.hearing.settled or (policy.speculate and (policy.eager or likely))
        if not waiting or not certain or not text or same_words(text, state.speculated):
            return
        if thinking(policy, state):
            return
        doubtful = looks_unfinished(text, policy.language) or (state.signalled is not None and not likely)
        if policy.speculate and not doubtful and state.speculations < policy.max_speculations:
            self._roll_back(move, "the words have changed")
            self._speculate(move, text)
        elif text != state.primed:
            move.become(primed=text)
            move.decide(Prime("these are probably all the words", text=text))

    def _speculate(self, move: Move, text: str) -> None:
        thought = Thought(text, move.now)
        move.become(speculated=text, speculations=move.state.speculations + 1, thought=thought)
        move.decide(Speculate("these are probably all the words", text=text))

    def _roll_back(self, move: Move, reason: str) -> None:
        move.become(thought=Thought())
        if move.state.speculated:
            move.become(speculated="")
            move.decide(RollBack(reason))

    def _end(self, move: Move) -> None:
        """Is the turn over?"""
        state = move.state
        if state.claim is not Claim.TURN:
            return
        policy = self.policy
        if too_long(policy, state, move.now):
            self._commit(move, f"nobody may speak for more than {policy.monologue:g} s")
            if state.phase is Phase.SPEAKING:
                move.decide(FlushHearing("the turn has ended in the middle of speech"))
            return
        if state.phase is Phase.SPEAKING:
            if not overruled(policy, state, move.now):
                return
            self._overrule(move)
            state = move.state
        reason = over(policy, state, move.now)
        if reason is not None and known(policy, state, move.now):
            self._finish(move, reason)
        elif state.phase is Phase.QUIET and policy.has_model and not state.asked:
            move.become(asked=True)
            quiet = round(move.now - state.quiet_since, 3)
            move.decide(AskModel("speech has stopped", {"quiet": quiet}))

    def _overrule(self, move: Move) -> None:
        """What is still detected is taken for noise: whatever words there are, let them be finalised."""
        since = move.state.signalled_at
        move.become(phase=Phase.QUIET, quiet_since=since, predicted=None, asked=True, overruled=True)
        move.decide(FlushHearing("the recogniser heard the end of the turn; sound goes on"))

    def _finish(self, move: Move, reason: str) -> None:
        """The turn is over, unless the language model is to be asked and thinks otherwise."""
        state, text = move.state, move.state.hearing.best
        asked = self.policy.judgement is not None and not self.policy.push_to_talk and bool(text)
        if asked and not same_words(text, state.thought.text):
            self._roll_back(move, "the words have changed")
            self._speculate(move, text)
        elif not asked or not thinking(self.policy, state):
            self._commit(move, reason)
        elif state.thought.aside or move.now >= thought_due(self.policy, state) - ROUNDING:
            self._commit(move, f"{reason}; {verdict(state.thought)}", aside=state.thought.aside)

    def _commit(self, move: Move, reason: str, *, aside: bool = False) -> None:
        state = move.state
        text = state.hearing.best
        inputs: dict[str, Any] = {
            "quiet": round(move.now - state.quiet_since, 3),
            "predicted": state.predicted,
            "signalled": state.signalled,
            "settled": state.hearing.settled,
        }
        speculated = bool(state.speculated) and same_words(text, state.speculated)
        if not speculated:
            self._roll_back(move, "the turn ended with other words")
        self._close(move)
        if text and not state.unheard:
            learn(self.policy, move, state.quiet_since - state.spoke_at)
        judged = state.phase is Phase.QUIET and bool(text) and not state.unheard
        move.become(reminded=0, last_end=state.quiet_since if judged else None)
        if text:
            told = Commit(reason, inputs, text=text, run=not aside, speculated=speculated, aside=aside)
            move.decide(told)
        else:
            move.decide(Drop(f"{reason}; no words were recognised", inputs))

    def _close(self, move: Move) -> None:
        """Nothing is being said any more."""
        move.become(
            phase=Phase.IDLE,
            claim=Claim.NONE,
            overlap=Overlap.NONE,
            hearing=move.state.hearing.after_turn(again=move.state.overruled or self.policy.push_to_talk),
            predicted=None,
            signalled=None,
            unheard=False,
            overruled=False,
            speculated="",
            thought=Thought(),
        )
