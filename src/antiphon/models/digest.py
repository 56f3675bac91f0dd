"""Is a file what it should be? Size always, SHA-256 when size or time of change differ from last time.

Hashing 490 MB takes a second or two, too long for every start. So the hash is written down next to the
file (`.NAME.stamp`) with the size and the modification time it was computed at, and believed as long as both
still hold. Where the stamp cannot be written, the file is hashed each time. This finds damage and mix-ups; it
does not guard against someone who can write to the folder, who could change the stamp as well.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

import msgspec

_BLOCK = 1 << 20


class Stamp(msgspec.Struct, frozen=True):
    """A hash and the state of the file when it was computed."""

    size: int
    mtime_ns: int
    sha256: str


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal, read in pieces of 1 MB."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def known_sha256(path: Path) -> str:
    """The SHA-256 of a file, from its stamp if the file has not changed since."""
    state = path.stat()
    stamp = _read(path)
    if stamp and (stamp.size, stamp.mtime_ns) == (state.st_size, state.st_mtime_ns):
        return stamp.sha256
    digest = sha256_of(path)
    _write(path, Stamp(state.st_size, state.st_mtime_ns, digest))
    return digest


def matches(path: Path, size: int, sha256: str) -> bool:
    """Whether the file has this size and this hash."""
    return path.stat().st_size == size and known_sha256(path) == sha256


def stamp_path(path: Path) -> Path:
    """Where the stamp of a file is kept."""
    return path.with_name(f".{path.name}.stamp")


def _read(path: Path) -> Stamp | None:
    try:
        return msgspec.json.decode(stamp_path(path).read_bytes(), type=Stamp)
    except (OSError, msgspec.DecodeError):
        return None


def _write(path: Path, stamp: Stamp) -> None:
    with contextlib.suppress(OSError):
        stamp_path(path).write_bytes(msgspec.json.encode(stamp))
