"""Clients of the two WebSocket protocols, as they would be at the other end of the line.

They speak in tagged audio at the pace of speech and keep what they hear, over any `Socket`: two ends in
memory (`sockets`), a connection to an application (`asgi`), or a real one.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from antiphon.clock import Clock
from antiphon.testing.microphone import Microphone
from antiphon.testing.tagged import HeardWord, Utterance, decode, text_of
from antiphon.transports.socket import Socket, SocketClosed
from antiphon.transports.websocket.protobuf import encode_audio, encode_message, read_fields

RATE = 24000

PAUSE_SECONDS = 0.5
"""No sound for so long is a pause of the bot. After less it may have stood still, and makes up for it."""


class PlainPeer:
    """A client of the plain protocol."""

    def __init__(self, socket: Socket) -> None:
        self.socket = socket
        self.sound = bytearray()
        self.arrived: list[float] = []
        self.messages: list[dict[str, Any]] = []
        self.closed: SocketClosed | None = None
        self.loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._reading = asyncio.create_task(self._read(), name="peer: read")

    def audio(self, pcm: bytes) -> bytes:
        """A packet of 16 kHz sound, encoded."""
        return pcm

    def text(self, message: dict[str, Any]) -> bytes | str:
        """A message, encoded."""
        return json.dumps(message)

    def understand(self, message: bytes | str) -> None:
        """Take one message of the server."""
        if isinstance(message, bytes):
            self.hear(message)
        else:
            self.messages.append(json.loads(message))

    async def tell(self, message: dict[str, Any]) -> None:
        """Send a message."""
        await self.socket.send(self.text(message))

    async def say(self, words: str) -> None:
        """Speak at the pace of speech, then be silent for a second."""
        await self._stream(Utterance(words).pcm + bytes(32000))

    async def ask(self, words: str, patience: float = 3.0) -> str:
        """Speak, and listen for a while. Returns what has been heard since."""
        before = len(self.sound)
        await self.say(words)
        await asyncio.sleep(patience)
        return text_of(decode(bytes(self.sound[before:]), RATE))

    async def wait_for(self, kind: str, patience: float = 20.0) -> dict[str, Any]:
        """The next message of a kind, or one that has come already; it is taken out."""
        async with asyncio.timeout(patience):
            while True:
                for message in self.messages:
                    if message.get("type") == kind:
                        self.messages.remove(message)
                        return message
                if self.closed is not None:
                    raise self.closed
                await self._changed.wait()

    async def gone(self) -> SocketClosed:
        """Wait until the server has closed."""
        await asyncio.wait((self._reading,))
        assert self.closed is not None
        return self.closed

    async def leave(self) -> None:
        """Hang up without a word."""
        self._reading.cancel()
        await self.socket.close(1001, "the page was closed")

    def stop_reading(self) -> None:
        """Read nothing any more."""
        self._reading.cancel()

    def hear(self, pcm: bytes) -> None:
        """A packet of the bot's sound."""
        if not any(pcm) and not self.sound:
            return
        self.sound += pcm
        self.arrived.append(self.loop.time())

    @property
    def words(self) -> list[HeardWord]:
        """The words that have arrived."""
        return decode(bytes(self.sound), RATE)

    @property
    def heard(self) -> str:
        """The same as text."""
        return text_of(self.words)

    def furthest_ahead(self) -> float:
        """The most by which sound came before it could be played, in seconds."""
        begin, seconds, most = self.arrived[0], 0.0, 0.0
        for number, at in enumerate(self.arrived):
            seconds = number * 0.02
            if at > begin + seconds + PAUSE_SECONDS:
                begin = at - seconds
            most = max(most, begin + seconds - at)
        return most

    async def _stream(self, pcm: bytes) -> None:
        microphone = Microphone(lambda packet: packets.append(packet), Clock(self.loop))
        packets: list[bytes] = []
        microphone.start()
        said = asyncio.create_task(microphone.say(pcm))
        while not said.done() or packets:
            await asyncio.sleep(0.02)
            while packets:
                await self.socket.send(self.audio(packets.pop(0)))
        microphone.stop()

    async def _read(self) -> None:
        try:
            while True:
                self.understand(await self.socket.receive())
                self._tell_change()
        except SocketClosed as closed:
            self.closed = closed
            self._tell_change()

    def _tell_change(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


class ProtobufPeer(PlainPeer):
    """An RTVI client: protobuf frames."""

    def audio(self, pcm: bytes) -> bytes:
        return encode_audio(pcm, 16000)

    def text(self, message: dict[str, Any]) -> bytes:
        return encode_message(json.dumps(message).encode())

    async def connect(self) -> dict[str, Any]:
        """The handshake. Returns bot-ready."""
        about = {"version": "2.1.0", "about": {"library": "test"}}
        await self.tell({"label": "rtvi-ai", "type": "client-ready", "id": "12345678", "data": about})
        return await self.wait_for("bot-ready")

    def understand(self, message: bytes | str) -> None:
        assert isinstance(message, bytes), "JavaScript clients throw on text messages"
        ((kind, content),) = read_fields(message).items()
        assert isinstance(content, bytes)
        fields = read_fields(content)
        if kind == 2:
            assert (fields[4], fields[5]) == (RATE, 1)
            pcm = fields[3]
            assert isinstance(pcm, bytes)
            assert len(pcm) % 2 == 0
            self.hear(pcm)
        else:
            assert kind == 4
            text = fields[1]
            assert isinstance(text, bytes)
            self.messages.append(json.loads(text))
