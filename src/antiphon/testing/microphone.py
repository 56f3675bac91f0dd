"""A microphone: sound in packets without end, silence when nobody speaks."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from antiphon.clock import Clock

PACKET_SECONDS = 0.02


class Microphone:
    """Calls `hear` with a packet (mono PCM s16le at `rate`) every `packet` seconds of the session's clock.

    A packet holds the sound before it. What is said begins with the next packet, so that two things said at
    once follow each other.
    """

    def __init__(
        self,
        hear: Callable[[bytes], None],
        clock: Clock,
        rate: int = 16000,
        *,
        packet: float = PACKET_SECONDS,
    ) -> None:
        self.rate = rate
        self._hear = hear
        self._clock = clock
        self._seconds = packet
        self._size = 2 * round(rate * packet)
        self._silence = bytes(self._size)
        self._spoken: deque[tuple[bytes, asyncio.Future[tuple[float, float]]]] = deque()
        self._offset = 0
        self._packets = 0
        self._began = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Switch on."""
        self._began = self._clock.now()
        self._schedule()

    def stop(self) -> None:
        """Switch off. What was not said will not be."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for _, said in self._spoken:
            said.cancel()

    async def say(self, pcm: bytes) -> tuple[float, float]:
        """Say this, and return when it has been said: the times of its first and last sample."""
        said: asyncio.Future[tuple[float, float]] = asyncio.get_running_loop().create_future()
        self._spoken.append((pcm, said))
        return await said

    def _schedule(self) -> None:
        self._packets += 1
        self._timer = self._clock.at(self._began + self._packets * self._seconds, self._tick)

    def _tick(self) -> None:
        self._schedule()
        self._hear(self._packet() if self._spoken else self._silence)

    def _packet(self) -> bytes:
        pcm, said = self._spoken[0]
        packet = pcm[self._offset : self._offset + self._size]
        self._offset += self._size
        if self._offset >= len(pcm):
            self._spoken.popleft()
            self._offset = 0
            end = self._clock.now() - self._seconds + len(packet) / (2 * self.rate)
            said.set_result((end - len(pcm) / (2 * self.rate), end))
        return packet.ljust(self._size, b"\0")
