"""The turns processor: runs the turn machine, keeps the conversation, and opens the bot's responses.

It tells the machine what happens (speech, transcripts, predictions, the bot's own activity, timers) and does
what the machine decides. It holds no policy of its own.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from antiphon.context import Context
from antiphon.contexts.truth import Truth
from antiphon.conversation import Conversation
from antiphon.dispatch import Direction, on
from antiphon.frames import (
    BotHeardFrame,
    BotPauseFrame,
    BotResumeFrame,
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    EndFrame,
    EndOfTurnFrame,
    Frame,
    FunctionCallsFrame,
    InputAudioRawFrame,
    InputTextRawFrame,
    InterimTranscriptionFrame,
    LLMContextFrame,
    LLMJudgedFrame,
    LLMMessagesAppendFrame,
    LLMMessagesUpdateFrame,
    LLMPrimeFrame,
    LLMRunFrame,
    LLMSetToolsFrame,
    ResponseEndedFrame,
    ResponseStartedFrame,
    StartFrame,
    STTFlushFrame,
    TalkKeyFrame,
    TranscriptionFrame,
    TTSSpeakFrame,
    TurnDecisionFrame,
    UserMuteStartedFrame,
    UserMuteStoppedFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
    UserUtteranceDismissedFrame,
    VADUserLevelFrame,
    VADUserPausedFrame,
    VADUserResumedFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from antiphon.marks import Mark
from antiphon.processor import Processor
from antiphon.response import Response
from antiphon.services.answers import Answers
from antiphon.services.base import Audio, TurnModel, Warmable
from antiphon.services.filler import Filler, Fillers
from antiphon.services.fulfils import fulfils
from antiphon.services.requests import Budget, Requests
from antiphon.services.speculation import Cap, model_is_local
from antiphon.services.stt_host import PREROLL_SECONDS
from antiphon.services.tool_runner import ToolRunner
from antiphon.tools.tool import Tool
from antiphon.tools.toolbox import Toolbox
from antiphon.turns.events import (
    AskModel,
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
    Prime,
    ReleaseBot,
    Remind,
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
    ToolsRunning,
    TurnMachine,
    Typed,
    Unmute,
)
from antiphon.turns.fluent import FluentTurns
from antiphon.turns.state import Policy
from antiphon.turns.window import AudioWindow

MODEL_SECONDS = 8.0
"""How much of the turn's sound an end-of-turn model gets."""

WORD_SECONDS = 0.03
"""After the end of a word by the ledger, its last packet has left for the user."""

WORD_LOOKS = 100
"""How often the end of a word is looked for: for three seconds at least."""


class Turns(Processor):
    """Decides when to listen, when to answer, when to stop; keeps the conversation.

    `context` is how the conversation starts (instructions, tools); `model` judges the end of a turn from its
    sound; `tools` are the functions that the model may call, `filler` what is said while they run, or the
    model is slow, if nothing else is. `policy` says how to take turns, or another `machine` does it.

    `interruptible` says whether the user may interrupt answers: always, never, or once a mark in them was
    heard (`antiphon.marks`). `budget` keeps requests within so many tokens; `truth` is what the model is told
    of answers that were cut short. `speculate` switches answering in advance on or off, whatever the policy
    says; a Cap switches it on until too much was written in vain; None means on if the language model runs on
    this machine, or the policy says so.
    """

    gives = (LLMContextFrame, UserStartedSpeakingFrame, UserStoppedSpeakingFrame)

    def __init__(
        self,
        context: Context | str | None = None,
        *,
        model: TurnModel | None = None,
        tools: Iterable[Tool | Callable[..., Any]] | Toolbox = (),
        filler: Filler | str = "",
        interruptible: bool | Mark = True,
        budget: Budget | int | None = None,
        truth: Truth = Truth.MARKED,
        speculate: bool | Cap | None = None,
        policy: Policy | None = None,
        machine: TurnMachine[Any] | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        start = Context.of(context) if isinstance(context, str) else context
        self.conversation = Conversation(start, truth=truth)
        self.requests = Requests(self, self.conversation, budget)
        self.fillers = Fillers(self, Filler.of(filler))
        self.model = model
        self.machine: TurnMachine[Any] = machine or FluentTurns(_fitting(policy, model))
        fluent = self.machine if isinstance(self.machine, FluentTurns) else None
        self.judgement = None if fluent is None else fluent.policy.judgement
        self.answers = Answers(
            self,
            self.conversation,
            self.requests,
            self.judgement,
            interruptible=interruptible,
            cap=speculate if isinstance(speculate, Cap) else None,
            begun=self.fillers.committed,
        )
        self._speculate = True if isinstance(speculate, Cap) else speculate
        self._default = self.machine if machine is None else None
        self.state: Any = self.machine.initial()
        self._sound = AudioWindow(MODEL_SECONDS, PREROLL_SECONDS)
        self._timer: asyncio.TimerHandle | None = None
        self._word_end: asyncio.TimerHandle | None = None
        self._prediction: asyncio.Task[None] | None = None
        box = tools if isinstance(tools, Toolbox) else Toolbox(tools)
        self.tools = ToolRunner(self, box, self.conversation, self._go_on, self._tools_running)
        if box.specs:
            self.conversation.set_tools(box.specs)
        self._events: deque[Event] = deque()
        self._bot = BotActive(False)

    def _exclusive(self) -> list[object]:
        return [self] if self.model is None else [self, self.model]

    async def setup(self) -> None:
        self.conversation.attach(self.session.ledger)
        self._set_speculation()
        if fulfils(self.model, Warmable):
            await self.model.warm()

    async def cleanup(self) -> None:
        self._set_timer(None)
        if self._word_end is not None:
            self._word_end.cancel()

    @on(StartFrame)
    def start(self, frame: StartFrame) -> None:
        """Let the model read the instructions before anybody speaks."""
        self.push(LLMPrimeFrame(self.requests.context, self.judgement))
        self._happened(SessionBegan())

    # What happens ----------------------------------------------------------------------------------------

    @on(InputAudioRawFrame)
    def sound(self, frame: InputAudioRawFrame) -> InputAudioRawFrame:
        self._sound.add(frame.audio, frame.sample_rate)
        return frame

    @on(
        VADUserStartedSpeakingFrame,
        VADUserLevelFrame,
        VADUserPausedFrame,
        VADUserResumedFrame,
        VADUserStoppedSpeakingFrame,
    )
    def voice(self, frame: Frame) -> Frame:
        match frame:
            case VADUserStartedSpeakingFrame(ago, level):
                self._sound.begin()
                self._note_bot()
                self._happened(SpeechStarted(ago, *self.answers.saying(), level, self.answers.recent()))
            case VADUserLevelFrame(level):
                self._happened(SpeechMeasured(level))
            case VADUserPausedFrame(quiet, level):
                self._happened(SpeechPaused(quiet, level))
            case VADUserResumedFrame():
                self._sound.begin()
                self._happened(SpeechResumed())
            case VADUserStoppedSpeakingFrame(quiet, level):
                self._happened(SpeechStopped(quiet, level))
            case _:
                pass
        return frame

    @on(InterimTranscriptionFrame)
    def partial(self, frame: InterimTranscriptionFrame) -> InterimTranscriptionFrame:
        (saying, left), recent = self.answers.saying(), self.answers.recent()
        self._happened(PartialHeard(frame.text, frame.stable, frame.segment, saying, left, recent))
        return frame

    @on(TranscriptionFrame)
    def final(self, frame: TranscriptionFrame) -> TranscriptionFrame:
        self._happened(FinalHeard(frame.text, frame.segment, frame.finalized))
        return frame

    @on(EndOfTurnFrame)
    def end_of_turn(self, frame: EndOfTurnFrame) -> EndOfTurnFrame:
        self._happened(EndSignalled(frame.probability))
        return frame

    @on(InputTextRawFrame)
    def typed(self, frame: InputTextRawFrame) -> InputTextRawFrame:
        self._happened(Typed(frame.text, frame.run, frame.audio_response))
        return frame

    @on(TalkKeyFrame)
    def talk_key(self, frame: TalkKeyFrame) -> TalkKeyFrame:
        if frame.down:
            self._sound.begin()
        self._happened(TalkKey(frame.down))
        return frame

    @on(BotStartedSpeakingFrame, BotStoppedSpeakingFrame)
    def bot_voice(self, frame: Frame) -> Frame:
        self._happened(BotVoice(isinstance(frame, BotStartedSpeakingFrame)))
        return frame

    @on(FunctionCallsFrame, direction=Direction.UPSTREAM)
    def calls(self, frame: FunctionCallsFrame) -> FunctionCallsFrame:
        response = self.session.responses.get(frame.response)
        if response is not None:
            self.fillers.called(response)
            self.tools.run(response, frame.calls)
        return frame

    @on(LLMJudgedFrame, direction=Direction.UPSTREAM)
    def judged(self, frame: LLMJudgedFrame) -> None:
        """The model has an opinion of the turn; if nobody waits for it any more, it has to answer."""
        response = self.session.responses.get(frame.response)
        if response is not None and self.answers.ahead(response.id):
            self._happened(ThoughtJudged(frame.wait, frame.aside))
        elif response is not None and frame.wait > 0:
            self.answers.go_on(response)

    @on(ResponseStartedFrame)
    def response_started(self, frame: ResponseStartedFrame) -> ResponseStartedFrame:
        self.answers.started(frame.id)
        self._note_bot()
        return frame

    @on(ResponseEndedFrame)
    def response_ended(self, frame: ResponseEndedFrame) -> list[Frame]:
        if self.answers.ahead(frame.id):
            self._happened(ThoughtJudged(0.0))
        self.answers.ended(frame.id, frame.outcome)
        self.tools.forget(frame.id)
        self.fillers.forget(frame.id)
        message = self.conversation.settle(frame.id, frame.outcome)
        self.requests.tidy()
        self.answers.catch_up()
        self._note_bot()
        if message is None:
            return [frame]
        heard = message.said
        return [BotHeardFrame(frame.id, heard, final=True, generated=message.generated), frame]

    @on(BotHeardFrame)
    def heard(self, frame: BotHeardFrame) -> BotHeardFrame:
        """More was heard: perhaps the answer may be interrupted at the end of this word."""
        if not self._bot.interruptible:
            self._wait_for_word(frame.id, WORD_LOOKS)
        return frame

    def _wait_for_word(self, answer: int, looks: int) -> None:
        wait = self.session.ledger.open(answer).word_left + WORD_SECONDS
        if self._word_end is not None:
            self._word_end.cancel()
            wait = 0.0
        self._word_end = self.session.clock.after(wait, lambda: self._word_over(answer, looks - 1))

    def _word_over(self, answer: int, looks: int) -> None:
        """The word has been heard by now, unless its sound comes slower than it is spoken."""
        self._word_end = None
        self._may_be_interrupted()
        if looks and not self._bot.interruptible and self.session.ledger.open(answer).word_left:
            self._wait_for_word(answer, looks)

    def _may_be_interrupted(self) -> None:
        self.answers.catch_up()
        self._note_bot()

    @on(LLMRunFrame)
    def run(self, frame: LLMRunFrame) -> None:
        self.answer()

    @on(LLMMessagesAppendFrame)
    def append(self, frame: LLMMessagesAppendFrame) -> None:
        self.conversation.append(*frame.messages)
        if frame.run:
            self.answer()

    @on(LLMMessagesUpdateFrame)
    def update(self, frame: LLMMessagesUpdateFrame) -> None:
        self.conversation.replace(frame.messages)
        if frame.run:
            self.answer()

    @on(LLMSetToolsFrame)
    def set_tools(self, frame: LLMSetToolsFrame) -> None:
        self.conversation.set_tools(frame.tools)

    # What is done about it -------------------------------------------------------------------------------

    def _happened(self, event: Event) -> None:
        """Take an event; what a decision causes in turn is taken when the decisions before it are done.

        Machine and answers must agree on whether the bot may be interrupted, else there are two answers.
        """
        if not (self._events or self._bot.interruptible or isinstance(event, BotActive)):
            self._may_be_interrupted()
        self._events.append(event)
        if len(self._events) > 1:
            return
        while self._events:
            try:
                self._take(self._events[0])
            finally:
                self._events.popleft()

    def _take(self, event: Event) -> None:
        step = self.machine.step(self.state, event, self.session.now())
        self.state = step.state
        self._set_timer(step.deadline)
        for decision in step.decisions:
            self._tell(decision)
            self._act(decision)

    def _act(self, decision: Decision) -> None:
        match decision:
            case OpenTurn():
                self.broadcast(UserStartedSpeakingFrame())
            case Commit():
                self._end_turn()
                self.answers.commit(
                    self._kept(decision),
                    run=decision.run,
                    speculated=decision.speculated,
                    audio_response=decision.audio_response,
                )
                self._note_bot()
            case Drop():
                self._end_turn()
            case Interrupt():
                self.answers.interrupt(decision.reason)
                self.broadcast(BotResumeFrame())
            case Speculate():
                self.answers.speculate(decision.text)
            case RollBack():
                self.answers.roll_back(decision.reason)
            case AskModel():
                self._ask_model()
            case _:
                self._act_on_sound(decision)

    def _kept(self, turn: Commit) -> str:
        """What the conversation keeps of a turn."""
        judgement = self.judgement if turn.aside else None
        return turn.text if judgement is None else judgement.noted(turn.text)

    def _act_on_sound(self, decision: Decision) -> None:
        match decision:
            case PauseBot():
                self.broadcast(BotPauseFrame())
            case ReleaseBot():
                self.broadcast(BotResumeFrame())
            case ResumeBot():
                self._sound.end()
                self.broadcast(UserUtteranceDismissedFrame(decision.text, decision.reason))
                self.broadcast(BotResumeFrame())
            case Prime():
                self.push(LLMPrimeFrame(self.requests.with_user(decision.text), self.judgement))
            case FlushHearing():
                self.push(STTFlushFrame(), upstream=True)
            case Mute():
                self.broadcast(UserMuteStartedFrame())
            case Unmute():
                self.broadcast(UserMuteStoppedFrame())
            case Remind():
                self._remind(decision)
            case _:
                raise TypeError(f"the turn machine decided {type(decision).__name__}, which is unknown")

    def _remind(self, reminder: Remind) -> None:
        if reminder.text:
            self.push(TTSSpeakFrame(reminder.text))
        if reminder.end:
            self.push(EndFrame(reminder.reason), upstream=True)

    def _tell(self, decision: Decision) -> None:
        if not isinstance(decision, Prime):
            text = decision.text if isinstance(decision, Commit) else ""
            self.broadcast(TurnDecisionFrame(type(decision).__name__, decision.reason, decision.inputs, text))

    def _end_turn(self) -> None:
        self._sound.end()
        self.broadcast(UserStoppedSpeakingFrame())

    def answer(self) -> None:
        """Answer the conversation as it stands."""
        self.answers.answer()
        self._note_bot()

    def _go_on(self, response: Response) -> None:
        """The results of its tools are in: the answer goes on."""
        self.answers.go_on(response)

    def _tools_running(self, running: bool) -> None:
        self._happened(ToolsRunning(running))

    def _note_bot(self) -> None:
        bot = BotActive(self.answers.active, self.answers.interruptible)
        if bot != self._bot:
            self._bot = bot
            self._happened(bot)

    def _set_speculation(self) -> None:
        """Answer in advance if that was asked for, or, if nothing was, where it costs nobody anything."""
        machine = self.machine
        if not isinstance(machine, FluentTurns):
            return
        wanted = self._speculate
        if wanted is None and machine is self._default:
            wanted = machine.policy.speculate or model_is_local(self)
        if wanted is not None and wanted != machine.policy.speculate:
            self.machine = FluentTurns(msgspec.structs.replace(machine.policy, speculate=wanted))

    def _ask_model(self) -> None:
        if self._prediction is not None:
            self._prediction.cancel()
        if self.model is not None:
            self._prediction = self.spawn_background(self._predict(self.model, Audio(*self._sound.sound())))

    async def _predict(self, model: TurnModel, turn: Audio) -> None:
        prediction = await model.predict(turn)
        self._happened(EndPredicted(prediction.complete))

    def _set_timer(self, deadline: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if deadline is not None:
            self._timer = self.session.clock.at(deadline, self._deadline)

    def _deadline(self) -> None:
        self._timer = None
        self._happened(DeadlinePassed())


def _fitting(policy: Policy | None, model: TurnModel | None) -> Policy:
    """The policy, told whether there is a model to ask."""
    return msgspec.structs.replace(policy or Policy(), has_model=model is not None)
