"""The sound of the user's turn: its last seconds, with a little from before it began. Pure."""

from __future__ import annotations

from collections import deque


class AudioWindow:
    """Keeps at most `seconds` of mono PCM s16le; between turns only `preroll` seconds."""

    def __init__(self, seconds: float, preroll: float) -> None:
        self._limits = {True: seconds, False: preroll}
        self._pieces: deque[bytes] = deque()
        self._bytes = 0
        self._rate = 16000
        self._in_turn = False

    def add(self, pcm: bytes, rate: int) -> None:
        """The next piece of sound."""
        self._rate = rate
        self._pieces.append(pcm)
        self._bytes += len(pcm)
        limit = int(self._limits[self._in_turn] * rate) * 2
        while self._pieces and self._bytes - len(self._pieces[0]) >= limit:
            self._bytes -= len(self._pieces.popleft())

    def begin(self) -> None:
        """A turn begins, or goes on."""
        self._in_turn = True

    def end(self) -> None:
        """The turn is over; its sound is forgotten as new sound comes."""
        self._in_turn = False

    def sound(self) -> tuple[bytes, int]:
        """The sound kept now, and its rate."""
        return b"".join(self._pieces), self._rate
