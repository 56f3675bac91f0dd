"""Which messages belong together: a tool call, its siblings, and their results, wherever these stand.

A result may come late, after the user has spoken again, so that what belongs together need not be adjacent.
Whatever leaves messages out (trimming, summarising) decides by the bond, never by the single message.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from antiphon.context import AssistantMessage, Message, ToolMessage


class Bonds(msgspec.Struct, frozen=True):
    """For each message, by its place: the place of the message it stands or falls with.

    `anchors[i]` is `i` for a message of its own, the place of the call for a result, and None for a result
    whose call is not there. `waiting` holds the places of messages with a call that has no result yet.
    """

    anchors: tuple[int | None, ...]
    waiting: frozenset[int]


def bonds(messages: Sequence[Message]) -> Bonds:
    """Find them. A result belongs to the last message before it that made a call with its id."""
    callers: dict[str, int] = {}
    open_calls: dict[int, set[str]] = {}
    anchors: list[int | None] = []
    for place, message in enumerate(messages):
        anchor: int | None = place
        if isinstance(message, AssistantMessage) and message.tool_calls:
            ids = {call.id for call in message.tool_calls}
            callers |= dict.fromkeys(ids, place)
            open_calls[place] = ids
        elif isinstance(message, ToolMessage):
            anchor = callers.get(message.call_id)
            if anchor is not None:
                open_calls[anchor].discard(message.call_id)
        anchors.append(anchor)
    return Bonds(tuple(anchors), frozenset(place for place, ids in open_calls.items() if ids))
