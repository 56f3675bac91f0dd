"""A media stream in JSON, as four of the five providers have it: `start`, `media`, `dtmf`, `mark`, `stop`.

What differs between them is the beginning, what the sound is coded in, and how a stream is named; that is a
dialect's own.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Generic, TypeVar

import msgspec

from antiphon.transports.telephony.dialect import Dialect, Pressed, Wire, need, read
from antiphon.transports.telephony.events import Event, Marked, Stopped

S = TypeVar("S", bound=msgspec.Struct)


class Media(msgspec.Struct, frozen=True):
    """A piece of sound in JSON; msgspec reads the base64 strictly."""

    payload: bytes
    track: str = "inbound"
    chunk: int | str | None = None

    @property
    def inbound(self) -> bool:
        """Is it the caller's (and not a copy of the bot's own)?"""
        return self.track in ("inbound", "inbound_track")


class Named(msgspec.Struct, frozen=True):
    """A mark in JSON."""

    name: str


class Message(msgspec.Struct, Generic[S], frozen=True):
    """Any message of a stream whose `start` is an S: `event` says which of the others it holds."""

    event: str
    start: S | None = None
    media: Media | None = None
    dtmf: Pressed | None = None
    mark: Named | None = None


M = TypeVar("M", bound=Message[Any])


class MediaStream(Dialect, Generic[M]):
    """Decodes messages of the type M. `name` is what errors call the provider."""

    name: ClassVar[str]
    mark_event: ClassVar[str] = "mark"
    """The event in which a mark comes back."""

    def __init__(self, message: type[M]) -> None:
        super().__init__()
        self._decoder = msgspec.json.Decoder(message)

    @abstractmethod
    def _start(self, said: M) -> Event:
        """The beginning of the stream. Raises ProtocolError."""

    def decode(self, message: Wire) -> list[Event]:
        said = read(self._decoder, message, self.name)
        match said.event:
            case "media":
                media = need(said.media, "media")
                return self._media(media) if media.inbound else []
            case self.mark_event:
                return [Marked(self._marked(said))]
            case "dtmf":
                return [need(said.dtmf, "dtmf").event()]
            case "start":
                return [self._start(said)]
            case "stop":
                return [Stopped()]
            case _:
                return []

    def _media(self, media: Media) -> list[Event]:
        """What a piece of the caller's sound brings."""
        return [self._sound(media.payload)]

    def _marked(self, said: M) -> str:
        return need(said.mark, "mark").name
