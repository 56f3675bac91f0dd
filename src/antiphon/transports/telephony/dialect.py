"""What the language of a telephony provider must be able to say, and how any of them is read and written.

A dialect is sans-I/O: messages in, events out; sound, marks and clears in, messages out. Messages are decoded
strictly, by typed decoders, within limits; what cannot be read raises ProtocolError and nothing else. Events
that a provider adds later are passed over.
"""

from __future__ import annotations

import binascii
from abc import ABC, abstractmethod
from typing import Any, ClassVar, TypeVar

import msgspec

from antiphon.audio.dtmf import KEYS
from antiphon.transports.telephony.codecs import from_wire, to_wire
from antiphon.transports.telephony.events import Audio, CallInfo, Digit, Event, Format, ProtocolError, Started

MAX_MESSAGE = 64 * 1024
"""Characters or bytes in a message; 20 ms of sound take less than a thousand."""

RATES = (8000, 16000, 22050, 24000, 44100, 48000)

Wire = str | bytes
M = TypeVar("M", bound=msgspec.Struct)

_BUTTONS = frozenset("".join(KEYS))


class Dialect(ABC):
    """One connection of one provider. `call` is known once Started has been decoded.

    `packet_ms` is the length of the packets that the provider wants, `out` the format that it plays.
    """

    provider: ClassVar[str]
    packet_ms: ClassVar[int] = 20

    def __init__(self) -> None:
        self.call: CallInfo | None = None
        self.out = Format()

    @abstractmethod
    def decode(self, message: Wire) -> list[Event]:
        """What a message says; nothing, if it is of no concern. Raises ProtocolError."""

    @abstractmethod
    def audio(self, pcm: bytes) -> Wire:
        """A packet of PCM s16le mono at `out.rate` to be played."""

    @abstractmethod
    def mark(self, name: str) -> Wire:
        """Send this name back when what was sent before has been played."""

    @abstractmethod
    def clear(self) -> Wire:
        """Forget what has not been played."""

    def digit(self, button: str) -> Wire | None:
        """Press a key on the line; None if the provider has no message for it."""
        return None

    def is_sound(self, message: Wire) -> bool:
        """May this message, which has not been sent yet, be forgotten when the bot is interrupted?"""
        return True

    def _begin(self, call: CallInfo) -> Started:
        if self.call is not None:
            raise ProtocolError("the stream was started twice")
        self.call = call
        return Started(call)

    def _sound(self, data: bytes) -> Audio:
        """The caller's sound, as it came over the wire."""
        if self.call is None:
            raise ProtocolError("sound came before the start of the stream")
        form = self.call.format
        return Audio(from_wire(data, form.coding), form.rate)

    def _coded(self, pcm: bytes) -> bytes:
        return to_wire(pcm, self.out.coding)


class Pressed(msgspec.Struct, frozen=True):
    """A key in JSON."""

    digit: str

    def event(self) -> Digit:
        if len(self.digit) != 1 or self.digit not in _BUTTONS:
            raise ProtocolError(f"{self.digit[:20]!r} is not a telephone key")
        return Digit(self.digit)


def read(decoder: msgspec.json.Decoder[M], message: Wire, provider: str) -> M:
    """A text message, by its typed decoder. Raises ProtocolError in one sentence."""
    check_size(message)
    if isinstance(message, bytes):
        raise ProtocolError(f"{provider} sends text messages only, and this one was binary", 1003)
    try:
        return decoder.decode(message)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ProtocolError(f"this is not a message of {provider}'s: {error}") from None


def check_size(message: Wire) -> None:
    """Raises ProtocolError for a message that is too long."""
    if len(message) > MAX_MESSAGE:
        raise ProtocolError(f"a message of {len(message)} bytes is longer than {MAX_MESSAGE} allow", 1009)


def need(value: M | None, what: str) -> M:
    """What an event of this kind must hold. Raises ProtocolError."""
    if value is None:
        raise ProtocolError(f"the message lacks its {what!r}")
    return value


def rate_of(value: int | str | None, otherwise: int = 8000) -> int:
    """A sample rate, which some write as text. Raises ProtocolError unless it is a usual one."""
    text = str(otherwise if value is None else value)
    rate = int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 0
    if rate not in RATES:
        raise ProtocolError(f"{text[:20]!r} is not a sample rate that can be used here")
    return rate


def number_of(value: int | str | None) -> int | None:
    """A number, which some write as text. None if it is neither."""
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdigit() and len(value) <= 15 else None
    return value


def texts(parameters: dict[str, Any] | None) -> dict[str, str]:
    """Parameters as text: what is not text is written as JSON."""
    return {
        key: value if isinstance(value, str) else msgspec.json.encode(value).decode()
        for key, value in (parameters or {}).items()
    }


def quoted(text: str) -> str:
    """Text as a JSON string."""
    return msgspec.json.encode(text).decode()


def base64(data: bytes) -> str:
    """As JSON carries bytes (RFC 4648, section 4)."""
    return binascii.b2a_base64(data, newline=False).decode()
