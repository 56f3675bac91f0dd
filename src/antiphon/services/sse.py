"""Server-sent events, the part that language models use: bytes in, the data of each event out.

Pure. Pieces may be cut anywhere, also inside a character. Lines end with LF, CRLF or CR; comments and fields
other than ``data`` are passed over. Follows "9.2.6 Interpreting an event stream" of the HTML standard, except
that an event that the stream breaks off is dropped (as there) but its loss is for the caller to notice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST_EVENT = 8_000_000

_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")


class EventTooLong(Exception):
    """A single event grew past all reason: this is not an event stream."""


class SseDecoder:
    """Feed bytes as they come. Not to be used again after `EventTooLong`."""

    def __init__(self) -> None:
        self._buffer = b""
        self._data: list[str] = []
        self._first = True

    def feed(self, piece: bytes) -> list[str]:
        """The data of every event that this piece completes."""
        self._buffer += piece
        data: list[str] = []
        start = 0
        for end in _LINE_END.finditer(self._buffer):
            data += self._line(self._buffer[start : end.start()])
            start = end.end()
        self._buffer = self._buffer[start:]
        if len(self._buffer) + sum(map(len, self._data)) > LONGEST_EVENT:
            raise EventTooLong
        return data

    def finish(self) -> list[str]:
        """The data of a last event that was not followed by an empty line: some servers leave it out."""
        rest, self._buffer = self._buffer.rstrip(b"\r"), b""
        return [*self._line(rest), *self._line(b"")]

    def _line(self, line: bytes) -> Iterator[str]:
        text = line.decode("utf-8", errors="replace")
        if self._first:
            text, self._first = text.removeprefix("\ufeff"), False
        if not text:
            if self._data:
                data, self._data = "\n".join(self._data), []
                yield data
            return
        name, _, value = text.partition(":")
        if name == "data":
            self._data.append(value.removeprefix(" "))
