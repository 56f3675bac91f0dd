"""Moonshine's vocabulary: token numbers to text. Pure.

The file `tokenizer.bin` lists the tokens in order. Each is its length in bytes, then the bytes. A length of
128 or more takes two bytes: the second times 128, plus the first minus 128. U+2581 stands for a space.
"""

from __future__ import annotations

from collections.abc import Iterable

from antiphon.services.base import ServiceError

START = 1
END = 2
_FIRST_WORD = 3
_SPACE = "\u2581"


def parse_vocabulary(data: bytes) -> list[bytes]:
    """The tokens of a `tokenizer.bin`. Raises `ServiceError` if it ends in the middle of one."""
    tokens: list[bytes] = []
    at = 0
    while at < len(data):
        length, at = data[at], at + 1
        if length >= 128:
            if at == len(data):
                raise _cut_short()
            length, at = data[at] * 128 + length - 128, at + 1
        if at + length > len(data):
            raise _cut_short()
        tokens.append(data[at : at + length])
        at += length
    return tokens


def text_of(tokens: Iterable[int], vocabulary: list[bytes]) -> str:
    """The words that tokens spell; control tokens are left out, bytes that are not UTF-8 become U+FFFD."""
    spelled = b"".join(vocabulary[token] for token in tokens if token >= _FIRST_WORD)
    return spelled.decode("utf-8", "replace").replace(_SPACE, " ").strip()


def _cut_short() -> ServiceError:
    return ServiceError("The tokenizer file is damaged: it ends in the middle of a token.", fatal=True)
