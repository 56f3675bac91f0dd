"""RTVI over the data channel, with a real session behind it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from antiphon.session import Session
from antiphon.transports.webrtc import Peers, WebRTCTransport

from .bot import Server
from .client import Client

pytestmark = [pytest.mark.slow, pytest.mark.alone]

READY = {
    "label": "rtvi-ai",
    "id": "12345678",
    "type": "client-ready",
    "data": {"version": "2.1.0", "about": {"library": "t", "library_version": "1"}},
}


async def received(client: Client, kind: str) -> dict[str, Any]:
    """The first message of this kind."""
    async with asyncio.timeout(60):
        while True:
            for text in client.texts:
                message = json.loads(text)
                if message["type"] == kind:
                    return message
            await asyncio.sleep(0.01)


def test_the_handshake_survives_a_new_connection() -> None:
    async def main() -> None:
        peers, server = Peers(), Server()
        client = Client(peers, server.open)
        await client.connect()
        client.send(json.dumps(READY))
        answer = await received(client, "bot-ready")
        assert answer["id"] == "12345678"
        await client.restart()
        client.texts.clear()
        client.send(json.dumps({"label": "rtvi-ai", "id": "2", "type": "what"}))
        refused = await received(client, "error-response")
        assert refused["id"] == "2"
        assert refused["data"] == {"error": "Unsupported type what"}
        assert len(server.sessions) == 1
        client.send(json.dumps({"label": "rtvi-ai", "id": "3", "type": "disconnect-bot", "data": {}}))
        result = await server.tasks[0]
        await received(client, "signalling")
        assert result.ended.value == "ended"
        await client.close()
        await peers.close()

    asyncio.run(main())


def test_a_client_is_told_that_there_is_no_bot() -> None:
    async def main() -> None:
        serving: list[asyncio.Task[None]] = []

        async def refuse(transport: WebRTCTransport) -> None:
            await transport.refuse("The voice needs a key.")
            await transport.leave()

        def open(transport: WebRTCTransport, data: Any) -> None:
            Session(transport=transport)
            serving.append(asyncio.create_task(refuse(transport)))

        peers = Peers()
        client = Client(peers, open)
        await client.connect()
        error = await received(client, "error")
        assert error["data"] == {"error": "The voice needs a key.", "fatal": True}
        await received(client, "signalling")
        await asyncio.gather(*serving)
        await client.close()
        await peers.close()

    asyncio.run(main())
