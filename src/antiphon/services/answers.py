"""The bot's answers as `Turns` starts and stops them: certain ones, and those behind the gate."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from antiphon.context import Context, UserMessage
from antiphon.conversation import Conversation
from antiphon.frames import InterruptionFrame, LLMContextFrame, LLMPrimeFrame, Outcome, TurnDecisionFrame
from antiphon.judgement import Judgement
from antiphon.marks import Mark
from antiphon.processor import Processor
from antiphon.response import Response
from antiphon.services.requests import Requests
from antiphon.services.speculation import Cap, Waste

SAYING_CHARACTERS = 120
"""How much of the bot's words, before and after this moment, an echo is looked for in."""

RECENT_SECONDS = 2.0
RECENT_CHARACTERS, AHEAD_CHARACTERS = 30, 15
"""About two seconds of speech, and one."""


class _Last(NamedTuple):
    """The end of an answer that is over, and since when."""

    at: float
    words: str


class _Due(NamedTuple):
    """An answer that the user waits for, and the responses that must be over before it."""

    after: frozenset[int]
    audio_response: bool


def _nothing(response: Response) -> None:
    """Nobody wants to know."""


class Answers:
    """Opens responses on behalf of one processor and knows which are live.

    With a `judgement`, what is answered in advance may be judged incomplete by the model instead. `cap`
    limits what is written in vain. `interruptible` may be a mark that must be heard of each answer first.
    What the user says over an answer that may not be interrupted is answered when that is over. `begun` is
    told of each answer when it is certain.
    """

    def __init__(
        self,
        processor: Processor,
        conversation: Conversation,
        requests: Requests,
        judgement: Judgement | None = None,
        *,
        interruptible: bool | Mark = True,
        cap: Cap | None = None,
        begun: Callable[[Response], None] = _nothing,
    ) -> None:
        self.waste = Waste()
        self.capped = False
        self._processor = processor
        self._conversation = conversation
        self._requests = requests
        self._judgement = judgement
        self._interruptible = interruptible
        self._cap = cap or Cap()
        self._begun = begun
        self._ahead: Response | None = None
        self._read: dict[int, list[Context]] = {}
        self._active: dict[int, Response] = {}
        self._due: _Due | None = None
        self._last: _Last | None = None

    # Starting and stopping -------------------------------------------------------------------------------

    def answer(self, *, audio_response: bool = True) -> None:
        """Answer the conversation as it stands, aloud unless told otherwise: nothing else is due then."""
        self._due = None
        context = self._requests.context
        with self._processor.respond(interruptible=self._interruptible) as response:
            self._conversation.begin_answer(response.id)
            self._active[response.id] = response
            self._begun(response)
            self._push(context, response, audio_response=audio_response)

    def speculate(self, text: str) -> None:
        """Begin to answer `text`, behind the gate, as if the user had said it; or let the model only read it.

        It is only read over an answer that must be heard first, and when too much was written in vain.
        """
        self.roll_back("another speculation")
        context = self._requests.with_user(text)
        if self._judgement is None and (self.capped or not self.interruptible):
            self._processor.push(LLMPrimeFrame(context))
            return
        with self._processor.respond(interruptible=self._interruptible, gated=True) as response:
            self._ahead = response
            self._read[response.id] = [context]
            self._conversation.begin_draft(response.id, text)
            frame = LLMContextFrame(context, judgement=self._judgement, response=response.id)
            self._processor.push(frame)

    def commit(self, text: str, *, run: bool, speculated: bool, audio_response: bool = True) -> None:
        """The user has said this. Let the waiting answer out, or answer now."""
        ahead = self._ahead
        if run and speculated and ahead is not None and ahead.live and self.interruptible:
            self._ahead = self._due = None
            self._conversation.adopt(ahead.id, text)
            self._active[ahead.id] = ahead
            self._begun(ahead)
            ahead.commit()
            return
        self._conversation.append(UserMessage.of(text))
        self.roll_back("another answer is given")
        if run and not self.interruptible:
            first = frozenset(n for n, response in self._active.items() if not response.interruptible)
            self._due = _Due(first, audio_response)
        elif run:
            self.answer(audio_response=audio_response)

    def catch_up(self) -> None:
        """Something was heard, or is over: answer what the user said while they could not interrupt."""
        due = self._due
        if due is None or self._processor.session.closed:
            return
        first = [response for number, response in self._active.items() if number in due.after]
        if not first:
            self.answer(audio_response=due.audio_response)
        for response in first:
            if response.interruptible:
                response.cancel(reason="the user has spoken meanwhile")

    def roll_back(self, reason: str) -> None:
        """Undo the answer behind the gate, if there is one."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            ahead.cancel(Outcome.ROLLED_BACK, reason)

    def ahead(self, number: int) -> bool:
        """Whether this is the answer behind the gate."""
        return self._ahead is not None and self._ahead.id == number

    def go_on(self, response: Response) -> None:
        """The model has to answer the conversation as it stands by now, in this response."""
        context = self._requests.of(response.id)
        if response.gated:
            self._read.setdefault(response.id, []).append(context)
        self._push(context, response)

    def _push(self, context: Context, response: Response, *, audio_response: bool = True) -> None:
        judgement = None if self._judgement is None else self._judgement.insisting()
        self._processor.push(LLMContextFrame(context, audio_response, judgement, response=response.id))

    def interrupt(self, reason: str) -> None:
        """Cancel all answers that may be interrupted."""
        self._processor.session.responses.cancel_all(reason=reason)
        self._processor.broadcast(InterruptionFrame(reason))

    # What others do --------------------------------------------------------------------------------------

    def started(self, number: int) -> None:
        """Somebody else has begun to answer: a greeting, an announcement."""
        response = self._processor.session.responses.get(number)
        if response is not None and not response.gated:
            self._conversation.begin_answer(number)
            self._active[number] = response

    def ended(self, number: int, outcome: Outcome) -> None:
        """A response is over."""
        active = self._active.pop(number, None)
        playout = self._processor.session.ledger.get(number)
        if active is not None and playout is not None and playout.heard:
            self._last = _Last(self._processor.session.now(), playout.heard[-RECENT_CHARACTERS:])
        read = self._read.pop(number, [])
        if outcome is Outcome.ROLLED_BACK:
            self._wasted(number, read)

    def _wasted(self, number: int, read: list[Context]) -> None:
        playout = self._processor.session.ledger.get(number)
        self.waste.add(playout.generated if playout is not None else "", read)
        reason = "" if self.capped or self._judgement is not None else self._cap.exceeded(self.waste)
        if reason:
            self.capped = True
            inputs = {"answers": self.waste.answers, "characters": self.waste.characters}
            self._processor.broadcast(TurnDecisionFrame("StopSpeculating", reason, inputs))

    # Looking ---------------------------------------------------------------------------------------------

    @property
    def active(self) -> bool:
        return bool(self._active)

    @property
    def interruptible(self) -> bool:
        """Whether everything that is being answered may be interrupted."""
        return all(response.interruptible for response in self._active.values())

    def saying(self) -> tuple[str, int | None]:
        """The bot's words around this moment, and how many it still has to say (None: not known)."""
        around, left, known = "", 0, True
        for number, response in self._active.items():
            playout = self._processor.session.ledger.get(number)
            known = known and not response.tasks
            if playout is None:
                continue
            heard = len(playout.heard or "")
            start = max(0, heard - SAYING_CHARACTERS)
            around += playout.generated[start : heard + SAYING_CHARACTERS]
            left += len(playout.generated[heard:].split())
        return around, left if known else None

    def recent(self) -> str:
        """The bot's words of about the last `RECENT_SECONDS`, and those it is just saying."""
        now, just = self._processor.session.now(), ""
        if self._last is not None and now - self._last.at <= RECENT_SECONDS:
            just = self._last.words
        for number in self._active:
            playout = self._processor.session.ledger.get(number)
            if playout is not None:
                heard = len(playout.heard or "")
                just += " " + playout.generated[max(0, heard - RECENT_CHARACTERS) : heard + AHEAD_CHARACTERS]
        return just.strip()
