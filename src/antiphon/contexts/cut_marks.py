"""The mark of an interruption: how the model learns that its answer was cut short, and where.

The model gets the words that were heard and then the mark. The default is a dash, the way that writing shows
a speaker who is cut off. Models imitate what they see in their own earlier answers: an imitated dash is
silent when it is spoken, an imitated "[interrupted]" is read out.
"""

from __future__ import annotations

from msgspec.structs import replace

from antiphon.context import AssistantMessage, Context, Message

CUT_MARK = " —"
"""Goes behind the last word that was heard."""


def for_model(context: Context, mark: str = CUT_MARK) -> Context:
    """The context with every interrupted answer as the model is to see it: what was heard, and `mark`.

    An empty `mark` leaves the words alone. An answer that was heard to its end gets no mark, nor does one of
    which nothing was heard. Marked answers are no longer `interrupted`, so a second call changes nothing:
    whoever wants another mark calls this before a service does.
    """
    if not any(_is_interrupted(message) for message in context.messages):
        return context
    return context.with_messages(_marked(message, mark) for message in context.messages)


def _is_interrupted(message: Message) -> bool:
    return isinstance(message, AssistantMessage) and message.interrupted


def _marked(message: Message, mark: str) -> Message:
    if not isinstance(message, AssistantMessage) or not message.interrupted:
        return message
    words = message.said.rstrip()
    whole = message.heard is not None and words == message.generated.rstrip()
    text = message.said if whole or not words else words + mark
    return replace(message, generated=text, heard=None, interrupted=False)
