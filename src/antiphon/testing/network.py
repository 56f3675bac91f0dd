"""What is between the caller and the bot: a network, and a loudspeaker beside the caller's microphone.

The caller's sound comes late, unevenly, and not all of it. Packets stay in order: one that overtakes waits,
as in a jitter buffer. A lost packet arrives as silence: that is what a receiver without concealment plays.
What the bot says is not touched, but may come back as an echo (`antiphon.testing.echo`).
"""

from __future__ import annotations

import random
from collections import deque

import msgspec

from antiphon.testing.echo import Room
from antiphon.transports.input import InputTransport
from antiphon.transports.memory import MemoryOutput, MemoryTransport


class Network(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """`delay` of every packet and `jitter`, the most that comes on top, in seconds; `loss` from 0 to 1.

    `echo` is how loud the bot's sound comes back to the microphone, as a factor of its amplitude (0: not at
    all), `echo_delay` how many seconds later.
    """

    delay: float = 0.0
    jitter: float = 0.0
    loss: float = 0.0
    echo: float = 0.0
    echo_delay: float = 0.1

    def problem(self) -> str | None:
        """What is wrong with the figures, as a sentence."""
        if self.delay < 0 or self.jitter < 0:
            return "delay and jitter must not be negative"
        if not 0 <= self.echo <= 1 or self.echo_delay < 0:
            return "echo must be from 0 to 1, and echo-delay not negative"
        return None if 0 <= self.loss < 1 else "loss must be from 0 to less than 1"


class NetworkInput(InputTransport):
    """The bot's ear at the end of a network. Twice the same seed: the same packets late and lost."""

    def __init__(self, network: Network, room: Room | None = None, *, seed: int = 0) -> None:
        super().__init__()
        self.lost = 0
        self._network = network
        self._room = room
        self._random = random.Random(seed)
        self._last = 0.0
        self._on_its_way: deque[tuple[bytes, int, int]] = deque()

    def receive_audio(self, pcm: bytes, rate: int, channels: int = 1) -> None:
        """Sound that the caller sent now."""
        network = self._network
        if self._room is not None:
            pcm = self._room.pick_up(self.session.now(), pcm)
        late = network.delay + network.jitter * self._random.random()
        if self._random.random() < network.loss:
            self.lost += 1
            pcm = bytes(len(pcm))
        self._last = max(self._last, self.session.now() + late)
        self._on_its_way.append((pcm, rate, channels))
        self.session.clock.at(self._last, self._arrive)

    def _arrive(self) -> None:
        """Timers of one moment fire in any order, packets do not."""
        super().receive_audio(*self._on_its_way.popleft())


class LoudspeakerOutput(MemoryOutput):
    """The bot's voice out of a loudspeaker in the caller's room."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room

    def write_audio(self, pcm: bytes) -> None:
        super().write_audio(pcm)
        self._room.play(self.session.now(), pcm, self.rate)


class NetworkTransport(MemoryTransport):
    """A memory transport whose caller is far away, perhaps with a loudspeaker."""

    def __init__(self, network: Network, *, seed: int = 0) -> None:
        super().__init__()
        room = Room(network.echo, network.echo_delay) if network.echo else None
        self.source = NetworkInput(network, room, seed=seed)
        if room is not None:
            self.sink = LoudspeakerOutput(room)
