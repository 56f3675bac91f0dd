"""A running checksum of all frames that cross the links of a pipeline, to tell whether two runs are the same.

Values that are not plain data count by their type only. A second checksum is of the conversation alone: who
said what, what was decided, and how answers ended, without times, so that it is the same for two runs whose
timers were not equally punctual: a bot that has changed a little may still hold the same conversation.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import msgspec

from antiphon.frames import (
    BotHeardFrame,
    Frame,
    InputAudioRawFrame,
    LLMTextFrame,
    OutputAudioRawFrame,
    ResponseEndedFrame,
    TranscriptionFrame,
    TurnDecisionFrame,
)
from antiphon.processor import Processor


def _unknown(value: object) -> str:
    return type(value).__name__


_encoder = msgspec.msgpack.Encoder(enc_hook=_unknown)

SOUND = (InputAudioRawFrame, OutputAudioRawFrame)
"""What most frames are. They say nothing of the conversation, and no time is spent on finding that out."""


class Crossings:
    """Counts and sums up the frames that leave the given processors. An observer."""

    def __init__(self, parts: Sequence[Processor]) -> None:
        self.count = 0
        self.digest = 0
        self.events = 0
        self.conversation = 0
        self._numbers = {id(part): number for number, part in enumerate(parts)}

    def on_frame(self, frame: Frame, source: Processor, target: Processor, *, upstream: bool) -> None:
        """See one frame on one link. Frames from elsewhere (the session's ends, a probe) do not count."""
        number = self._numbers.get(id(source))
        if number is None:
            return
        self.count += 1
        data = _encoder.encode((number, upstream, frame.name, frame))
        self.digest = zlib.crc32(data, self.digest)
        event = None if isinstance(frame, SOUND) else _event(frame)
        if event is not None:
            self.events += 1
            self.conversation = zlib.crc32(_encoder.encode((number, upstream, event)), self.conversation)


def _event(frame: Frame) -> tuple[str, ...] | None:
    """What a frame says of the conversation; None if nothing."""
    match frame:
        case TurnDecisionFrame(decision):
            return "decided", decision
        case TranscriptionFrame(text):
            return "said", text
        case LLMTextFrame(text):
            return "wrote", str(frame.response), text
        case BotHeardFrame(number, heard, True):
            return "heard", str(number), heard
        case ResponseEndedFrame(number, outcome):
            return "ended", str(number), outcome.value
        case _:
            return None
