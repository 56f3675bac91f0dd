"""Twilio Media Streams, bidirectional: JSON messages, mu-law at 8 kHz both ways.

Twilio sends marks back when the sound before them has been played, and all that are left when told to clear.
There is no message for keys: they go out as tones. Protocol: Twilio's "Media Streams - WebSocket Messages".
"""

from __future__ import annotations

from typing import Any

import msgspec

from antiphon.transports.telephony.dialect import Wire, base64, need, quoted, rate_of, texts
from antiphon.transports.telephony.events import CallInfo, Coding, Event, Format, ProtocolError
from antiphon.transports.telephony.media_stream import MediaStream, Message


class _Format(msgspec.Struct, frozen=True, rename="camel"):
    encoding: str = "audio/x-mulaw"
    sample_rate: int | str = 8000
    channels: int = 1


class _Start(msgspec.Struct, frozen=True, rename="camel"):
    stream_sid: str
    call_sid: str
    account_sid: str = ""
    custom_parameters: dict[str, Any] | None = None
    media_format: _Format = _Format()


class Twilio(MediaStream[Message[_Start]]):
    """One stream of Twilio's."""

    provider = "twilio"
    name = "Twilio"

    def __init__(self) -> None:
        super().__init__(Message[_Start])
        self._stream = '""'

    def audio(self, pcm: bytes) -> Wire:
        payload = base64(self._coded(pcm))
        return f'{{"event":"media","streamSid":{self._stream},"media":{{"payload":"{payload}"}}}}'

    def mark(self, name: str) -> Wire:
        return f'{{"event":"mark","streamSid":{self._stream},"mark":{{"name":{quoted(name)}}}}}'

    def clear(self) -> Wire:
        return f'{{"event":"clear","streamSid":{self._stream}}}'

    def _start(self, said: Message[_Start]) -> Event:
        start = need(said.start, "start")
        form = start.media_format
        if form.encoding != "audio/x-mulaw" or form.channels != 1:
            raise ProtocolError(
                f"Twilio offers {form.encoding[:40]!r} with {form.channels} channels, not mono mu-law"
            )
        self._stream = quoted(start.stream_sid)
        self.out = Format(Coding.MULAW, rate_of(form.sample_rate))
        parameters = texts(start.custom_parameters)
        return self._begin(
            CallInfo(
                provider=self.provider,
                call_id=start.call_sid,
                stream_id=start.stream_sid,
                account_id=start.account_sid,
                from_number=parameters.get("from", ""),
                to_number=parameters.get("to", ""),
                parameters=parameters,
                format=self.out,
            )
        )
