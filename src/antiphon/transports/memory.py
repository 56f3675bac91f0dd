"""A transport without a world: for tests and simulations. What goes in is given, what comes out is kept."""

from __future__ import annotations

from typing import Any, NamedTuple

from antiphon.transports.input import InputTransport
from antiphon.transports.output import OutputTransport


class Written(NamedTuple):
    """A packet, and the session time at which it left."""

    at: float
    pcm: bytes


class MemoryOutput(OutputTransport):
    """Keeps every packet and message with its time.

    With `takes_back`, the peer can be told to forget packets that it has not played yet: they are removed.
    From `breaks_at` (session time in seconds) on, the connection is broken: writing raises ConnectionError.
    """

    def __init__(
        self,
        *,
        packet_ms: int = 20,
        lead_ms: int = 0,
        takes_back: bool = False,
        breaks_at: float | None = None,
    ) -> None:
        super().__init__(packet_ms=packet_ms, lead_ms=lead_ms)
        self.packets: list[Written] = []
        self.messages: list[Any] = []
        self._takes_back = takes_back
        self._breaks_at = breaks_at
        self._played_until: list[float] = []

    def break_off(self) -> None:
        """Break the connection now."""
        self._breaks_at = self.session.now()

    @property
    def gone(self) -> bool:
        """Whether the connection is broken."""
        return self._breaks_at is not None and self.session.now() >= self._breaks_at

    def write_audio(self, pcm: bytes) -> None:
        now = self.session.now()
        if self._breaks_at is not None and now >= self._breaks_at:
            raise ConnectionResetError("the peer is gone")
        self.packets.append(Written(now, pcm))
        if self._takes_back:
            before = self._played_until[-1] if self._played_until else 0.0
            self._played_until.append(max(before, now) + self.packet_seconds)

    def clear_audio(self) -> float:
        """Packets of which the peer has not begun to play any sample are taken back."""
        taken, begins_after = 0.0, self.session.now() + self.packet_seconds - 1e-6
        while self._played_until and self._played_until[-1] > begins_after:
            self._played_until.pop()
            self.packets.pop()
            taken += self.packet_seconds
        return taken

    def write_message(self, message: Any) -> None:
        self.messages.append(message)


class MemoryTransport:
    """`source.receive_audio(...)` is the user's side; `sink.packets` is what the user would hear."""

    def __init__(
        self,
        *,
        packet_ms: int = 20,
        lead_ms: int = 0,
        takes_back: bool = False,
        breaks_at: float | None = None,
    ) -> None:
        self.source = InputTransport()
        self.sink = MemoryOutput(
            packet_ms=packet_ms, lead_ms=lead_ms, takes_back=takes_back, breaks_at=breaks_at
        )

    def input(self) -> InputTransport:
        return self.source

    def output(self) -> MemoryOutput:
        return self.sink
