"""Exotel's Voicebot applet: JSON messages, 16-bit PCM (little-endian) at 8 kHz, or what the stream says.

Exotel wants pieces of sound whose size is a multiple of 320 bytes, and advises against short ones: packets of
100 ms meet both at every rate. There is no REST call that ends a call: closing the socket does. Protocol:
Exotel's "Working with the Stream and Voicebot Applet".
"""

from __future__ import annotations

from typing import Any

import msgspec

from antiphon.transports.telephony.dialect import Wire, base64, need, quoted, rate_of, texts
from antiphon.transports.telephony.events import CallInfo, Coding, Event, Format
from antiphon.transports.telephony.media_stream import MediaStream, Message

UNIT = 320
"""Bytes of which the size of a piece of sound must be a multiple."""


class _Format(msgspec.Struct, frozen=True):
    encoding: str = ""
    sample_rate: int | str = 8000


class _Start(msgspec.Struct, frozen=True):
    stream_sid: str
    call_sid: str
    account_sid: str = ""
    from_: str = msgspec.field(name="from", default="")
    to: str = ""
    custom_parameters: dict[str, Any] | None = None
    media_format: _Format = _Format()


class Exotel(MediaStream[Message[_Start]]):
    """One stream of Exotel's."""

    provider = "exotel"
    name = "Exotel"
    packet_ms = 100

    def __init__(self) -> None:
        super().__init__(Message[_Start])
        self.out = Format(Coding.PCM_LITTLE, 8000)
        self._stream = '""'

    def audio(self, pcm: bytes) -> Wire:
        data = self._coded(pcm)
        data += bytes(-len(data) % UNIT)
        return f'{{"event":"media","stream_sid":{self._stream},"media":{{"payload":"{base64(data)}"}}}}'

    def mark(self, name: str) -> Wire:
        return f'{{"event":"mark","stream_sid":{self._stream},"mark":{{"name":{quoted(name)}}}}}'

    def clear(self) -> Wire:
        return f'{{"event":"clear","stream_sid":{self._stream}}}'

    def _start(self, said: Message[_Start]) -> Event:
        start = need(said.start, "start")
        form = start.media_format
        coding = Coding.MULAW if "mulaw" in form.encoding.lower() else Coding.PCM_LITTLE
        self.out = Format(coding, rate_of(form.sample_rate))
        self._stream = quoted(start.stream_sid)
        parameters = texts(start.custom_parameters)
        return self._begin(
            CallInfo(
                provider=self.provider,
                call_id=start.call_sid,
                stream_id=start.stream_sid,
                account_id=start.account_sid,
                from_number=start.from_ or parameters.get("from", ""),
                to_number=start.to or parameters.get("to", ""),
                parameters=parameters,
                format=self.out,
            )
        )
