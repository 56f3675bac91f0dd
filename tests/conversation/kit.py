"""What the tests of the conversation share."""

from __future__ import annotations

from antiphon.context import AssistantMessage, UserMessage
from antiphon.testing import Call
from antiphon.text.speech import said_text, speakable

reports: list[str] = []
"""Lines for the end of the test run."""

SEEDS = (None, 1, 2, 3)
"""Orders of ready tasks in which a call is held."""


def plain(text: str | None) -> str:
    """Words with one space between them."""
    return " ".join((text or "").split())


def spoken(text: str) -> str:
    """The words as a voice says them: numbers spelt out."""
    return said_text(speakable(text))


def user_texts(call: Call) -> list[str]:
    return [message.text for message in call.messages if isinstance(message, UserMessage)]


def answers(call: Call) -> list[AssistantMessage]:
    return [message for message in call.messages if isinstance(message, AssistantMessage)]


def check_call(call: Call) -> None:
    """What holds of every call: nothing left behind, truth about what was heard, turns that end once."""
    assert call.leftover == ()
    assert call.result.late == ()
    check_heard(call)
    check_turns(call)
    check_pace(call)


def check_heard(call: Call) -> None:
    """Contract, line 8: `heard` is a prefix of `generated`, and the recording holds exactly those words."""
    for message in answers(call):
        assert message.generated.startswith(message.said)
    believed = " ".join(spoken(message.said) for message in answers(call) if plain(message.said))
    assert believed == call.bot_text


def check_turns(call: Call) -> None:
    """Turns open and end by turns, each once; nothing is committed without an open turn."""
    is_open = False
    for _, frame in call.decisions:
        if frame.decision == "OpenTurn":
            assert not is_open
            is_open = True
        elif frame.decision in ("Commit", "Drop"):
            assert is_open
            is_open = False


def check_pace(call: Call) -> None:
    """Packets are never closer to each other than they are long."""
    packet = len(call.packets[0].pcm) / 2 / call.rate if call.packets else 0
    for first, second in zip(call.packets, call.packets[1:], strict=False):
        assert second.at - first.at >= packet - 1e-6

