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
    """Keeps every packet and message with its time."""

    def __init__(self, *, packet_ms: int = 20, lead_ms: int = 0) -> None:
        super().__init__(packet_ms=packet_ms, lead_ms=lead_ms)
        self.packets: list[Written] = []
        self.messages: list[Any] = []

    def write_audio(self, pcm: bytes) -> None:
        self.packets.append(Written(self.session.now(), pcm))

    def write_message(self, message: Any) -> None:
        self.messages.append(message)


class MemoryTransport:
    """`source.receive_audio(...)` is the user's side; `sink.packets` is what the user would hear."""

    def __init__(self, *, packet_ms: int = 20, lead_ms: int = 0) -> None:
        self.source = InputTransport()
        self.sink = MemoryOutput(packet_ms=packet_ms, lead_ms=lead_ms)

    def input(self) -> InputTransport:
        return self.source

    def output(self) -> MemoryOutput:
        return self.sink
