from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.audio.rechunk import Rechunker


@given(st.lists(st.binary(max_size=50)), st.integers(1, 8), st.integers(1, 2))
def test_packets_hold_the_stream_and_are_all_of_one_size(
    pieces: list[bytes], samples: int, channels: int
) -> None:
    rechunker = Rechunker(samples, channels)
    size = 2 * samples * channels
    total = b""
    packets: list[bytes] = []
    for piece in pieces:
        packets += rechunker.feed(piece)
        total += piece
        assert len(packets) == len(total) // size
        assert rechunker.pending == len(total) % size
    packets += rechunker.flush()
    assert {len(packet) for packet in packets} <= {size}
    assert b"".join(packets) == total.ljust(-(-len(total) // size) * size, b"\0")
    assert rechunker.flush() == []


def test_an_exact_packet_is_not_copied() -> None:
    packet = bytes(320)
    assert Rechunker(160).feed(packet)[0] is packet


def test_clear_forgets() -> None:
    rechunker = Rechunker(2)
    rechunker.feed(b"abc")
    rechunker.clear()
    assert rechunker.feed(b"wxyz") == [b"wxyz"]


def test_an_empty_packet_is_refused() -> None:
    with pytest.raises(ValueError, match="at least"):
        Rechunker(0)
