"""The language model's own judgement: it may say, instead of an answer, that no answer is due yet, or at all.

A request can carry a `Judgement`. The model is then told that it may begin its answer with a mark that means
"the user is probably not done: wait" or, if that is wanted, "this was said to somebody else". The host reads
the mark off the first characters and takes it out; an answer without one costs no time, because nothing is
held back that cannot be the beginning of a mark. The instructions are added to the request alone: neither
they nor the marks ever reach the conversation.

Use it with models that follow instructions well. Measured with 40 finished and 40 unfinished sentences, a
0.5B model (qwen2.5-coder-0.5b-instruct, 4 bit, at temperature 0) waited after 3 of the finished ones and
after 5 of the unfinished ones, a 135M model (smollm2) after none of either: for them the instructions are of
no use. What small models do know is whether a sentence could end here:
`antiphon.services.local.ThoughtJudge` asks that. Of 20 remarks to others the 0.5B model marked 5, and 2 of
20 requests to the bot; asked about nothing else (`instructions` that only say where the user is) 15 and 4.
The 135M model marked none.
"""

from __future__ import annotations

import msgspec

from antiphon.context import Context, SystemMessage

_INSTRUCTIONS = """The user speaks, and you get their words as soon as they fall silent, perhaps too early.
If the user's last words are a complete thought, or can be answered as they are, just answer.
If they clearly break off in the middle of a thought, write {short} and nothing else.
If the user asks for time, or is thinking about something long, write {long} and nothing else."""

_ASIDE = """If the user's last words are not meant for you but for somebody else who is there,
write {aside} and nothing else."""

_INSISTENCE = "Answer now, even if the user's last words look incomplete."


class Mark(msgspec.Struct, frozen=True):
    """What the model writes instead of an answer, and for how many seconds the user is then waited for.

    `aside`: the words were for somebody else, and get no answer.
    """

    text: str
    wait: float
    aside: bool = False


class Judgement(msgspec.Struct, frozen=True):
    """How the model may say that it is too early to answer, or that it was not spoken to.

    `instructions` tells it how, with the places `{short}` and `{long}` for the marks. `aside` is the mark of
    words that were meant for somebody else, such as "<not me>"; empty: the model is not asked. Such a turn
    is not answered, and the conversation keeps it as `note` says, with the place `{words}`. Nobody waits
    longer than `patience` seconds for the verdict. `insist` is a request that must be answered: marks mean
    nothing in it, and are taken out all the same.
    """

    short: Mark = Mark("<wait>", 2.5)
    long: Mark = Mark("<wait long>", 7.0)
    instructions: str = _INSTRUCTIONS
    aside: str = ""
    note: str = "(to somebody else) {words}"
    patience: float = 5.0
    insist: bool = False

    @property
    def marks(self) -> tuple[Mark, ...]:
        aside = (Mark(self.aside, 0.0, aside=True),) if self.aside else ()
        return self.short, self.long, *aside

    def noted(self, words: str) -> str:
        """What the conversation keeps of words that were meant for somebody else."""
        return self.note.replace("{words}", words)

    def insisting(self) -> Judgement:
        """The same, but an answer must be given."""
        return msgspec.structs.replace(self, insist=True)

    def instruct(self, context: Context) -> Context:
        """The context with the instructions, after those of the developer."""
        text = _INSISTENCE if self.insist else self._told
        first = context.messages[0] if context.messages else None
        if not isinstance(first, SystemMessage):
            return context.with_messages((SystemMessage(text), *context.messages))
        joined = SystemMessage(f"{first.text}\n\n{text}")
        return context.with_messages((joined, *context.messages[1:]))

    def untold(self, context: Context) -> Context | None:
        """The context as it was before `instruct`; None if the model is told nothing of this there."""
        first = context.messages[0] if context.messages else None
        if not isinstance(first, SystemMessage) or not first.text.endswith(self._told):
            return None
        before = first.text.removesuffix(self._told).rstrip()
        kept = (SystemMessage(before),) if before else ()
        return context.with_messages((*kept, *context.messages[1:]))

    @property
    def _told(self) -> str:
        text = f"{self.instructions}\n{_ASIDE}" if self.aside else self.instructions
        for place, mark in (("short", self.short.text), ("long", self.long.text), ("aside", self.aside)):
            text = text.replace(f"{{{place}}}", mark)
        return text


class MarkReader:
    """Reads one answer piece by piece, and takes the mark out of its beginning.

    `verdict` is None until it is known, then the mark, or `ANSWER` if there was none. Marks are known in any
    case, and after white space.
    """

    def __init__(self, judgement: Judgement) -> None:
        self.verdict: Mark | None = None
        self._marks = judgement.marks
        self._insist = judgement.insist
        self._held = ""

    def feed(self, text: str) -> str:
        """The next characters of the answer; returns those that may be passed on."""
        if self.verdict is not None:
            return text if self.verdict is ANSWER else ""
        self._held += text
        while (mark := self._mark()) is not None:
            if not self._insist:
                self.verdict, self._held = mark, ""
                return ""
            self._held = self._held.lstrip()[len(mark.text) :].lstrip()
        start = self._held.lstrip().casefold()
        if not start or any(mark.text.casefold().startswith(start) for mark in self._marks):
            return ""
        return self.finish()

    def finish(self) -> str:
        """There is no mark, and there will be none: returns what was held back."""
        if self.verdict is None:
            self.verdict = ANSWER
        held, self._held = self._held, ""
        return held

    def _mark(self) -> Mark | None:
        start = self._held.lstrip().casefold()
        return next((mark for mark in self._marks if start.startswith(mark.text.casefold())), None)


ANSWER = Mark("", 0.0)
"""The verdict that there is nothing to wait for."""
