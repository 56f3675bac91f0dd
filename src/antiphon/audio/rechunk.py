"""Packets of one size out of sound of any size: what pacing needs.

`Rechunker` copies each byte once, when it cuts a packet; a piece that is exactly one packet passes through
uncopied.
"""

from __future__ import annotations


class Rechunker:
    """Cuts a stream of PCM s16le into packets of exactly `samples` samples per channel.

    Pieces may have any number of bytes, also half samples; only the sum matters.
    """

    def __init__(self, samples: int, channels: int = 1) -> None:
        if samples < 1 or channels < 1:
            raise ValueError(f"A packet needs a sample and a channel at least, not {samples}, {channels}.")
        self._size = 2 * samples * channels
        self._kept = bytearray()

    @property
    def pending(self) -> int:
        """Bytes that wait for the rest of their packet."""
        return len(self._kept)

    def feed(self, pcm: bytes) -> list[bytes]:
        """All packets that are complete with `pcm`, in order."""
        size = self._size
        if not self._kept and len(pcm) == size:
            return [pcm]
        missing = size - len(self._kept)
        if len(pcm) < missing:
            self._kept += pcm
            return []
        view = memoryview(pcm)
        packets: list[bytes] = []
        start = 0
        if self._kept:
            packets.append(b"".join((self._kept, view[:missing])))
            self._kept.clear()
            start = missing
        end = start + (len(pcm) - start) // size * size
        packets += [bytes(view[at : at + size]) for at in range(start, end, size)]
        self._kept += view[end:]
        return packets

    def flush(self) -> list[bytes]:
        """The last packet, padded with silence; none if nothing is pending."""
        if not self._kept:
            return []
        packet = bytes(self._kept.ljust(self._size, b"\0"))
        self._kept.clear()
        return [packet]

    def clear(self) -> None:
        """Forget what is pending."""
        self._kept.clear()
