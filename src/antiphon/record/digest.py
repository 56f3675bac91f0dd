"""A running checksum of all frames that cross the links of a pipeline, to tell whether two runs are the same.

What does not belong to the conversation is left out: the wall clock in transcripts. Values that are not plain
data count by their type only.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import msgspec

from antiphon.frames import Frame
from antiphon.processor import Processor


def _unknown(value: object) -> str:
    return type(value).__name__


_encoder = msgspec.msgpack.Encoder(enc_hook=_unknown)


class Crossings:
    """Counts and sums up the frames that leave the given processors. An observer."""

    def __init__(self, parts: Sequence[Processor]) -> None:
        self.count = 0
        self.digest = 0
        self._numbers = {id(part): number for number, part in enumerate(parts)}

    def on_frame(self, frame: Frame, source: Processor, target: Processor, *, upstream: bool) -> None:
        """See one frame on one link. Frames from elsewhere (the session's ends, a probe) do not count."""
        number = self._numbers.get(id(source))
        if number is None:
            return
        self.count += 1
        if hasattr(frame, "timestamp"):
            frame = frame.replace(timestamp="")
        data = _encoder.encode((number, upstream, frame.name, frame))
        self.digest = zlib.crc32(data, self.digest)
