"""A session log: an append-only file of records, each with its length and its checksum.

The file begins with `MAGIC`. Each record follows as its length (u32, little endian), the CRC32 of its bytes
(u32, little endian), and its bytes. Every record goes to the operating system before the next one, so a crash
of the process keeps all of them; a crash of the machine may cut the end off. Reading stops at the first
record that is cut or damaged and says so; all before it is good.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from antiphon.record.records import READABLE, VERSION, AnyRecord, Opened, decode, encode

MAGIC = b"ANTIPHON"
LARGEST = 16 * 1024 * 1024
"""Bytes that one record may have: a damaged length never makes a reader take more memory."""

_FRAME = struct.Struct("<II")


class LogError(Exception):
    """The log cannot be used; the message is one sentence that says why."""


class LogWriter:
    """Appends records to a file. Use it as a context manager, or `close` it.

    A full disk, or a record that is too large, ends the log: `broken` then says why, and nothing is raised,
    for the conversation matters more.
    """

    def __init__(self, out: BinaryIO, opened: Opened) -> None:
        self.broken = ""
        self.bytes = 0
        self.codec = opened.codec
        self._out = out
        self._put(MAGIC)
        self.write(opened)

    @classmethod
    def create(cls, path: Path, opened: Opened | None = None) -> LogWriter:
        """Begin a log in a new file. Raises LogError when it cannot be written."""
        try:
            return cls(path.open("wb", buffering=0), opened or Opened())
        except OSError as error:
            reason = error.strerror or str(error)
            raise LogError(f"Cannot write the log {path}: {reason}. Choose another place.") from None

    def write(self, record: AnyRecord) -> None:
        """Append one record."""
        data = encode(record)
        if len(data) > LARGEST:
            self.broken = self.broken or f"a record of {len(data)} bytes is too large"
        self._put(_FRAME.pack(len(data), zlib.crc32(data)) + data)

    def close(self) -> None:
        self._out.close()

    def __enter__(self) -> LogWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _put(self, data: bytes) -> None:
        if self.broken or self._out.closed:
            return
        try:
            left = memoryview(data)
            while left:
                left = left[self._out.write(left) :]
        except OSError as error:
            self.broken = error.strerror or str(error)
        self.bytes += len(data)


class SessionLog(msgspec.Struct, frozen=True):
    """A log that was read. `damage` says why reading stopped early; empty if it came to its end."""

    opened: Opened
    records: tuple[AnyRecord, ...]
    damage: str = ""


def read_log(path: Path) -> SessionLog:
    """Read a log as far as it is good. Raises LogError if there is none, or it is none."""
    try:
        with path.open("rb") as file:
            return read_records(file, str(path))
    except OSError as error:
        raise LogError(f"Cannot read the log {path}: {error.strerror or error}.") from None


def read_records(file: BinaryIO, name: str = "the file") -> SessionLog:
    """Read a log from an open file, as far as it is good. Raises LogError if it is no log."""
    if file.read(len(MAGIC)) != MAGIC:
        raise LogError(f"{name} is no session log: make one with `antiphon talk --record`.")
    records: list[AnyRecord] = []
    damage = ""
    try:
        for record in _records(file):
            records.append(record)  # noqa: PERF402 - what was read before the damage is kept
    except _Damaged as found:
        damage = f"the log is good up to record {len(records)}; there {found}"
    if not records or not isinstance(records[0], Opened):
        raise LogError(f"{name} is a session log, but its beginning is damaged.")
    if records[0].version not in READABLE:
        raise LogError(f"{name} was written by another version (format {records[0].version}, not {VERSION}).")
    return SessionLog(records[0], tuple(records[1:]), damage)


class _Damaged(Exception):
    """A record that is not whole."""


def _records(file: BinaryIO) -> Iterator[AnyRecord]:
    while head := file.read(_FRAME.size):
        if len(head) < _FRAME.size:
            raise _Damaged("it is cut off")
        size, checksum = _FRAME.unpack(head)
        if size > LARGEST:
            raise _Damaged("a length is damaged")
        data = file.read(size)
        if len(data) < size:
            raise _Damaged("it is cut off")
        if zlib.crc32(data) != checksum:
            raise _Damaged("a checksum does not fit")
        try:
            yield decode(data)
        except msgspec.MsgspecError:
            raise _Damaged("is a record of an unknown kind") from None
