"""Tagged audio: sound from which a test can read what was heard, word by word and block by block.

Every 10 ms block carries a magic number, the id of its utterance, its place in it, and the word it is part
of. So any recording tells which words it holds, in which order, and what was lost or repeated. Silence is
zeros. Noises are tagged as such and hold no words. Muffled words are really quieter, by `MUFFLED_DB`.

The limits: blocks survive cutting, padding, pausing and joining, not mixing, resampling or lossy codecs. A
block that was changed in any way is not there. A word of more than 32 characters counts as several. One
utterance lasts five minutes at most.
"""

from __future__ import annotations

import enum
import struct
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

BLOCKS_PER_SECOND = 100
CHARACTERS_PER_SECOND = 15.0
"""How fast people speak by default."""

MUFFLED_DB = -15.0
"""How much quieter a muffled word is: somebody with the head turned away, or a hand over the microphone."""

_MAGIC = struct.pack("<2h", 1237, -1489)
_HEADER = struct.Struct("<4s7h")
_LONGEST_WORD = 32
_PACKET = 2048
_LONGEST_SHORTCUT = 500
_AMPLITUDE = 6000


class Kind(enum.IntEnum):
    """What a block holds."""

    WORD = 1
    NOISE = 2
    COUGH = 3
    MUFFLED = 4


_KINDS: dict[int, Kind] = {int(kind): kind for kind in Kind}


class Block(NamedTuple):
    """10 ms: part `part` of `parts` of word number `word` (`text`) of an utterance; `place` counts from 0."""

    kind: Kind
    utterance: int
    place: int
    word: int
    part: int
    parts: int
    text: str


class Found(NamedTuple):
    """A block, and the sample of the recording at which it begins."""

    at: int
    block: Block


_found: Callable[[type[Found], tuple[int, Block]], Found] = tuple.__new__  # pyright: ignore
"""Makes a `Found` several times faster than calling it: there is one for every 10 ms of every recording."""


class HeardWord(NamedTuple):
    """A word of which more than half is in the recording: from `start` to `end` in seconds of it.

    `blocks` of its `parts` blocks are there, at most once each.
    """

    text: str
    utterance: int
    word: int
    start: float
    end: float
    blocks: int
    parts: int


class Span(NamedTuple):
    """When a word of an utterance is spoken, in seconds from its first sample."""

    text: str
    start: float
    end: float


class Utterance:
    """Words as sound. `seconds` is rounded to blocks, at least one per word; without it, by the letters."""

    def __init__(
        self,
        text: str,
        *,
        seconds: float | None = None,
        rate: int = 16000,
        id: int = 0,
        muffled: bool = False,
    ) -> None:
        self.text = text
        self.kind = Kind.MUFFLED if muffled else Kind.WORD
        self.rate = rate
        self.id = id
        self.words = _split(text)
        length = len(text) / CHARACTERS_PER_SECOND if seconds is None else seconds
        self._ends = _share(self.words, round(length * BLOCKS_PER_SECOND))

    @property
    def seconds(self) -> float:
        return (self._ends[-1] if self._ends else 0) / BLOCKS_PER_SECOND

    @property
    def spans(self) -> list[Span]:
        """Every word with its time."""
        starts = [0, *self._ends]
        bounds = zip(self.words, starts, self._ends, strict=False)
        return [Span(word, a / BLOCKS_PER_SECOND, b / BLOCKS_PER_SECOND) for word, a, b in bounds]

    @property
    def pcm(self) -> bytes:
        """Mono PCM s16le at `rate`."""
        return _spoken(tuple(self.words), tuple(self._ends), self.rate, self.id, self.kind)


class Noise:
    """Sound without words: a `COUGH` is loud enough to be taken for speech, `NOISE` is not."""

    def __init__(self, seconds: float, kind: Kind = Kind.COUGH, *, rate: int = 16000, id: int = 0) -> None:
        self.kind = kind
        self.rate = rate
        self.id = id
        self._count = round(seconds * BLOCKS_PER_SECOND)

    @property
    def seconds(self) -> float:
        return self._count / BLOCKS_PER_SECOND

    @property
    def pcm(self) -> bytes:
        blocks = (Block(self.kind, self.id, n, 0, n, self._count, "") for n in range(self._count))
        return b"".join(render(block, self.rate) for block in blocks)


class TagReader:
    """Reads blocks out of sound that comes in pieces of any size. Mono PCM s16le at `rate`."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._kept = b""
        self._before = 0

    def feed(self, pcm: bytes) -> list[Found]:
        """The blocks that are complete with this piece."""
        data = self._kept + pcm if self._kept else pcm
        before = self._before
        if len(data) <= _PACKET:
            whole, keep = _scan_packet(data, self.rate)
            found = [_found(Found, (before + at, block)) for at, block in whole]
        else:
            found, keep = _scan(data, self.rate, before)
        self._kept = data[keep:]
        self._before += keep // 2
        return found

    def skip(self, samples: int) -> None:
        """So many samples of silence come next: no block goes on beyond them."""
        self._before += len(self._kept) // 2 + samples
        self._kept = b""


class WordReader:
    """Puts blocks that come one after the other together to words. `rate` is that of the recording."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._before: list[HeardWord] = []
        self._first: Found | None = None
        self._last: Found | None = None
        self._utterance = self._word = self._part = -1
        self._count = 0

    def feed(self, found: Iterable[Found]) -> None:
        """The next blocks."""
        for each in found:
            kind, utterance, _, word, part, _, _ = each.block
            if kind is not Kind.WORD and kind is not Kind.MUFFLED:
                continue
            if part <= self._part or word != self._word or utterance != self._utterance:
                self._before += self._latest()
                self._first, self._count = each, 0
                self._utterance, self._word = utterance, word
            self._last, self._part = each, part
            self._count += 1

    @property
    def words(self) -> list[HeardWord]:
        """The words of which more than half has come, in order."""
        return self._before + self._latest()

    def _latest(self) -> list[HeardWord]:
        """The word that the last blocks belong to, if enough of it has come."""
        first, last = self._first, self._last
        if first is None or last is None or 2 * self._count <= first.block.parts:
            return []
        block, start = first.block, first.at / self.rate
        end = last.at / self.rate + 1 / BLOCKS_PER_SECOND
        return [HeardWord(block.text, block.utterance, block.word, start, end, self._count, block.parts)]


def blocks(pcm: bytes, rate: int) -> list[Found]:
    """Every intact block of a recording, in order: what was lost, repeated or out of order shows here."""
    return TagReader(rate).feed(pcm)


def decode(pcm: bytes, rate: int) -> list[HeardWord]:
    """The words of a recording, in order, each of which is there by more than half of its blocks.

    A word that is there twice counts twice. One that was paused and went on where it was counts once.
    """
    return words_of(blocks(pcm, rate), rate)


def words_of(found: Iterable[Found], rate: int) -> list[HeardWord]:
    """The words that these blocks make."""
    reader = WordReader(rate)
    reader.feed(found)
    return reader.words


def text_of(words: Iterable[HeardWord | Span]) -> str:
    """The words with spaces between them."""
    return " ".join(word.text for word in words)


def kind_at(pcm: bytes) -> Kind | None:
    """The kind of the first block that begins in this piece of sound, complete or not. None for silence."""
    at = pcm.find(_MAGIC)
    if at < 0 or at % 2 or at + 6 > len(pcm):
        return None
    value = int.from_bytes(pcm[at + 4 : at + 6], "little")
    return _KINDS.get(value)


def render(block: Block, rate: int) -> bytes:
    """The sound of one block. Raises ValueError if its text is too long for the rate (at least 8 kHz)."""
    kind, utterance, place, word, part, parts, text = block
    data, length = _tail(text, rate, kind)
    return _HEADER.pack(_MAGIC, kind, utterance, place, word, part, parts, length) + data


@lru_cache(maxsize=128)
def _spoken(words: tuple[str, ...], ends: tuple[int, ...], rate: int, utterance: int, kind: Kind) -> bytes:
    """The sound of words that end at these blocks. Many runs of one scenario say the same."""
    sound: list[bytes] = []
    start = 0
    for number, (word, end) in enumerate(zip(words, ends, strict=True)):
        data, length = _tail(word, rate, kind)
        parts = end - start
        for part in range(parts):
            place = start + part
            sound += (_HEADER.pack(_MAGIC, kind, utterance, place, number, part, parts, length), data)
        start = end
    return b"".join(sound)


@lru_cache(maxsize=1024)
def _tail(text: str, rate: int, kind: Kind) -> tuple[bytes, int]:
    """What comes after the header: the text and loud sound; and the length of the text in bytes.

    Two letters make a loud sample. So a muffled block has one letter in each, in its low byte.
    """
    encoded = text.encode()
    muffled = kind is Kind.MUFFLED
    data = b"\0".join(encoded[n : n + 1] for n in range(len(encoded) + 1)) if muffled else encoded
    data += b"\0" * (len(data) % 2)
    fill = _fill(_AMPLITUDE * 10 ** (MUFFLED_DB / 20) if muffled else _AMPLITUDE)
    size = _block_bytes(rate) - _HEADER.size
    if len(data) > size:
        raise ValueError(f"{text!r} does not fit into 10 ms at {rate} Hz: use shorter words")
    return (data + fill * (size // len(fill) + 1))[:size], len(encoded)


def _fill(amplitude: float) -> bytes:
    high = round(amplitude)
    return struct.pack("<4h", high, high, -high, -high)


def _scan(data: bytes, rate: int, before: int) -> tuple[list[Found], int]:
    """The whole blocks, and the byte from which on more may follow. `before`: samples that came before."""
    size = _block_bytes(rate)
    whole: list[Found] = []
    at = 0
    while (at := data.find(_MAGIC, at)) >= 0 and at + size <= len(data):
        block = None if at % 2 else _parse(data[at : at + size], rate)
        if block is None:
            at += 1
            continue
        whole.append(_found(Found, (before + at // 2, block)))
        at += size
        sound, following = _rest(block, rate)
        count = min(len(following), (len(data) - at) // size)
        if count and data.startswith(sound[: count * size], at):
            starts = range(before + at // 2, before + (at + count * size) // 2, size // 2)
            whole += [_found(Found, pair) for pair in zip(starts, following, strict=False)]
            at += count * size
    keep = at if at >= 0 else len(data) - _begun(data)
    return whole, keep - keep % 2


@lru_cache(maxsize=1024)
def _rest(block: Block, rate: int) -> tuple[bytes, tuple[Block, ...]]:
    """What follows this block up to the end of its word, if nothing is missing: compared in one go."""
    kind, utterance, place, word, part, parts, text = block
    if parts > _LONGEST_SHORTCUT:
        return b"", ()
    steps = range(1, parts - part)
    following = tuple(Block(kind, utterance, place + n, word, part + n, parts, text) for n in steps)
    return b"".join(render(each, rate) for each in following), following


@lru_cache(maxsize=4096)
def _scan_packet(data: bytes, rate: int) -> tuple[list[Found], int]:
    """`_scan` of a short piece. The same packets come again: silence, and what is said in every run."""
    return _scan(data, rate, 0)


def _begun(data: bytes) -> int:
    """How many bytes at the end may be the beginning of a block."""
    return next((n for n in range(len(_MAGIC) - 1, 0, -1) if data.endswith(_MAGIC[:n])), 0)


@lru_cache(maxsize=4096)
def _parse(data: bytes, rate: int) -> Block | None:
    """The block, if nothing of it was changed. The same sound is read by many: recogniser, model, test."""
    _, number, utterance, place, word, part, parts, length = _HEADER.unpack_from(data)
    kind = _KINDS.get(number)
    if kind is None or not 0 <= length <= len(data) - _HEADER.size:
        return None
    step = 2 if kind is Kind.MUFFLED else 1
    try:
        text = data[_HEADER.size : _HEADER.size + step * length : step].decode()
        intact = data.endswith(_tail(text, rate, kind)[0])
    except ValueError:
        return None
    return Block(kind, utterance, place, word, part, parts, text) if intact else None


def _block_bytes(rate: int) -> int:
    return 2 * (rate // BLOCKS_PER_SECOND)


def _split(text: str) -> list[str]:
    words: list[str] = []
    for word in text.split():
        words += [word[at : at + _LONGEST_WORD] for at in range(0, len(word), _LONGEST_WORD)]
    return words


def _share(words: Sequence[str], total: int) -> list[int]:
    """The block at which each word ends: by the letters, at least one block each."""
    letters = sum(len(word) + 1 for word in words)
    ends: list[int] = []
    done = 0
    for word in words:
        done += len(word) + 1
        ends.append(max(round(total * done / letters), (ends[-1] if ends else 0) + 1))
    return ends
