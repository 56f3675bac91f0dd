"""The log: what was written is read; what is cut or damaged ends it, and never more than that."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.context import ToolSpec
from antiphon.record import LogError, LogWriter, Opened, read_log, read_records
from antiphon.record.log import MAGIC
from antiphon.record.records import (
    AnyRecord,
    Asked,
    Began,
    Called,
    Cancelled,
    Checkpoint,
    Closed,
    Ends,
    Finished,
    Gave,
    Heard,
    Judged,
    Left,
    Lost,
    Offered,
    Progressed,
    Ran,
    RanStep,
    Received,
    Refused,
    Signalled,
    Started,
    Told,
    decode,
    encode,
    fields_of,
    item_of,
)
from antiphon.services.base import TextDelta, WordTiming
from antiphon.session import Limits
from record.kit import KeptBytes

TIMES = st.floats(0, 1e6)
NUMBERS = st.integers(0, 2**31)
ENDS = st.builds(Ends, TIMES, TIMES, st.booleans(), st.booleans(), st.booleans())
RAN = st.builds(RanStep, st.none() | TIMES, NUMBERS, st.text() | NUMBERS, NUMBERS)
SPECS = st.builds(ToolSpec, st.text(), st.text(), st.just({}))
RECORDS: st.SearchStrategy[AnyRecord] = st.one_of(
    st.builds(Began, TIMES, st.tuples(st.text()), NUMBERS, NUMBERS, ENDS, st.just(Limits()), st.binary()),
    st.builds(Started, st.text(), NUMBERS),
    st.builds(Ran, st.tuples(RAN, RAN)),
    st.builds(Heard, TIMES, NUMBERS, st.binary(), NUMBERS, st.booleans()),
    st.builds(Received, TIMES, st.integers(-1, 9), st.text(), st.binary(), st.booleans()),
    st.builds(Called, TIMES, NUMBERS, NUMBERS, st.text()),
    st.builds(Gave, TIMES, NUMBERS, st.text(), st.binary()),
    st.builds(Finished, TIMES, NUMBERS, st.none() | st.text(), st.booleans(), st.booleans()),
    st.builds(Left, TIMES, NUMBERS),
    st.builds(Progressed, TIMES, NUMBERS, st.text()),
    st.builds(Judged, TIMES, NUMBERS, st.floats(0, 1)),
    st.builds(Offered, st.text(), SPECS, st.text(), st.none() | TIMES),
    st.builds(Refused, NUMBERS, NUMBERS, st.text()),
    st.builds(Asked, TIMES, st.sampled_from(["end", "stop", "cancelled"]), st.text(), st.none() | TIMES),
    st.builds(Signalled, TIMES, NUMBERS, st.text(), st.text()),
    st.builds(Cancelled, TIMES, NUMBERS, st.text(), NUMBERS),
    st.builds(Lost, TIMES, NUMBERS, NUMBERS, st.text()),
    st.builds(Told, NUMBERS, NUMBERS, TIMES),
    st.builds(Checkpoint, TIMES, NUMBERS, NUMBERS),
    st.builds(Closed, TIMES, st.text(), st.text()),
)
SMALL = [
    Called(0.5, 1, 4, "What is the capital?"),
    Gave(0.7, 1, "TextDelta", fields_of(TextDelta("Canberra."))),
    Finished(0.8, 1),
]


def written(records: list[AnyRecord]) -> bytes:
    file = KeptBytes()
    with LogWriter(file, Opened(started="2026-01-01T00:00:00+00:00", bot="bot.py")) as log:
        for record in records:
            log.write(record)
    return file.content


@given(st.lists(RECORDS, max_size=5))
def test_what_is_written_is_read(records: list[AnyRecord]) -> None:
    log = read_records(io.BytesIO(written(records)))
    assert log.records == tuple(records)
    assert log.damage == ""
    assert log.opened.bot == "bot.py"


@given(RECORDS)
def test_a_record_is_its_bytes(record: AnyRecord) -> None:
    assert decode(encode(record)) == record


def test_cut_anywhere_all_whole_records_are_kept() -> None:
    data = written(list(SMALL))
    sizes = [len(written(list(SMALL[:n]))) for n in range(len(SMALL) + 1)]
    for cut in range(len(data) + 1):
        if cut < sizes[0]:
            with pytest.raises(LogError):
                read_records(io.BytesIO(data[:cut]))
            continue
        log = read_records(io.BytesIO(data[:cut]))
        whole = sum(cut >= size for size in sizes[1:])
        assert log.records == tuple(SMALL[:whole])
        assert (log.damage == "") == (cut in sizes)


def test_a_changed_byte_ends_the_log_before_its_record() -> None:
    data = written(list(SMALL))
    sizes = [len(written(list(SMALL[:n]))) for n in range(len(SMALL) + 1)]
    for position in range(sizes[0], len(data)):
        damaged = data[:position] + bytes([data[position] ^ 0x41]) + data[position + 1 :]
        log = read_records(io.BytesIO(damaged))
        assert log.records == tuple(SMALL[: sum(position >= size for size in sizes[1:])])
        assert "the log is good up to record" in log.damage


@given(st.binary(max_size=300))
def test_random_bytes_never_crash_the_reader(noise: bytes) -> None:
    with pytest.raises(LogError):
        read_records(io.BytesIO(noise))
    log = read_records(io.BytesIO(written([]) + noise))
    assert len(log.records) == 0 or log.damage == ""


@given(st.binary(max_size=200))
def test_random_records_with_right_checksums_never_crash_the_reader(noise: bytes) -> None:
    framed = struct.pack("<II", len(noise), zlib.crc32(noise)) + noise
    log = read_records(io.BytesIO(written([]) + framed))
    assert log.damage == "" or "unknown kind" in log.damage


def test_a_damaged_length_takes_no_memory() -> None:
    data = written([]) + struct.pack("<II", 2**32 - 1, 0) + b"x" * 100
    tracemalloc.start()
    log = read_records(io.BytesIO(data))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "a length is damaged" in log.damage
    assert peak < 1_000_000


def test_what_a_service_gave_is_strictly_typed() -> None:
    timing = WordTiming("a", 0.0, 0.5)
    assert item_of(Gave(0, 1, "WordTiming", fields_of(timing))) == timing
    with pytest.raises(ValueError, match="no service gives 'Frame'"):
        item_of(Gave(0, 1, "Frame", b""))
    with pytest.raises(ValueError, match="missing required field"):
        item_of(Gave(0, 1, "TextDelta", fields_of(timing)))


def test_what_is_no_log_is_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"Cannot read the log .*: No such file"):
        read_log(tmp_path / "none")
    (tmp_path / "text").write_text("hello, world")
    with pytest.raises(LogError, match="is no session log: make one with `antiphon talk --record`"):
        read_log(tmp_path / "text")
    with pytest.raises(LogError, match=r"Cannot write the log .* Choose another place"):
        LogWriter.create(tmp_path / "no" / "log")
    with pytest.raises(LogError, match="its beginning is damaged"):
        read_records(io.BytesIO(MAGIC))


def test_a_log_of_another_version_is_refused() -> None:
    file = KeptBytes()
    LogWriter(file, Opened(version=99)).close()
    with pytest.raises(LogError, match="written by another version"):
        read_records(io.BytesIO(file.content))


class FullDisk(io.BytesIO):
    """Takes 100 bytes."""

    def write(self, data: object, /) -> int:
        if self.tell() > 100:
            raise OSError(28, "No space left on device")
        return super().write(data)  # type: ignore[arg-type]


def test_a_full_disk_ends_the_log_and_nothing_else() -> None:
    log = LogWriter(FullDisk(), Opened())
    for _ in range(10):
        log.write(Called(0.0, 1, 1, "x" * 50))
    assert log.broken == "No space left on device"


def test_a_crash_keeps_all_that_was_written(tmp_path: Path) -> None:
    log = LogWriter.create(tmp_path / "log")
    log.write(SMALL[0])
    assert read_log(tmp_path / "log").records == (SMALL[0],)
    log.close()
