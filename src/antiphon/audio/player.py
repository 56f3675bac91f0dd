"""The player: what waits to be played, handed out packet by packet, stopped within one packet.

Pure: no clock, no device. Each piece of sound belongs to an owner (a response), so that one response can be
flushed and the rest stays, and so that every packet says whose samples it holds. When sound is cut, the next
packet carries a short fade of what would have come, because a hard cut clicks; before it goes on, one packet
ends with what was last heard, fading in. Neither is counted as played.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container
from typing import NamedTuple

from antiphon.audio import pcm

FADE_MS = 5.0


class Packet(NamedTuple):
    """One packet of PCM s16le mono, and how many of its samples belong to whom."""

    pcm: bytes
    portions: tuple[tuple[int | None, int], ...]


class _Piece:
    __slots__ = ("data", "offset", "owner")

    def __init__(self, owner: int | None, data: bytes) -> None:
        self.owner = owner
        self.data = data
        self.offset = 0


class Player:
    """Mono PCM s16le at `rate`, in packets of `packet` samples."""

    def __init__(self, rate: int, packet: int) -> None:
        self.rate = rate
        self.packet = packet
        self.paused = False
        self._pieces: deque[_Piece] = deque()
        self._queued: dict[int | None, int] = {}
        self._sounding: _Piece | None = None
        self._fade = b""
        self._swell = b""
        self._recent: tuple[int | None, bytes] = (None, b"")

    def add(self, owner: int | None, data: bytes) -> None:
        """Queue sound after everything that waits. Raises ValueError for half a sample."""
        if len(data) % 2:
            raise ValueError(f"PCM s16le needs an even number of bytes, not {len(data)}.")
        if data:
            self._pieces.append(_Piece(owner, data))
            self._queued[owner] = self._queued.get(owner, 0) + len(data) // 2

    def queued(self, owner: int | None) -> int:
        """Samples of this owner that have not been handed out."""
        return self._queued.get(owner, 0)

    @property
    def samples(self) -> int:
        """All samples that wait."""
        return sum(self._queued.values())

    @property
    def idle(self) -> bool:
        """True when there is nothing to hand out now."""
        return not self._fade and (self.paused or not (self._pieces or self._swell))

    def flush(self, owner: int | None, *, fade: bool = True) -> int:
        """Drop what waits of one owner. Returns the number of samples dropped.

        Without a `fade` where the peer has dropped the last packets too: it would come out of place.
        """
        if self._recent[0] == owner:
            self._swell = b""
        if self._sounding is not None and self._sounding.owner == owner:
            if not fade:
                self._fade = b""
            elif not self.paused:
                self._fade = self._coming()
            self._sounding = None
        self._pieces = deque(piece for piece in self._pieces if piece.owner != owner)
        return self._queued.pop(owner, 0)

    def clear(self) -> None:
        """Drop everything at once, without a fade: nobody listens any more."""
        self._pieces.clear()
        self._queued.clear()
        self._sounding, self._fade, self._swell = None, b"", b""

    def pause(self) -> None:
        """Hand out nothing more, after a fade; `resume` goes on from the exact sample."""
        if not self.paused:
            self._fade = self._fade or self._coming()
            self.paused = True

    def resume(self) -> None:
        """Go on. If not even the fade was handed out, nothing was interrupted."""
        if self.paused and self._sounding is not None:
            self._fade = b""
        elif self.paused and not self._fade:
            self._swell = self._last()
        self.paused = False

    def pull(self, unfinished: Container[int | None] = ()) -> Packet | None:
        """The next packet, padded with silence at the end of what there is; None when there is nothing.

        A packet that is not full waits for more if its last owner is `unfinished`.
        """
        if self._fade:
            fade, self._fade, self._sounding = self._fade, b"", None
            return Packet(self._padded(fade), ())
        if self.paused:
            return None
        if self._swell:
            swell, self._swell = self._swell, b""
            return Packet(swell, ())
        if not self._pieces:
            self._sounding = None
            return None
        if self._pieces[-1].owner in unfinished and self.samples < self.packet:
            return None
        chunks, portions = self._take(self.packet)
        self._recent = (portions[-1][0], chunks[-1])
        return Packet(self._padded(chunks[0] if len(chunks) == 1 else b"".join(chunks)), tuple(portions))

    def _take(self, wanted: int) -> tuple[list[bytes], list[tuple[int | None, int]]]:
        chunks: list[bytes] = []
        portions: list[tuple[int | None, int]] = []
        while wanted and self._pieces:
            piece = self._sounding = self._pieces[0]
            chunk = piece.data[piece.offset : piece.offset + 2 * wanted]
            piece.offset += len(chunk)
            count = len(chunk) // 2
            wanted -= count
            chunks.append(chunk)
            portions.append((piece.owner, count))
            self._queued[piece.owner] -= count
            if piece.offset >= len(piece.data):
                self._pieces.popleft()
            if not self._queued[piece.owner]:
                del self._queued[piece.owner]
        if wanted:
            self._sounding = None
        return chunks, portions

    def _coming(self) -> bytes:
        """The next few milliseconds of what is sounding, fading out. They are not counted as played."""
        wanted = 2 * min(self.packet, int(self.rate * FADE_MS / 1000))
        sound = b""
        for piece in self._pieces:
            if self._sounding is None or piece.owner != self._sounding.owner or len(sound) >= wanted:
                break
            sound += piece.data[piece.offset : piece.offset + wanted - len(sound)]
        return pcm.fade_out(sound, self.rate, FADE_MS)

    def _last(self) -> bytes:
        """A packet that ends with the last milliseconds of what goes on now, fading in."""
        owner, sound = self._recent
        if not self._pieces or self._pieces[0].owner != owner:
            return b""
        sound = sound[-2 * min(self.packet, int(self.rate * FADE_MS / 1000)) :]
        return bytes(2 * self.packet - len(sound)) + pcm.fade_in(sound, self.rate, FADE_MS)

    def _padded(self, chunk: bytes) -> bytes:
        missing = 2 * self.packet - len(chunk)
        return chunk + bytes(missing) if missing else chunk
