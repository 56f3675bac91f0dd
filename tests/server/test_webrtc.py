"""WebRTC through the server's routes: /start, the offer of the session, messages, reconnecting, leaving."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription

from antiphon.server import Settings
from server.kit import Server

pytestmark = [pytest.mark.slow, pytest.mark.alone]

PATIENCE = 60.0


class Client:
    """A browser, as far as signalling and messages go."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.id = ""
        self.pc_id: str | None = None
        self.messages: asyncio.Queue[Any] = asyncio.Queue()

    async def offer(self, *, restart: bool = False) -> int:
        """Connect, with a new connection. Returns the HTTP status."""
        self.pc = RTCPeerConnection()
        self.pc.addTransceiver("audio", direction="sendrecv")
        self.pc.addTransceiver("video", direction="sendrecv")
        self.channel = self.pc.createDataChannel("chat")
        self.opened = asyncio.Event()
        self.channel.on("open", self.opened.set)
        self.channel.on("message", self.received)
        await self.pc.setLocalDescription(await self.pc.createOffer())
        answer = await self.server.request(
            "POST",
            f"/sessions/{self.id}/api/offer",
            json={
                "sdp": self.pc.localDescription.sdp,
                "type": "offer",
                "pc_id": self.pc_id,
                "restart_pc": restart,
            },
        )
        if answer.status_code == 200:
            self.pc_id = answer.json()["pc_id"]
            await self.pc.setRemoteDescription(RTCSessionDescription(answer.json()["sdp"], "answer"))
            await asyncio.wait_for(self.opened.wait(), PATIENCE)
            self.channel.send("ping: 1")
        return answer.status_code

    def received(self, text: str) -> None:
        self.messages.put_nowait(json.loads(text))

    async def wait_for(self, kind: str) -> Any:
        async with asyncio.timeout(PATIENCE):
            while True:
                message = await self.messages.get()
                if message.get("type") == kind:
                    return message


async def story(server: Server) -> None:
    client = Client(server)
    client.id = (await server.start(transport="webrtc", body={"name": "Ada"}))["sessionId"]
    assert await client.offer() == 200
    ready = {"label": "rtvi-ai", "type": "client-ready", "id": "1", "data": {"version": "2.1.0"}}
    client.channel.send(json.dumps(ready))
    assert (await client.wait_for("bot-ready"))["id"] == "1"
    assert server.given == [{"name": "Ada"}]
    old = client.pc
    assert await client.offer(restart=True) == 200
    await old.close()
    assert len(server.site.sessions) == 1
    assert server.given == [{"name": "Ada"}]
    unknown = await server.request(
        "PATCH", f"/sessions/{client.id}/api/offer", json={"pc_id": "nobody", "candidates": []}
    )
    assert unknown.status_code == 404
    await server.site.sessions.drain(0)
    assert (await client.wait_for("signalling"))["message"]["type"] == "peerLeft"
    await client.pc.close()


def test_a_webrtc_client_connects_reconnects_and_is_told_of_the_end() -> None:
    async def main() -> None:
        server = Server(Settings())
        await story(server)
        await server.close()
        await server.site.close()
        await asyncio.sleep(0.5)

    asyncio.run(main())


def test_no_more_than_the_places_there_are() -> None:
    async def main() -> None:
        server = Server(Settings(max_sessions=1))
        first, second = Client(server), Client(server)
        for client in (first, second):
            client.id = (await server.start(transport="webrtc"))["sessionId"]
        assert await first.offer() == 200
        assert await second.offer() == 503
        for client in (first, second):
            await client.pc.close()
        await server.close()
        await server.site.close()
        await asyncio.sleep(0.5)

    asyncio.run(main())
