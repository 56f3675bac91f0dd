"""Each dialect against messages as its provider sends them, and against junk."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from antiphon.audio.g711 import alaw_decode, alaw_encode, ulaw_decode, ulaw_encode
from antiphon.testing.phone_lines import CALL, LINES, PARAMETERS, STREAM, PhoneLine, Sound
from antiphon.transports.telephony.codecs import from_wire, to_wire
from antiphon.transports.telephony.detect import Detector
from antiphon.transports.telephony.dialect import MAX_MESSAGE, Dialect
from antiphon.transports.telephony.events import (
    Audio,
    Coding,
    Digit,
    Format,
    Marked,
    ProtocolError,
    Started,
    Stopped,
)
from antiphon.transports.telephony.plivo import Plivo, parse_headers
from antiphon.transports.telephony.telnyx import Telnyx
from antiphon.transports.telephony.twilio import Twilio
from effort import examples

from .kit import PROVIDERS, line

PCM = bytes(range(256)) * 3


def detected(line: PhoneLine) -> Dialect:
    detector = Detector()
    for message in line.opening():
        found = detector.feed(message)
        if found is not None:
            dialect, events = found
            assert isinstance(events[0], Started)
            return dialect
    raise AssertionError("not detected")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_provider_is_recognised_and_the_call_is_told(provider: str) -> None:
    dialect = detected(line(provider))
    call = dialect.call
    assert dialect.provider == provider
    assert call is not None
    assert (call.provider, call.call_id) == (provider, CALL)
    assert call.stream_id == ("" if provider == "vonage" else STREAM)
    assert {name: call.parameters[name] for name in PARAMETERS} == PARAMETERS
    assert (call.from_number, call.to_number) == ("+15550001", "+15550002")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_sound_and_everything_else_is_understood(provider: str) -> None:
    phone = line(provider)
    dialect = detected(phone)
    pcm = ulaw_decode(ulaw_encode(PCM[:640])) if phone.rate == 8000 else PCM[:640]
    assert dialect.decode(phone.sound(pcm)) == [Audio(pcm, phone.rate)]
    assert dialect.decode(phone.mark("0-1600")) == [Marked("0-1600")]
    assert dialect.decode(phone.key("#")) == [Digit("#")]
    for message in phone.stop():
        assert dialect.decode(message) == [Stopped()]
    for message in phone.cleared():
        assert dialect.decode(message) == []


@pytest.mark.parametrize("provider", PROVIDERS)
@examples(10)
@given(pcm=st.binary(min_size=1280, max_size=1280))
def test_what_is_sent_is_what_the_provider_reads(provider: str, pcm: bytes) -> None:
    phone = line(provider)
    dialect = Telnyx(out=Format(Coding.PCM_LITTLE, 16000)) if provider == "telnyx" else detected(phone)
    pieces = [pcm[:640], pcm[640:]] if provider == "vonage" else [pcm]
    for piece in pieces:
        said = phone.read(dialect.audio(piece))
        expected = ulaw_decode(ulaw_encode(piece)) if phone.rate == 8000 else piece
        assert said == Sound(expected)
    assert phone.read(dialect.mark('1-"20')) == ('1-"20',)
    assert phone.read(dialect.clear()) == ()


def test_twilio_word_for_word() -> None:
    twilio = Twilio()
    for message in LINES["twilio"]().opening():
        twilio.decode(message)
    payload = base64.b64encode(ulaw_encode(PCM[:320])).decode()
    assert json.loads(twilio.audio(PCM[:320])) == {
        "event": "media",
        "streamSid": STREAM,
        "media": {"payload": payload},
    }
    assert json.loads(twilio.mark("0-1")) == {"event": "mark", "streamSid": STREAM, "mark": {"name": "0-1"}}
    assert json.loads(twilio.clear()) == {"event": "clear", "streamSid": STREAM}
    assert twilio.digit("1") is None


def test_plivo_word_for_word() -> None:
    plivo = Plivo()
    plivo.decode(LINES["plivo"]().opening()[0])
    payload = base64.b64encode(ulaw_encode(PCM[:320])).decode()
    media = {"contentType": "audio/x-mulaw", "sampleRate": 8000, "payload": payload}
    assert json.loads(plivo.audio(PCM[:320])) == {"event": "playAudio", "streamId": STREAM, "media": media}
    assert json.loads(plivo.mark("0-1")) == {"event": "checkpoint", "streamId": STREAM, "name": "0-1"}
    assert json.loads(plivo.clear()) == {"event": "clearAudio", "streamId": STREAM}
    key = plivo.digit("5")
    assert key is not None
    assert json.loads(key) == {"event": "sendDTMF", "dtmf": "5"}
    assert not plivo.is_sound(key)
    assert plivo.is_sound(plivo.audio(PCM[:320]))


def telnyx_start(encoding: str, rate: int = 8000) -> str:
    form = {"encoding": encoding, "sample_rate": rate, "channels": 1}
    return json.dumps(
        {"event": "start", "stream_id": STREAM, "start": {"call_control_id": CALL, "media_format": form}}
    )


def telnyx_media(data: bytes, chunk: int, track: str = "inbound") -> str:
    media = {"track": track, "chunk": str(chunk), "payload": base64.b64encode(data).decode()}
    return json.dumps({"event": "media", "media": media})


def test_telnyx_hears_a_law_and_speaks_mu_law_by_default() -> None:
    telnyx = Telnyx()
    telnyx.decode(telnyx_start("PCMA"))
    assert telnyx.decode(telnyx_media(alaw_encode(PCM[:320]), 1)) == [
        Audio(alaw_decode(alaw_encode(PCM[:320])), 8000)
    ]
    sent = json.loads(telnyx.audio(PCM[:320]))
    assert sent == {
        "event": "media",
        "media": {"payload": base64.b64encode(ulaw_encode(PCM[:320])).decode()},
    }
    assert json.loads(telnyx.clear()) == {"event": "clear"}


def test_telnyx_puts_packets_in_order_and_passes_over_the_other_track() -> None:
    telnyx = Telnyx()
    telnyx.decode(telnyx_start("L16", 16000))
    packets = {number: bytes((number, 0)) * 4 for number in range(1, 6)}
    heard = [
        event for number in (1, 3, 2, 5, 4) for event in telnyx.decode(telnyx_media(packets[number], number))
    ]
    assert heard == [Audio(packets[number], 16000) for number in range(1, 6)]
    assert telnyx.decode(telnyx_media(packets[1], 1, "outbound")) == []


def test_telnyx_in_network_byte_order() -> None:
    telnyx = Telnyx(linear=Coding.PCM_BIG)
    telnyx.decode(telnyx_start("L16", 16000))
    assert telnyx.decode(telnyx_media(b"\x01\x02", 1)) == [Audio(b"\x02\x01", 16000)]


def test_vonage_headers_may_have_any_name() -> None:
    first = {
        "event": "websocket:connected",
        "content-type": "audio/l16;rate=8000",
        "payload": 5,
        "dtmf": [1],
        "headers": {"customer": "42"},
        "conversation_uuid": "c",
    }
    found = Detector().feed(json.dumps(first))
    assert found is not None
    call = found[0].call
    assert call is not None
    assert call.parameters == {"payload": "5", "dtmf": "[1]", "customer": "42", "conversation_uuid": "c"}
    assert call.format == Format(Coding.PCM_LITTLE, 8000)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (None, {}),
        ("", {}),
        ("{}", {}),
        ("userId=12345;sessionId=abc-xyz", {"userId": "12345", "sessionId": "abc-xyz"}),
        ("test1=12,test2=1=23", {"test1": "12", "test2": "1=23"}),
        ('{"a": "b", "n": 1}', {"a": "b", "n": "1"}),
        ({"a": True}, {"a": "true"}),
    ],
)
def test_plivos_extra_headers(headers: Any, expected: dict[str, str]) -> None:
    assert parse_headers(headers) == expected


@given(st.text(max_size=60))
@example("[" * 5000)
def test_plivos_extra_headers_never_raise(text: str) -> None:
    assert all(isinstance(value, str) for value in parse_headers(text).values())


@given(st.binary(max_size=400).filter(lambda data: len(data) % 2 == 0))
def test_linear_codings_are_exact_and_g711_is_its_own_fixed_point(pcm: bytes) -> None:
    for coding in (Coding.PCM_LITTLE, Coding.PCM_BIG):
        assert from_wire(to_wire(pcm, coding), coding) == pcm
    for coding in (Coding.MULAW, Coding.ALAW):
        once = from_wire(to_wire(pcm, coding), coding)
        assert from_wire(to_wire(once, coding), coding) == once


# --- Junk ------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
EVENTS = st.sampled_from(
    (
        *("connected", "start", "media", "mark", "dtmf", "stop", "playedStream", "clearedAudio"),
        *("websocket:connected", "websocket:dtmf", "websocket:notify", "something new"),
    )
)
FIELDS = st.sampled_from(["start", "media", "mark", "dtmf", "digit", "payload", "name", "content-type", "x"])


def fresh(provider: str, started: bool) -> Dialect:
    phone = line(provider)
    dialect = detected(phone)
    return dialect if started else type(dialect)()


def problem(decode: Callable[[str | bytes], object], message: str | bytes) -> ProtocolError | None:
    """What is wrong with a message. Any other exception is a failure of the test."""
    try:
        decode(message)
    except ProtocolError as error:
        return error
    return None


def survives(decode: Callable[[str | bytes], object], message: str | bytes) -> None:
    """Events or ProtocolError, in one sentence; nothing else."""
    error = problem(decode, message)
    if error is not None:
        assert 0 < len(str(error)) < 400
        assert error.code in (1003, 1007, 1009)


@pytest.mark.parametrize("started", [False, True])
@pytest.mark.parametrize("provider", PROVIDERS)
@examples(6)
@given(message=st.one_of(st.text(max_size=200), st.binary(max_size=200), JSON.map(json.dumps)))
@example(message="[" * 60000)
@example(message='{"event":' * 8000)
@example(message='{"event":"media","media":{"payload":"!!!"}}')
@example(message='{"event":"start","start":{}}')
@example(message='{"event":1e999}')
@example(message="x" * (MAX_MESSAGE + 1))
@example(message=b"\0" * (MAX_MESSAGE + 1))
@example(message="\ud800")
def test_junk_is_an_error_in_a_sentence(provider: str, started: bool, message: str | bytes) -> None:
    survives(fresh(provider, started).decode, message)


@pytest.mark.parametrize("provider", PROVIDERS)
@examples(6)
@given(event=EVENTS, fields=st.dictionaries(FIELDS, JSON, max_size=4))
def test_events_with_the_wrong_fields(provider: str, event: str, fields: dict[str, Any]) -> None:
    survives(fresh(provider, True).decode, json.dumps({"event": event, **fields}))


@pytest.mark.parametrize("provider", PROVIDERS)
@examples(6)
@given(data=st.data())
def test_valid_messages_with_bytes_changed(provider: str, data: st.DataObject) -> None:
    change_some(provider, data)


@pytest.mark.slow
@pytest.mark.parametrize("provider", PROVIDERS)
@examples(1000)
@given(data=st.data(), fields=st.dictionaries(FIELDS, JSON, max_size=4), event=EVENTS, junk=st.binary())
def test_long_fuzz(
    provider: str, data: st.DataObject, fields: dict[str, Any], event: str, junk: bytes
) -> None:
    change_some(provider, data)
    survives(fresh(provider, True).decode, json.dumps({"event": event, **fields}))
    survives(fresh(provider, True).decode, junk)
    survives(Detector().feed, json.dumps({"event": event, **fields}))


def change_some(provider: str, data: st.DataObject) -> None:
    """A valid message, up to four bytes of which are something else."""
    phone = line(provider)
    messages = [*phone.opening(), phone.sound(PCM[:640]), phone.mark("0-1"), phone.key("1"), *phone.stop()]
    message = data.draw(st.sampled_from([each for each in messages if isinstance(each, str)]))
    raw = bytearray(message.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    changed = raw.decode(errors="surrogateescape")
    survives(fresh(provider, True).decode, changed)
    survives(Detector().feed, changed)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_second_start_and_an_odd_key_are_refused(provider: str) -> None:
    phone = line(provider)
    dialect = detected(phone)
    with pytest.raises(ProtocolError, match="started twice"):
        dialect.decode(phone.opening()[-1])
    with pytest.raises(ProtocolError, match="not a telephone key"):
        dialect.decode(phone.key("x"))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_sound_before_the_start_is_refused(provider: str) -> None:
    with pytest.raises(ProtocolError, match="before the start"):
        fresh(provider, started=False).decode(line(provider).sound(PCM[:640]))


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(ProtocolError, match="even number of bytes"):
        detected(line("vonage")).decode(b"\0\0\0")


@pytest.mark.parametrize("first", ['{"event":"media"}', '{"event":"start","start":{"id":1}}', b"\0\1", "{}"])
def test_strangers_are_not_taken_for_providers(first: str | bytes) -> None:
    with pytest.raises(ProtocolError):
        Detector().feed(first)


def test_who_only_ever_connects_is_no_provider() -> None:
    detector = Detector()
    assert detector.feed('{"event":"connected"}') is None
    assert detector.feed('{"event":"connected"}') is None
    with pytest.raises(ProtocolError, match="no known telephony provider"):
        detector.feed('{"event":"connected"}')
