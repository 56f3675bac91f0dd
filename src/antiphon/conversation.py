"""The conversation: messages in order, the bot's own read off the playout ledger.

While an answer is under way its place is kept; whoever asks for the context sees what of it has been heard up
to now. When it has ended, it becomes an `AssistantMessage` for good.
"""

from __future__ import annotations

from collections.abc import Iterable

from antiphon.context import (
    AssistantMessage,
    Context,
    Message,
    ToolCall,
    ToolMessage,
    ToolSpec,
    UserMessage,
)
from antiphon.frames import Outcome
from antiphon.ledger import Ledger


class _Answer:
    """The place of an answer that is under way, or of the part of it up to some tool calls."""

    __slots__ = ("calls", "end", "response", "start")

    def __init__(self, response: int, start: int = 0) -> None:
        self.response = response
        self.start = start
        self.end: int | None = None
        self.calls: tuple[ToolCall, ...] = ()


class Conversation:
    """What was said, by whom, and heard."""

    def __init__(self, context: Context | None = None) -> None:
        start = context or Context()
        self._entries: list[Message | _Answer] = list(start.messages)
        self._tools = start.tools
        self._ledger = Ledger()

    def attach(self, ledger: Ledger) -> None:
        """Read the bot's words off this ledger from now on."""
        self._ledger = ledger

    def append(self, *messages: Message) -> None:
        self._entries.extend(messages)

    def replace(self, messages: Iterable[Message]) -> None:
        """Put other messages in the place of all."""
        self._entries = list(messages)

    def set_tools(self, tools: Iterable[ToolSpec]) -> None:
        self._tools = tuple(tools)

    def begin_answer(self, response: int) -> None:
        """Keep a place for the answer that this response will give."""
        if not any(isinstance(entry, _Answer) and entry.response == response for entry in self._entries):
            self._entries.append(_Answer(response))

    def add_calls(self, response: int, calls: tuple[ToolCall, ...]) -> None:
        """The answer asks for tools: its next part will come after their results."""
        answer = next((entry for entry in reversed(self._entries) if _is_answer(entry, response)), None)
        playout = self._ledger.open(response)
        if isinstance(answer, _Answer):
            answer.end, answer.calls = len(playout.generated), calls

    def add_results(self, response: int, results: Iterable[ToolMessage]) -> None:
        """All results are in: the answer goes on after them."""
        for index in reversed(range(len(self._entries))):
            entry = self._entries[index]
            if isinstance(entry, _Answer) and entry.response == response:
                self._entries[index + 1 : index + 1] = [*results, _Answer(response, entry.end or 0)]
                return

    def settle(self, response: int, outcome: Outcome) -> AssistantMessage | None:
        """The response has ended: put what it said in its place. Returns all of it, None if nothing."""
        playout = self._ledger.get(response)
        known = any(_is_answer(entry, response) for entry in self._entries)
        wanted = outcome is not Outcome.ROLLED_BACK
        settled = (
            (self._message(entry, outcome) if wanted else None)
            if isinstance(entry, _Answer) and entry.response == response
            else entry
            for entry in self._entries
        )
        self._entries = [entry for entry in settled if entry is not None]
        if not known or not wanted or playout is None or not playout.generated:
            return None
        return AssistantMessage(playout.generated, playout.heard, outcome in _CUT)

    @property
    def context(self) -> Context:
        """The conversation as it stands, for the language model.

        An answer that is still being given counts as written: what has not been heard of it is about to be.
        Once it is cut short, only what was heard counts.
        """
        messages = (self._message(e, live=True) if isinstance(e, _Answer) else e for e in self._entries)
        return Context(tuple(m for m in messages if m is not None and not _silent(m)), self._tools)

    @property
    def messages(self) -> tuple[Message, ...]:
        """Everything, answers that nobody heard included."""
        messages = (self._message(e) if isinstance(e, _Answer) else e for e in self._entries)
        return tuple(message for message in messages if message is not None)

    def with_user(self, text: str) -> Context:
        """The context if the user said this next."""
        return self.context.append(UserMessage.of(text))

    def _message(
        self, entry: _Answer, outcome: Outcome | None = None, *, live: bool = False
    ) -> AssistantMessage | None:
        playout = self._ledger.get(entry.response)
        if playout is None:
            return None
        part = slice(entry.start, entry.end)
        generated = playout.generated[part]
        if not generated and not entry.calls:
            return None
        heard = playout.heard
        if heard is None or (live and not playout.cut):
            return AssistantMessage(generated, None, tool_calls=entry.calls)
        cut = outcome in _CUT and len(heard) < len(playout.generated[: entry.end])
        return AssistantMessage(generated, heard[part], cut, entry.calls)


_CUT = (Outcome.INTERRUPTED, Outcome.FAILED)


def _is_answer(entry: Message | _Answer, response: int) -> bool:
    return isinstance(entry, _Answer) and entry.response == response


def _silent(message: Message) -> bool:
    return isinstance(message, AssistantMessage) and not message.said.strip() and not message.tool_calls
