"""The WebSocket transport: pumps one connection, over any `Wire` and any `Socket`.

Sound is paced by the output transport and is at most one packet ahead of real time, so an interruption needs
no help from the peer. A peer that stops reading is noticed by the `Outbox`, ends the session with a reason,
and what could not be sent counts as unheard. A peer that breaks the protocol loses its connection only.

Limits: no pictures. For lossy networks and browsers WebRTC is the better choice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec

from antiphon.dispatch import Direction, on
from antiphon.frames import ErrorFrame, InputDTMFFrame, StartFrame
from antiphon.processor import Processor
from antiphon.rtvi.rtvi import RTVI
from antiphon.transports.acknowledged import AcknowledgedOutput
from antiphon.transports.input import InputTransport
from antiphon.transports.output import OutputTransport
from antiphon.transports.socket import STALL_SECONDS, Outbox, Socket, SocketClosed
from antiphon.transports.websocket.wire import (
    AppMessage,
    Goodbye,
    Key,
    Played,
    ProtocolError,
    Sound,
    Typed,
    Wire,
)

LEAD_MS = 20
"""How far ahead of real time sound is sent: one packet."""

FAREWELL_SECONDS = 1.0
"""How long the last messages and the closing handshake may take."""

NORMAL, FAILED = 1000, 1011
"""Close codes: the call is over; the bot could not go on."""


class Leaving(msgspec.Struct, frozen=True):
    """Why a connection ends: the close code and a sentence."""

    code: int
    reason: str


class WebSocketInput(InputTransport):
    """The user's side. Errors of the session pass here on their way up."""

    def __init__(self, failed: Callable[[str, bool], None]) -> None:
        super().__init__()
        self._failed = failed

    @on(ErrorFrame, direction=Direction.UPSTREAM)
    def error(self, frame: ErrorFrame) -> None:
        """The session judges first: only an error that ends it is fatal for the peer."""
        ending = self.session.ending
        self.push(frame, upstream=True)
        self._failed(frame.error, self.session.ending and not ending)


class _Way:
    """The way out: encodes, and has it sent. Raises ConnectionError when the peer takes no more."""

    def __init__(self, outbox: Outbox, wire: Wire) -> None:
        self.outbox = outbox
        self.wire = wire

    def begin(self, frame: StartFrame) -> StartFrame:
        """The session has started: say so. Returns the frame with the rate of this connection."""
        rate = self.wire.rate or frame.audio_out_sample_rate
        self.post(self.wire.ready(rate))
        return frame.replace(audio_out_sample_rate=rate)

    def clear(self) -> int:
        """Take back what has not left, and have the peer forget the rest. Returns packets taken back."""
        dropped = self.outbox.drop(self.wire.is_audio)
        self.post(self.wire.clear())
        return dropped

    def post(self, message: bytes | str | None) -> None:
        if message is not None:
            self.outbox.post(message)

    def post_quietly(self, message: bytes | str | None) -> None:
        """Post, if the peer still takes messages."""
        with suppress(ConnectionError):
            self.post(message)


class WebSocketOutput(OutputTransport):
    """The bot's side, for a peer that plays what comes: what was sent counts as heard."""

    def __init__(self, way: _Way, lead_ms: int) -> None:
        super().__init__(lead_ms=lead_ms)
        self._way = way

    @on(StartFrame)
    def start(self, frame: StartFrame) -> None:
        super().start(self._way.begin(frame))

    def write_audio(self, pcm: bytes) -> None:
        self._way.post(self._way.wire.audio(pcm))

    def clear_audio(self) -> float:
        try:
            return self._way.clear() * self.packet_seconds
        except ConnectionError:
            return 0.0

    def write_message(self, message: Any) -> None:
        self._way.post(self._way.wire.message(message))


class MarkedOutput(AcknowledgedOutput):
    """The bot's side, for a peer that says what it has played: only that counts as heard."""

    def __init__(self, way: _Way, lead_ms: int) -> None:
        super().__init__(lead_ms=lead_ms)
        self._way = way

    @on(StartFrame)
    def start(self, frame: StartFrame) -> None:
        super().start(self._way.begin(frame))

    def write_audio(self, pcm: bytes) -> None:
        self._way.post(self._way.wire.audio(pcm))

    def write_mark(self, name: str) -> None:
        self._way.post(self._way.wire.mark(name))

    def write_clear(self) -> None:
        self._way.clear()

    def write_message(self, message: Any) -> None:
        self._way.post(self._way.wire.message(message))


class WebSocketTransport:
    """One connection. `serve` pumps it, beside the session that it is the transport of.

    `rtvi` is the session's protocol state if the peer speaks RTVI. A message that has waited for `stall`
    seconds to be sent means that the peer has stopped reading.
    """

    def __init__(
        self,
        socket: Socket,
        wire: Wire,
        *,
        rtvi: RTVI | None = None,
        lead_ms: int = LEAD_MS,
        stall: float = STALL_SECONDS,
    ) -> None:
        self.rtvi = rtvi
        self._way = _Way(Outbox(socket, now=_now, stall=stall), wire)
        self.source = WebSocketInput(self._failed)
        self.sink = MarkedOutput(self._way, lead_ms) if wire.marks else WebSocketOutput(self._way, lead_ms)
        self._socket = socket
        self._wire = wire
        self._leaving: Leaving | None = None
        self._usual = "the bot has ended the call"

    def input(self) -> Processor:
        return self.source if self.rtvi is None else self.rtvi.input(self.source)

    def output(self) -> Processor:
        return self.sink if self.rtvi is None else self.rtvi.output(self.sink)

    async def serve(self) -> None:
        """Pump the connection until it is over, then end the session; cancelled, say goodbye and close."""
        sending = asyncio.create_task(self._send(), name="websocket: send")
        receiving = asyncio.create_task(self._receive(), name="websocket: receive")
        try:
            done, _ = await asyncio.wait((sending, receiving), return_when=asyncio.FIRST_COMPLETED)
            leaving = done.pop().result()
            self._leaving = self._leaving or leaving
            self._peer_left(leaving.reason)
        finally:
            await self._say_goodbye()
            for task in (sending, receiving):
                task.cancel()
            await asyncio.wait((sending, receiving))
            await self._close()

    async def refuse(self, reason: str) -> None:
        """There is no bot: tell the peer why, and close. `serve` returns then."""
        self._leaving = Leaving(FAILED, reason)
        self._way.post_quietly(self._wire.error(reason, fatal=True))

    async def _send(self) -> Leaving:
        try:
            await self._way.outbox.run()
        except SocketClosed as closed:
            return Leaving(closed.code, str(closed))
        raise AssertionError("the outbox runs until it is closed")

    async def _receive(self) -> Leaving:
        try:
            while True:
                self._take(await self._socket.receive())
        except SocketClosed as closed:
            return Leaving(closed.code, f"the peer has left ({closed.code})")
        except ProtocolError as error:
            return Leaving(error.code, str(error))

    def _take(self, message: bytes | str) -> None:
        said = self._wire.decode(message)
        if isinstance(said, Sound):
            if said.pcm:
                self.source.receive_audio(said.pcm, said.rate, said.channels)
        elif isinstance(said, AppMessage):
            self.source.receive_message(said.value)
        elif isinstance(said, Typed):
            self.source.receive_text(said.text, run=said.run, audio_response=said.audio_response)
        elif isinstance(said, Played):
            if isinstance(self.sink, MarkedOutput) and self.sink._node.attached:
                self.sink.acknowledge(said.mark)
        elif isinstance(said, Key):
            self.source.receive(InputDTMFFrame(said.button))
        elif isinstance(said, Goodbye):
            self._usual = "the peer asked for the end"
            self._end(self._usual)

    def _peer_left(self, reason: str) -> None:
        """What nobody hears is not said; the rest of the session ends in good order."""
        if self.sink._node.attached:
            self.sink.hang_up(reason)
        self._end(reason)

    def _end(self, reason: str) -> None:
        if self.source._node.attached:
            self.source.session.end(reason)

    def _failed(self, error: str, fatal: bool) -> None:
        """The session met an error. With RTVI it is told in RTVI."""
        if fatal:
            self._leaving = self._leaving or Leaving(FAILED, error)
        if self.rtvi is None:
            self._way.post_quietly(self._wire.error(error, fatal=fatal))

    async def _say_goodbye(self) -> None:
        """What was posted still leaves, if the peer reads."""
        leaving = self._leaving or Leaving(NORMAL, self._usual)
        self._way.post_quietly(self._wire.goodbye(leaving.reason))
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_SECONDS):
                await self._way.outbox.drained()

    async def _close(self) -> None:
        leaving = self._leaving or Leaving(NORMAL, self._usual)
        with suppress(TimeoutError, SocketClosed):
            async with asyncio.timeout(FAREWELL_SECONDS):
                await self._socket.close(leaving.code, leaving.reason)


def _now() -> float:
    return asyncio.get_running_loop().time()
