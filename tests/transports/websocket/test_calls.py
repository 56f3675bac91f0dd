"""Whole calls over both WebSocket protocols, in virtual time: what the peer hears, and how it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from antiphon.clock import run_virtual
from antiphon.context import AssistantMessage
from antiphon.pipeline import Pipeline
from antiphon.rtvi import RTVI
from antiphon.server.call import hold_call
from antiphon.services.turns import Turns
from antiphon.session import Ended, Session, SessionResult
from antiphon.testing import FakeLLM, FakeSTT, FakeTTS, FakeTurnModel, FakeVAD
from antiphon.testing.sockets import memory_sockets
from antiphon.testing.websocket_peers import PlainPeer, ProtobufPeer
from antiphon.transports.websocket.plain import Hello, PlainWire
from antiphon.transports.websocket.protobuf import ProtobufWire
from antiphon.transports.websocket.transport import WebSocketTransport

LONG = "Once upon a time there was a small robot that liked to talk with people all day long."


class Line:
    """A bot at one end of a connection, whoever at the other."""

    def __init__(self, answer: str = LONG, hello: Hello | None = None, window: int = 16) -> None:
        here, there = memory_sockets(delay=0.02, window=window)
        wire = ProtobufWire() if hello is None else PlainWire(hello)
        rtvi = RTVI() if hello is None or hello.rtvi else None
        self.transport = WebSocketTransport(here, wire, rtvi=rtvi)
        self.session = Session(transport=self.transport)
        self.turns = Turns("Be brief.", model=FakeTurnModel())
        self.llm = FakeLLM(otherwise=answer)
        self.peer = ProtobufPeer(there) if hello is None else PlainPeer(there)
        self.call = asyncio.create_task(hold_call(self.bot, self.session, self.transport))

    async def bot(self, session: Session) -> Pipeline:
        return Pipeline(
            [
                session.transport.input(),
                FakeVAD(),
                FakeSTT(),
                self.turns,
                self.llm,
                FakeTTS(),
                session.transport.output(),
            ]
        )

    @property
    def told(self) -> str:
        """What the bot believes it has said."""
        messages = self.turns.conversation.messages
        return " ".join(m.heard or "" for m in messages if isinstance(m, AssistantMessage))


def hold(story: Callable[[], Awaitable[Any]]) -> Any:
    """Run a story in virtual time; nothing may be left running."""

    async def main() -> Any:
        result = await story()
        await asyncio.sleep(1)
        left = [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        assert left == []
        return result

    return run_virtual(main())


async def greeted(line: Line) -> None:
    if isinstance(line.peer, ProtobufPeer):
        await line.peer.connect()
    else:
        await line.peer.wait_for("ready")


@pytest.mark.parametrize("hello", [None, Hello()], ids=["protobuf", "plain"])
def test_a_question_is_answered_and_heard(hello: Hello | None) -> None:
    async def story() -> None:
        line = Line("I am very well, thank you.", hello)
        await greeted(line)
        await line.peer.say("how are you today")
        await asyncio.sleep(4)
        await line.peer.leave()
        result = await line.call
        assert line.peer.heard == "I am very well, thank you."
        assert line.told == "I am very well, thank you."
        assert line.peer.furthest_ahead() <= 0.0201
        assert result.ended is Ended.ENDED
        assert result.reason == "the peer has left (1001)"

    hold(story)


@pytest.mark.parametrize("hello", [None, Hello()], ids=["protobuf", "plain"])
def test_a_barge_in_is_silence_within_a_packet_and_nothing_more_is_in_the_context(
    hello: Hello | None,
) -> None:
    async def story() -> None:
        line = Line(LONG, hello)
        await greeted(line)
        await line.peer.say("tell me a story")
        await asyncio.sleep(1)
        await line.peer.say("stop it please that is quite enough")
        interrupted = line.told
        heard = line.peer.heard
        assert interrupted
        assert len(interrupted.split()) < len(LONG.split())
        assert heard.startswith(interrupted.split(".")[0].rsplit(" ", 1)[0][:20])
        await line.peer.leave()
        await line.call

    hold(story)


def test_a_plain_peer_is_told_to_forget_what_it_has_not_played() -> None:
    async def story() -> None:
        line = Line(LONG, Hello())
        await greeted(line)
        await line.peer.say("tell me a story")
        await asyncio.sleep(1)
        await line.peer.say("stop it please that is quite enough")
        await line.peer.wait_for("clear")
        await line.peer.leave()
        await line.call

    hold(story)


def test_f01_with_marks_only_what_the_peer_has_played_is_in_the_context() -> None:
    async def story() -> None:
        line = Line(LONG, Hello(marks=True))
        await greeted(line)
        await line.peer.say("tell me a story")
        await asyncio.sleep(1.5)
        marks = [message["mark"] for message in line.peer.messages if message["type"] == "mark"]
        assert len(marks) > 5
        await line.peer.tell({"type": "played", "mark": marks[4]})
        await asyncio.sleep(0.1)
        await line.peer.leave()
        await line.call
        played = line.session.ledger.get(1)
        assert played is not None
        assert played.played == pytest.approx(0.5, abs=0.03)

    hold(story)


def test_f02_what_was_not_sent_when_the_peer_left_was_not_said() -> None:
    async def story() -> None:
        line = Line()
        await greeted(line)
        await line.peer.say("tell me a story")
        await asyncio.sleep(1)
        heard = line.peer.heard
        await line.peer.leave()
        await line.call
        assert LONG.startswith(line.told.strip())
        assert len(line.told.split()) <= len(heard.split()) + 1

    hold(story)


def test_f21_a_peer_that_stops_reading_ends_the_session_within_seconds_and_says_why() -> None:
    async def story() -> tuple[SessionResult, float]:
        line = Line(" ".join([LONG] * 3), window=4)
        await greeted(line)
        await line.peer.say("tell me a story")
        await asyncio.sleep(0.5)
        line.peer.stop_reading()
        stopped = asyncio.get_running_loop().time()
        result = await line.call
        return result, asyncio.get_running_loop().time() - stopped

    result, seconds = hold(story)
    assert result.ended is Ended.FAILED
    assert "the peer has not read for" in result.reason
    assert seconds < 6


@pytest.mark.parametrize(("junk", "code"), [(b"\xff\xff", 1007), ("text", 1003), (b"\x00" * (2 << 20), 1009)])
def test_junk_closes_the_connection_with_a_code_and_ends_the_session(junk: bytes | str, code: int) -> None:
    async def story() -> tuple[SessionResult, int]:
        line = Line()
        await greeted(line)
        await line.peer.socket.send(junk)
        closed = await line.peer.gone()
        return await line.call, closed.code

    result, closed = hold(story)
    assert closed == code
    assert result.ended is Ended.ENDED


def test_the_bots_end_lets_the_goodbye_be_heard_and_closes_normally() -> None:
    async def story() -> None:
        line = Line("Goodbye then, my friend.", Hello())
        await greeted(line)
        await line.peer.say("let us stop here")
        await asyncio.sleep(0.8)
        line.session.end("the bot hangs up")
        closed = await line.peer.gone()
        assert line.peer.heard == "Goodbye then, my friend."
        assert closed.code == 1000
        assert (
            next(m for m in line.peer.messages if m["type"] == "end")["reason"]
            == "the bot has ended the call"
        )
        assert (await line.call).ended is Ended.ENDED

    hold(story)


def test_plain_text_keys_messages_and_the_request_to_end() -> None:
    async def story() -> None:
        line = Line("Fine.", Hello())
        await greeted(line)
        await line.peer.tell({"type": "text", "text": "how are you"})
        await asyncio.sleep(2)
        assert line.peer.heard == "Fine."
        await line.peer.tell({"type": "key", "button": "5"})
        await line.peer.tell({"type": "message", "message": {"anything": 1}})
        await line.peer.tell({"type": "end"})
        assert (await line.peer.gone()).code == 1000
        assert line.peer.messages[-1] == {"type": "end", "reason": "the peer asked for the end"}
        assert (await line.call).reason == "the peer asked for the end"

    hold(story)


def test_rtvi_over_the_plain_protocol() -> None:
    async def story() -> None:
        line = Line("Fine.", Hello(rtvi=True))
        await line.peer.wait_for("ready")
        ready = {"label": "rtvi-ai", "type": "client-ready", "id": "1", "data": {"version": "2.1.0"}}
        await line.peer.tell(ready)
        answer = await line.peer.wait_for("bot-ready")
        assert answer["id"] == "1"
        await line.peer.leave()
        await line.call

    hold(story)


def test_f24_what_comes_before_the_bot_is_ready_is_not_lost() -> None:
    async def story() -> None:
        line = Line("Fine.")
        line.peer.text({})
        ready = {"label": "rtvi-ai", "type": "client-ready", "id": "9", "data": {"version": "2.1.0"}}
        await line.peer.tell(ready)
        assert (await line.peer.wait_for("bot-ready"))["id"] == "9"
        await line.peer.leave()
        await line.call

    hold(story)


def test_an_error_reaches_a_plain_peer_as_a_message_and_as_the_close_code() -> None:
    async def story() -> None:
        line = Line("Fine.", Hello())
        await greeted(line)
        line.turns.fail("the key is wrong", fatal=True)
        error = await line.peer.wait_for("error")
        assert error == {"type": "error", "error": "the key is wrong", "fatal": True}
        assert (await line.peer.gone()).code == 1011
        assert (await line.call).ended is Ended.FAILED
        assert json.dumps(error)

    hold(story)
