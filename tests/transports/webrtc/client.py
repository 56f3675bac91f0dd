"""A client as a browser with the SmallWebRTC SDK is one: the same sections, data channel, pings, messages."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple, Protocol, TypeVar, cast

import av
import numpy as np
from aiortc import RTCConfiguration, RTCDataChannel, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack, VideoStreamTrack
from numpy.typing import NDArray

from antiphon.transports.webrtc import OfferAnswer, OfferRequest, Open, Peers

from .measure import is_loud
from .relay import Relay

RATE = 48000
PACKET = 960

F = TypeVar("F", covariant=True)


class Tone(MediaStreamTrack):
    """A microphone that hears a sine of `frequency` Hz, in packets of 20 ms, in real time."""

    kind = "audio"

    def __init__(self, frequency: float, level: float = 0.3) -> None:
        super().__init__()
        self.frequency = frequency
        self.level = level
        self.at = 0
        """Samples that it has heard."""
        self._began: float | None = None

    async def recv(self) -> av.AudioFrame:
        loop = asyncio.get_running_loop()
        if self._began is None:
            self._began = loop.time()
        await asyncio.sleep(max(0.0, self._began + self.at / RATE - loop.time()))
        if self.readyState != "live":
            raise MediaStreamError
        places = np.arange(self.at, self.at + PACKET)
        sound = (np.sin(2 * math.pi * self.frequency * places / RATE) * self.level * 32767).astype(np.int16)
        frame = av.AudioFrame(format="s16", layout="mono", samples=PACKET)
        frame.planes[0].update(sound.tobytes())
        frame.sample_rate, frame.pts, frame.time_base = RATE, self.at, Fraction(1, RATE)
        self.at += PACKET
        return frame


class _Track(Protocol[F]):
    """A track whose frames are known."""

    async def recv(self) -> F: ...


class Piece(NamedTuple):
    """Sound that arrived: when (on the loop's clock), at which sample of the stream, mono."""

    at: float
    sample: int
    sound: NDArray[np.int16]


class Client:
    """One client of `peers`. `relay` is the network between them; none: loopback as it is."""

    def __init__(
        self, peers: Peers, open: Open, *, relay: Relay | None = None, frequency: float = 440.0
    ) -> None:
        self.peers = peers
        self.open = open
        self.relay = relay
        self.microphone = Tone(frequency)
        self.pc_id: str | None = None
        self.answer: OfferAnswer | None = None
        self.texts: list[str] = []
        self.heard: list[Piece] = []
        self.pictures: list[tuple[float, NDArray[np.uint8]]] = []
        self.pings = True
        self.connected = asyncio.Event()
        self.opened = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._begin()

    def _begin(self) -> None:
        self.pc = RTCPeerConnection(RTCConfiguration([]))
        self.connected.clear()
        self.opened.clear()
        self.pc.addTransceiver(self.microphone, "sendrecv")
        self.pc.addTransceiver(VideoStreamTrack(), "sendrecv")
        self.pc.addTransceiver("video", "sendonly")
        self.channel: RTCDataChannel = self.pc.createDataChannel("chat", ordered=True)
        self._on(self.channel, "open", self.opened.set)
        self._on(self.channel, "message", self._message)
        self._on(self.pc, "track", self._track)
        self._on(self.pc, "connectionstatechange", self._state)

    async def connect(self, data: Any = None, *, restart: bool = False) -> OfferAnswer:
        """Offer, take the answer, wait for the data channel, begin to ping."""
        answer = await self.negotiate(data, restart=restart)
        await self.connected.wait()
        await self.opened.wait()
        self._tasks.append(asyncio.create_task(self._ping()))
        return answer

    async def negotiate(self, data: Any = None, *, restart: bool = False) -> OfferAnswer:
        """Make an offer and take the answer."""
        await self.pc.setLocalDescription(await self.pc.createOffer())
        sdp = self.pc.localDescription.sdp
        if self.relay is not None:
            sdp = await self.relay.offer(sdp)
        request = OfferRequest(sdp, self.pc_id, restart, data)
        answer = self.answer = await self.peers.offer(request, self.open)
        sdp = answer.sdp if self.relay is None else self.relay.answer(answer.sdp)
        await self.pc.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
        self.pc_id = answer.pc_id
        return answer

    async def restart(self) -> OfferAnswer:
        """A new connection in place of the old one, which is closed without a word."""
        old = self.pc
        self.microphone = Tone(self.microphone.frequency)
        self._begin()
        answer = await self.connect(restart=True)
        await old.close()
        return answer

    def send(self, text: str) -> None:
        self.channel.send(text)

    async def close(self) -> None:
        """Hang up, as the SDK does: no message, just closing."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.pc.close()
        if self.relay is not None:
            self.relay.close()

    def sound(self, first: int = 0) -> NDArray[np.int16]:
        """All that was heard from this piece on, joined."""
        return np.concatenate([piece.sound for piece in self.heard[first:]])

    def missing(self, first: int = 0) -> float:
        """Seconds that the stream left out from this piece on: the bot fell behind, or packets were lost."""
        begin, end = self.heard[first], self.heard[-1]
        return (end.sample + len(end.sound) - begin.sample - len(self.sound(first))) / RATE

    def loud(self, first: int = 0) -> float:
        """Seconds of packets with sound from this piece on."""
        return sum(is_loud(piece.sound) for piece in self.heard[first:]) * PACKET / RATE

    async def _ping(self) -> None:
        while True:
            if self.pings and self.channel.readyState == "open":
                self.channel.send("ping: 1730000000000")
            await asyncio.sleep(1.0)

    def _on(self, emitter: Any, event: str, listener: Callable[..., object]) -> None:
        emitter.on(event, listener)

    def _message(self, message: str) -> None:
        self.texts.append(message)

    def _state(self) -> None:
        if self.pc.connectionState == "connected":
            self.connected.set()

    def _track(self, track: MediaStreamTrack) -> None:
        read = self._hear if track.kind == "audio" else self._see
        self._tasks.append(asyncio.create_task(read(track)))

    async def _hear(self, track: MediaStreamTrack) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await cast(_Track[av.AudioFrame], track).recv()
                sound = cast(NDArray[np.int16], frame.to_ndarray()).reshape(-1, 2)[:, 0].copy()
                self.heard.append(Piece(loop.time(), cast(int, frame.pts), sound))

    async def _see(self, track: MediaStreamTrack) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await cast(_Track[av.VideoFrame], track).recv()
                pixels = cast(NDArray[np.uint8], frame.to_ndarray(format="rgb24"))
                self.pictures.append((loop.time(), pixels))
