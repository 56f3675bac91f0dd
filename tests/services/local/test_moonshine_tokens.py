from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.services.base import ServiceError
from antiphon.services.local.moonshine_tokens import END, START, parse_vocabulary, text_of


def packed(tokens: list[bytes]) -> bytes:
    """The file format, written from its description."""
    out = bytearray()
    for token in tokens:
        size = len(token)
        out += bytes([size]) if size < 128 else bytes([size % 128 + 128, size // 128])
        out += token
    return bytes(out)


@given(st.lists(st.binary(max_size=400), max_size=20))
def test_what_was_packed_is_parsed(tokens: list[bytes]) -> None:
    assert parse_vocabulary(packed(tokens)) == tokens


@given(st.lists(st.binary(min_size=2, max_size=400), min_size=1, max_size=5), st.data())
def test_a_file_cut_short_is_refused(tokens: list[bytes], data: st.DataObject) -> None:
    whole = packed(tokens)
    last = len(packed(tokens[:-1]))
    with pytest.raises(ServiceError, match="damaged"):
        parse_vocabulary(whole[: data.draw(st.integers(last + 1, len(whole) - 1))])


VOCABULARY = [
    b"<unk>",
    b"<s>",
    b"</s>",
    "\u2581Hello".encode(),
    b",",
    "\u2581w".encode(),
    b"\xc3",
    b"\xb6",
    b"rld",
]


def test_words_are_put_together_across_bytes() -> None:
    assert text_of([START, 3, 4, 5, 6, 7, 8, END], VOCABULARY) == "Hello, wörld"


def test_half_a_character_is_marked_and_nothing_is_nothing() -> None:
    assert text_of([3, 6], VOCABULARY) == "Hello\ufffd"
    assert text_of([], VOCABULARY) == ""
