"""Telnyx media streaming in RTP mode: JSON messages, mu-law, A-law or 16-bit PCM.

The two directions have formats of their own: the caller's is what the call was set up with and is told in
the first message; the bot's is what was asked for when the stream was opened (`stream_bidirectional_codec`,
mu-law unless stated) and is not told. Packets may come out of order: `chunk` puts them right. Sound of 16-bit
PCM is taken to be little-endian, as users of it report, although RTP (RFC 3551) has it the other way round:
give `linear=Coding.PCM_BIG` if yours is. Protocol: Telnyx's "Stream call media over WebSocket".
"""

from __future__ import annotations

from typing import Any

import msgspec

from antiphon.transports.telephony.dialect import Wire, base64, need, number_of, quoted, rate_of, texts
from antiphon.transports.telephony.events import Audio, CallInfo, Coding, Event, Format, ProtocolError
from antiphon.transports.telephony.media_stream import Media, MediaStream, Message
from antiphon.transports.telephony.reorder import Reorder


class _Format(msgspec.Struct, frozen=True):
    encoding: str = "PCMU"
    sample_rate: int | str = 8000
    channels: int = 1


class _Start(msgspec.Struct, frozen=True):
    call_control_id: str
    user_id: str = ""
    from_: str = msgspec.field(name="from", default="")
    to: str = ""
    custom_parameters: dict[str, Any] | None = None
    media_format: _Format = _Format()


class _Message(Message[_Start], frozen=True):
    stream_id: str = ""


class Telnyx(MediaStream[_Message]):
    """One stream of Telnyx's. `out` is the format that the stream was opened with."""

    provider = "telnyx"
    name = "Telnyx"

    def __init__(self, *, out: Format | None = None, linear: Coding = Coding.PCM_LITTLE) -> None:
        super().__init__(_Message)
        if out is not None:
            self.out = out
        self._linear = linear
        self._order: Reorder[Audio] = Reorder()

    def audio(self, pcm: bytes) -> Wire:
        return f'{{"event":"media","media":{{"payload":"{base64(self._coded(pcm))}"}}}}'

    def mark(self, name: str) -> Wire:
        return f'{{"event":"mark","mark":{{"name":{quoted(name)}}}}}'

    def clear(self) -> Wire:
        return '{"event":"clear"}'

    def _media(self, media: Media) -> list[Event]:
        sound, number = self._sound(media.payload), number_of(media.chunk)
        return [sound] if number is None else [*self._order.put(number, sound)]

    def _start(self, said: _Message) -> Event:
        start = need(said.start, "start")
        parameters = texts(start.custom_parameters)
        return self._begin(
            CallInfo(
                provider=self.provider,
                call_id=start.call_control_id,
                stream_id=said.stream_id,
                account_id=start.user_id,
                from_number=start.from_ or parameters.get("from", ""),
                to_number=start.to or parameters.get("to", ""),
                parameters=parameters,
                format=self._format(start.media_format),
            )
        )

    def _format(self, form: _Format) -> Format:
        codings = {"PCMU": Coding.MULAW, "PCMA": Coding.ALAW, "L16": self._linear}
        coding = codings.get(form.encoding.upper())
        if coding is None or form.channels != 1:
            raise ProtocolError(
                f"Telnyx offers {form.encoding[:40]!r} with {form.channels} channels: "
                "set stream_codec to PCMU, PCMA or L16"
            )
        return Format(coding, rate_of(form.sample_rate))
