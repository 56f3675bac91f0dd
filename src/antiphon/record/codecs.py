"""How a log keeps sound: as it came, packed without loss, or as mu-law (half as long, a little changed)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from antiphon.audio.g711 import ulaw_decode, ulaw_encode
from antiphon.audio.shorten import pack, unpack


class Codec(NamedTuple):
    """Mono PCM, s16le, to what the log keeps, and back. `decode` raises ValueError for what is damaged.

    `packs` says that what voices gave is kept so too; else it is kept as it came.
    """

    encode: Callable[[bytes], bytes]
    decode: Callable[[bytes], bytes]
    packs: bool = False


CODECS = {
    "pcm": Codec(bytes, bytes),
    "packed": Codec(pack, unpack, packs=True),
    "ulaw": Codec(ulaw_encode, ulaw_decode),
}
"""By the name that the log's first record has."""
