"""A network between two WebRTC peers of one process: UDP through sockets that lose, delay and reorder.

Both descriptions are rewritten so that each peer knows only the relay's address of the other. Parameters
may be changed while packets flow. The same seed loses and delays the same packets.
"""

from __future__ import annotations

import asyncio
import random
import re
import socket
from typing import Any, cast

_CANDIDATE = re.compile(
    r"a=candidate:\S+ 1 udp \d+ (\d+\.\d+\.\d+\.\d+) (\d+) typ host[^\r\n]*\r\n", re.IGNORECASE
)
_ANY = re.compile(r"a=candidate:[^\r\n]*\r\n")


class _End(asyncio.DatagramProtocol):
    """One socket of the relay: what arrives here leaves at the other one."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.peer: tuple[str, int] | None = None
        self.other: _End | None = None
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        assert self.other is not None
        self.relay.carry(data, self.other)

    def deliver(self, data: bytes) -> None:
        if self.transport is not None and not self.transport.is_closing() and self.peer is not None:
            self.transport.sendto(data, self.peer)


class Relay:
    """`loss` from 0 to 1, `delay` and `jitter` (the most that comes on top) in seconds."""

    def __init__(self, *, loss: float = 0.0, delay: float = 0.0, jitter: float = 0.0, seed: int = 1) -> None:
        self.loss, self.delay, self.jitter = loss, delay, jitter
        self.carried = self.lost = self.longest = 0
        self._held: list[tuple[bytes, _End]] | None = None
        self._random = random.Random(seed)
        self._facing_client: _End | None = None
        self._facing_server: _End | None = None

    async def offer(self, sdp: str) -> str:
        """The client's description as the server is to see it."""
        self._facing_client, self._facing_server = await self._open(), await self._open()
        self._facing_client.other, self._facing_server.other = self._facing_server, self._facing_client
        return self._rewrite(sdp, self._facing_client, self._facing_server)

    def answer(self, sdp: str) -> str:
        """The server's description as the client is to see it."""
        assert self._facing_client is not None
        assert self._facing_server is not None
        return self._rewrite(sdp, self._facing_server, self._facing_client)

    def carry(self, data: bytes, onward: _End) -> None:
        self.carried += 1
        self.longest = max(self.longest, len(data))
        if self._random.random() < self.loss:
            self.lost += 1
            return
        if self._held is not None:
            self._held.append((data, onward))
            return
        late = self.delay + self.jitter * self._random.random()
        if late:
            asyncio.get_running_loop().call_later(late, onward.deliver, data)
        else:
            onward.deliver(data)

    def hold(self) -> None:
        """Keep what comes, until `let_go`."""
        self._held = []

    def let_go(self) -> None:
        """Deliver at once what was kept: it waits at the sockets of the peers when this returns."""
        held, self._held = self._held or [], None
        for data, onward in held:
            onward.deliver(data)

    def close(self) -> None:
        for end in (self._facing_client, self._facing_server):
            if end is not None and end.transport is not None:
                end.transport.close()

    async def _open(self) -> _End:
        loop = asyncio.get_running_loop()
        end = _End(self)
        await loop.create_datagram_endpoint(lambda: end, local_addr=(_address(), 0))
        return end

    def _rewrite(self, sdp: str, sender: _End, seen: _End) -> str:
        """`sender` is where packets for the author of `sdp` leave; `seen` is the address in its place."""
        found = _CANDIDATE.search(sdp)
        assert found is not None
        sender.peer = (found[1], int(found[2]))
        assert seen.transport is not None
        host, port = cast(tuple[str, int], seen.transport.get_extra_info("sockname"))
        line = f"a=candidate:1 1 udp 2130706431 {host} {port} typ host\r\n"
        parts = sdp.split("m=")
        parts = [part if not _ANY.search(part) else _ANY.sub("", part) + line for part in parts]
        return "m=".join(parts)


def _address() -> str:
    """An address of this machine that is not loopback: ICE offers no other."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("198.51.100.1", 9))
        return cast(str, probe.getsockname()[0])
