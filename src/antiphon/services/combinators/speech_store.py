"""Speech that was synthesised before, by key: in memory, and in a folder if wanted, as far as there is room.

Files are written whole or not at all, and read strictly: one that cannot be read is as if it were not there.
"""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
from collections import OrderedDict
from pathlib import Path

import msgspec

from antiphon.services.base import Audio, WordTiming

log = logging.getLogger("antiphon")

SUFFIX = ".speech"

_OVERHEAD = 100
"""Bytes that an item takes beside its sound, roughly."""


class _Sound(msgspec.Struct, frozen=True, tag="sound", array_like=True):
    pcm: bytes
    rate: int
    channels: int


class _Word(msgspec.Struct, frozen=True, tag="word", array_like=True):
    word: str
    start: float
    end: float


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[_Sound | _Word, ...])

Speech = tuple[Audio | WordTiming, ...]


class SpeechStore:
    """Holds at most `max_bytes` in memory, and as many in `folder`."""

    def __init__(self, max_bytes: int, folder: Path | None = None) -> None:
        self._max_bytes = max_bytes
        self._folder = folder
        self._kept: OrderedDict[str, Speech] = OrderedDict()
        self._bytes = 0

    async def get(self, key: str) -> Speech | None:
        """What was put there; None if it is not there any more."""
        speech = self._kept.get(key)
        if speech is None and self._folder is not None:
            loop = asyncio.get_running_loop()
            speech = await loop.run_in_executor(None, _read, self._folder, key, self._max_bytes)
            if speech is not None:
                self._keep(key, speech)
        elif speech is not None:
            self._kept.move_to_end(key)
        return speech

    async def put(self, key: str, speech: Speech) -> None:
        """Keep it. What is larger than all the room is not kept."""
        if size_of(speech) > self._max_bytes:
            return
        self._keep(key, speech)
        if self._folder is not None:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(None, _write, self._folder, key, speech, self._max_bytes)

    @property
    def bytes(self) -> int:
        """How much of the memory is in use."""
        return self._bytes

    def _keep(self, key: str, speech: Speech) -> None:
        old = self._kept.pop(key, ())
        self._kept[key] = speech
        self._bytes += size_of(speech) - size_of(old)
        while self._bytes > self._max_bytes:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= size_of(dropped)


def size_of(speech: Speech) -> int:
    """Roughly how many bytes it takes."""
    return sum(_OVERHEAD + (len(item.pcm) if isinstance(item, Audio) else 0) for item in speech)


def _read(folder: Path, key: str, largest: int) -> Speech | None:
    """What the file holds. Reading it makes it the last to be dropped."""
    path = folder / (key + SUFFIX)
    try:
        if path.stat().st_size > 2 * largest:
            return None
        records = _decoder.decode(path.read_bytes())
        os.utime(path)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        log.warning("%s cannot be used: %s", path, error)
        return None
    return tuple(_item(record) for record in records)


def _write(folder: Path, key: str, speech: Speech, room: int) -> None:
    """Write a file and drop the oldest that are too many. A folder that cannot be written is told of."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as file:
            file.write(_encoder.encode([_record(item) for item in speech]))
        Path(file.name).replace(folder / (key + SUFFIX))
        _prune(folder, room)
    except OSError as error:
        log.warning("speech cannot be kept in %s: %s", folder, error)


def _prune(folder: Path, room: int) -> None:
    files = [(path, path.stat()) for path in folder.glob(f"*{SUFFIX}")]
    size = sum(stat.st_size for _, stat in files)
    for path, stat in sorted(files, key=lambda each: each[1].st_mtime_ns):
        if size <= room:
            return
        path.unlink(missing_ok=True)
        size -= stat.st_size


def _record(item: Audio | WordTiming) -> _Sound | _Word:
    if isinstance(item, Audio):
        return _Sound(item.pcm, item.rate, item.channels)
    return _Word(item.word, item.start, item.end)


def _item(record: _Sound | _Word) -> Audio | WordTiming:
    if isinstance(record, _Sound):
        return Audio(record.pcm, record.rate, record.channels)
    return WordTiming(record.word, record.start, record.end)
