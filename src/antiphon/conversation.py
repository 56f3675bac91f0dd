"""The conversation: messages in order, the bot's own read off the playout ledger.

While an answer is under way its place is kept; whoever asks for the context sees what of it has been heard up
to now. When it has ended, it becomes an `AssistantMessage` for good.
"""

from __future__ import annotations

from collections.abc import Iterable

from antiphon.context import AssistantMessage, Context, Message, ToolSpec, UserMessage
from antiphon.frames import Outcome
from antiphon.ledger import Ledger


class _Answer:
    """The place of an answer that is under way."""

    __slots__ = ("response",)

    def __init__(self, response: int) -> None:
        self.response = response


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

    def settle(self, response: int, outcome: Outcome) -> AssistantMessage | None:
        """The response has ended: put what it said in its place. None if it said nothing."""
        for index, entry in enumerate(self._entries):
            if isinstance(entry, _Answer) and entry.response == response:
                message = None if outcome is Outcome.ROLLED_BACK else self._message(entry, outcome)
                self._entries[index : index + 1] = [message] if message is not None else []
                return message
        return None

    @property
    def context(self) -> Context:
        """The conversation as it stands, for the language model."""
        messages = (self._message(e) if isinstance(e, _Answer) else e for e in self._entries)
        return Context(tuple(m for m in messages if m is not None and not _silent(m)), self._tools)

    @property
    def messages(self) -> tuple[Message, ...]:
        """Everything, answers that nobody heard included."""
        messages = (self._message(e) if isinstance(e, _Answer) else e for e in self._entries)
        return tuple(message for message in messages if message is not None)

    def with_user(self, text: str) -> Context:
        """The context if the user said this next."""
        return self.context.append(UserMessage.of(text))

    def _message(self, entry: _Answer, outcome: Outcome | None = None) -> AssistantMessage | None:
        playout = self._ledger.get(entry.response)
        if playout is None or not playout.generated:
            return None
        interrupted = outcome in (Outcome.INTERRUPTED, Outcome.FAILED)
        return AssistantMessage(playout.generated, playout.heard, interrupted)


def _silent(message: Message) -> bool:
    return isinstance(message, AssistantMessage) and not message.said.strip() and not message.tool_calls
