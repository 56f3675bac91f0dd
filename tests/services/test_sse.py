"""Bytes cut anywhere give the same events."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.services.sse import LONGEST_EVENT, EventTooLong, SseDecoder

one_line = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=12)


def decode(*pieces: bytes) -> list[str]:
    decoder = SseDecoder()
    return [data for piece in pieces for data in decoder.feed(piece)] + decoder.finish()


@given(st.lists(one_line, max_size=6), st.sampled_from(["\n", "\r\n", "\r"]), st.data())
def test_events_do_not_depend_on_where_the_pieces_are_cut(
    lines: list[str], end: str, data: st.DataObject
) -> None:
    stream = "".join(f": note{end}data: {line}{end}{end}" for line in lines).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert decode(*pieces) == lines


@given(st.lists(st.binary(max_size=20), max_size=8))
def test_any_bytes_decode_to_something(pieces: list[bytes]) -> None:
    assert decode(*pieces) == decode(b"".join(pieces))


def test_an_event_comes_as_soon_as_its_empty_line() -> None:
    decoder = SseDecoder()
    assert decoder.feed(b"data: a\n") == []
    assert decoder.feed(b"\ndata: b") == ["a"]
    assert decoder.finish() == ["b"]


def test_fields_comments_and_a_byte_order_mark_are_passed_over() -> None:
    assert decode(b"\xef\xbb\xbfdata:a\n: ping\nevent: x\nid: 1\ndata: b\n\n\n\n") == ["a\nb"]


def test_an_endless_event_is_refused() -> None:
    with pytest.raises(EventTooLong):
        SseDecoder().feed(b"x" * (LONGEST_EVENT + 1))
