"""Plivo audio streaming, bidirectional: JSON messages, mu-law at 8 kHz or 16-bit PCM (little-endian).

A checkpoint comes back as `playedStream`, only if the sound before it was really played. Keys have a message
of their own. The caller's parameters come as one text, `name=value` with commas or semicolons between them.
Protocol: Plivo's "Audio Streaming".
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from antiphon.transports.telephony.dialect import Wire, base64, need, quoted, rate_of, texts
from antiphon.transports.telephony.events import CallInfo, Coding, Event, Format, ProtocolError
from antiphon.transports.telephony.media_stream import MediaStream, Message

_CODINGS = {"audio/x-mulaw": Coding.MULAW, "audio/x-l16": Coding.PCM_LITTLE}
_KEY = '{"event":"sendDTMF","dtmf":'
_TYPES = {coding: name for name, coding in _CODINGS.items()}


class _Format(msgspec.Struct, frozen=True, rename="camel"):
    encoding: str = "audio/x-mulaw"
    sample_rate: int | str = 8000


class _Start(msgspec.Struct, frozen=True, rename="camel"):
    stream_id: str
    call_id: str
    account_id: str = ""
    from_: str = msgspec.field(name="from", default="")
    to: str = ""
    media_format: _Format = _Format()


class _Message(Message[_Start], frozen=True):
    extra_headers: str | dict[str, Any] | None = None
    name: str | None = None


class Plivo(MediaStream[_Message]):
    """One stream of Plivo's."""

    provider = "plivo"
    name = "Plivo"
    mark_event = "playedStream"

    def __init__(self) -> None:
        super().__init__(_Message)
        self._stream = '""'
        self._kind = ""

    def audio(self, pcm: bytes) -> Wire:
        media = f'{{{self._kind},"payload":"{base64(self._coded(pcm))}"}}'
        return f'{{"event":"playAudio","streamId":{self._stream},"media":{media}}}'

    def mark(self, name: str) -> Wire:
        return f'{{"event":"checkpoint","streamId":{self._stream},"name":{quoted(name)}}}'

    def clear(self) -> Wire:
        return f'{{"event":"clearAudio","streamId":{self._stream}}}'

    def digit(self, button: str) -> Wire | None:
        return _KEY + quoted(button) + "}"

    def is_sound(self, message: Wire) -> bool:
        return not (isinstance(message, str) and message.startswith(_KEY))

    def _marked(self, said: _Message) -> str:
        return said.name or ""

    def _start(self, said: _Message) -> Event:
        start, parameters = need(said.start, "start"), parse_headers(said.extra_headers)
        coding = _CODINGS.get(start.media_format.encoding)
        if coding is None:
            raise ProtocolError(
                f"Plivo offers {start.media_format.encoding[:40]!r}, not mu-law or 16-bit PCM"
            )
        self.out = Format(coding, rate_of(start.media_format.sample_rate))
        self._stream = quoted(start.stream_id)
        self._kind = f'"contentType":"{_TYPES[coding]}","sampleRate":{self.out.rate}'
        return self._begin(
            CallInfo(
                provider=self.provider,
                call_id=start.call_id,
                stream_id=start.stream_id,
                account_id=start.account_id,
                from_number=start.from_ or parameters.get("from", ""),
                to_number=start.to or parameters.get("to", ""),
                parameters=parameters,
                format=self.out,
            )
        )


def parse_headers(headers: str | dict[str, Any] | None) -> dict[str, str]:
    """`extra_headers`: a JSON object, or `a=1,b=2`, or `a=1;b=2`, in the message or as text. Never raises."""
    if isinstance(headers, str):
        try:
            headers = msgspec.json.decode(headers, type=dict[str, Any])
        except (msgspec.DecodeError, RecursionError):
            pairs = (pair.partition("=") for pair in re.split(r"[,;]", headers))
            return {name.strip(): value.strip() for name, equals, value in pairs if equals and name.strip()}
    return texts(headers)
