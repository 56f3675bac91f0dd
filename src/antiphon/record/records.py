"""What a session log holds: typed records, in the order in which things happened.

Two kinds matter. **Steps** say what ran: an **entry** is something from outside (sound, a message, what a
service gave), and `Ran` holds the tasks, timers and callbacks of the session itself that ran in between, so
that order and time of everything are known. They are numbered in the order of the log (`steps_of`). The other
records are **answers** to questions that a step asks (was the packet written? is this speech?) and facts.

`at` is the time on the session's loop, in seconds: the moment of the step. `part` is the number of a
processor in `Began.parts`, `call` the number of a call of a service, counted over the whole session.
"""

from __future__ import annotations

import msgspec

from antiphon.audio.shorten import pack, unpack
from antiphon.context import ToolCall, ToolSpec
from antiphon.services.base import (
    Audio,
    EndOfTurn,
    Notice,
    Picture,
    TextDelta,
    Transcript,
    TurnPrediction,
    Usage,
    WordTiming,
)
from antiphon.session import Limits
from antiphon.tools.toolbox import ToolOutcome

VERSION = 3
"""From 3 on, summaries of the conversation and refused settings are in the log, and sound is packed."""

READABLE = (2, VERSION)


class Record(msgspec.Struct, frozen=True, array_like=True):
    """The base of all records."""


class Opened(Record, frozen=True, tag="opened"):
    """The first record. `started` is the wall clock in ISO 8601; `codec` how sound is kept (`CODECS`)."""

    version: int = VERSION
    started: str = ""
    codec: str = "packed"
    bot: str = ""
    seed: int | None = None


class Ends(msgspec.Struct, frozen=True, array_like=True):
    """What the two ends of the transport were like. `packet` and `lead` of the output in seconds.

    `fills` says that it wrote silence too, `acknowledged` that the peer told what it had played, `rtvi` that
    the peer spoke RTVI.
    """

    packet: float = 0.02
    lead: float = 0.0
    fills: bool = False
    acknowledged: bool = False
    rtvi: bool = False


class Began(Record, frozen=True, tag="began"):
    """The session began to run. Rates in samples per second.

    `data` is what came with the request that opened the session, as MessagePack; empty if that was no plain
    data.
    """

    at: float
    parts: tuple[str, ...]
    rate_in: int
    rate_out: int
    ends: Ends
    limits: Limits
    data: bytes = b""


class Offered(Record, frozen=True, tag="offered"):
    """A tool that an MCP server offered; the server's digest, the tool's kind, its timeout in seconds."""

    server: str
    spec: ToolSpec
    kind: str
    timeout: float | None


class Started(Record, frozen=True, tag="started"):
    """What is known once the session has started.

    `epoch` is what the wall clock showed when the loop's time was zero, in ISO 8601; `rate_out` the rate at
    which the output wrote, 0 if there was none.
    """

    epoch: str
    rate_out: int = 0


class RanStep(msgspec.Struct, frozen=True, array_like=True):
    """One step of the session's own: a task, a timer or a callback ran.

    Its name is that of `steps.Key`: `back` is how many steps before this one the creating step was. A `label`
    is written out once; later it is the number of its first appearance. `at` is None for the same moment as
    the step before.
    """

    at: float | None
    back: int
    label: str | int
    count: int = 0


class Ran(Record, frozen=True, tag="ran"):
    """Steps of the session's own, one after the other."""

    steps: tuple[RanStep, ...]


class Heard(Record, frozen=True, tag="heard"):
    """Sound from the user, mono, in the log's codec. `within`: a step of the input transport let it in."""

    at: float
    part: int
    sound: bytes
    rate: int
    within: bool = False


class Received(Record, frozen=True, tag="received"):
    """Any other frame from outside: its kind, and its fields as MessagePack. `part` -1 is the session."""

    at: float
    part: int
    kind: str
    fields: bytes
    within: bool = False


class Called(Record, frozen=True, tag="called"):
    """A service was called. `request` is what it was asked, as far as that is text."""

    at: float
    call: int
    part: int
    request: str = ""


Item = (
    Transcript
    | EndOfTurn
    | TextDelta
    | ToolCall
    | Usage
    | Audio
    | WordTiming
    | Notice
    | Picture
    | TurnPrediction
    | ToolOutcome
)

ITEMS: dict[str, type[Item]] = {
    kind.__name__: kind
    for kind in (
        Transcript,
        EndOfTurn,
        TextDelta,
        ToolCall,
        Usage,
        Audio,
        WordTiming,
        Notice,
        Picture,
        TurnPrediction,
        ToolOutcome,
    )
}


PACKED = "PackedAudio"
"""The kind of an `Audio` whose sound is packed (`antiphon.audio.shorten`)."""


class Gave(Record, frozen=True, tag="gave"):
    """A service gave something: its kind (a name in `ITEMS`, or `PACKED`), and its fields as MessagePack."""

    at: float
    call: int
    kind: str
    fields: bytes


class Finished(Record, frozen=True, tag="finished"):
    """A service came to its end. `error` says that it failed; `service` that it said so itself."""

    at: float
    call: int
    error: str | None = None
    fatal: bool = False
    service: bool = False


class Left(Record, frozen=True, tag="left"):
    """A call of a service was given up, and the service has let go of the task that called it."""

    at: float
    call: int


class Progressed(Record, frozen=True, tag="progressed"):
    """A tool told how far it is."""

    at: float
    call: int
    text: str


class Judged(Record, frozen=True, tag="judged"):
    """The probability of speech in one window."""

    at: float
    part: int
    probability: float


class Refused(Record, frozen=True, tag="refused"):
    """A service did not take the settings that it was given: change number `number` of them, from 0."""

    part: int
    number: int
    error: str


class Asked(Record, frozen=True, tag="asked"):
    """Somebody outside ended the session: `how` is end, stop or cancel; `deadline` in seconds."""

    at: float
    how: str
    reason: str
    deadline: float | None = None


class Signalled(Record, frozen=True, tag="signalled"):
    """The peer's side told the output something: `what` is acknowledge, hang_up or set_line."""

    at: float
    part: int
    what: str
    value: str


class Cancelled(Record, frozen=True, tag="cancelled"):
    """Somebody outside cancelled a task of the session, the one with this name."""

    at: float
    parent: int
    label: str
    count: int


class Lost(Record, frozen=True, tag="lost"):
    """Something could not be written to the peer: it was write number `write` of the output, from 0."""

    at: float
    part: int
    write: int
    error: str


class Told(Record, frozen=True, tag="told"):
    """What write number `write` of the output returned: seconds taken back, or 1 for a key that was sent."""

    part: int
    write: int
    value: float


class Checkpoint(Record, frozen=True, tag="checkpoint"):
    """So far the frames were these: their number, and a running CRC32 of all of them.

    The same again for `events`: only what makes the conversation, without any time.
    """

    at: float
    crossings: int
    digest: int
    events: int = 0
    conversation: int = 0


class Closed(Record, frozen=True, tag="closed"):
    """The session is over."""

    at: float
    ended: str
    reason: str


Entry = Heard | Received | Gave | Finished | Left | Progressed | Asked | Signalled | Cancelled
"""Records of what came from outside; each is a step."""

AnyRecord = (
    Opened
    | Began
    | Offered
    | Started
    | Ran
    | Called
    | Judged
    | Refused
    | Lost
    | Told
    | Checkpoint
    | Closed
    | Entry
)

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[AnyRecord] = msgspec.msgpack.Decoder(AnyRecord)


def encode(record: AnyRecord) -> bytes:
    """The record as MessagePack."""
    return _encoder.encode(record)


def decode(data: bytes) -> AnyRecord:
    """Read what `encode` wrote. Raises msgspec.ValidationError or DecodeError on anything else."""
    try:
        return _decoder.decode(data)
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(f"a record's text is not UTF-8: {error}") from None


def fields_of(value: object) -> bytes:
    """The fields of a frame or an item. Raises TypeError for values that are not plain data."""
    return _encoder.encode(value)


def gave(at: float, call: int, item: Item, *, packs: bool) -> Gave:
    """A record of what a service gave; `packs`: its sound, if it is some, is packed."""
    if packs and isinstance(item, Audio) and item.channels == 1:
        return Gave(at, call, PACKED, fields_of(Audio(pack(item.pcm), item.rate)))
    return Gave(at, call, type(item).__name__, fields_of(item))


def item_of(record: Gave) -> Item:
    """What the service gave. Raises msgspec.ValidationError if the record holds no such thing."""
    if record.kind == PACKED:
        packed = msgspec.msgpack.decode(record.fields, type=Audio)
        try:
            return Audio(unpack(packed.pcm), packed.rate)
        except ValueError as error:
            raise msgspec.ValidationError(str(error)) from None
    kind = ITEMS.get(record.kind)
    if kind is None:
        raise msgspec.ValidationError(f"no service gives {record.kind!r}")
    return msgspec.msgpack.decode(record.fields, type=kind)
