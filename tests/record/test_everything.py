"""A session with everything on replays exactly, and from as much of its log as there is."""

from __future__ import annotations

import io

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.clock import run_virtual
from antiphon.record import SessionLog, read_records
from antiphon.record.log import MAGIC
from antiphon.record.records import Called, Progressed, Refused
from effort import examples
from record.everything import everything, script
from record.kit import END, Recording, difference, held, replay_call

SEED = 7


def record(seed: int, order: int | None = None) -> Recording:
    """`order` is the seed of the order of ready tasks."""
    return run_virtual(held(lambda: everything(seed), script(seed)), seed=order)


def assert_exact(recording: Recording, seed: int) -> None:
    replayed, frames = replay_call(lambda: everything(seed), recording.log)
    assert not difference(frames, recording.frames)
    assert replayed.same
    assert replayed.result == recording.call.result
    assert (replayed.loose, replayed.unclaimed, replayed.unanswered) == (0, 0, 0)
    assert replayed.lacks == ""


@pytest.fixture(scope="module")
def recording() -> Recording:
    return record(SEED)


def test_a_session_with_everything_on_replays_exactly(recording: Recording) -> None:
    assert_exact(recording, SEED)


def test_so_does_one_with_shuffled_tasks() -> None:
    assert_exact(record(SEED, 5), SEED)


@pytest.mark.slow
@pytest.mark.timeout(900)
@examples(40)
@given(st.integers(0, 10_000), st.none() | st.integers(0, 10_000))
def test_so_does_any(seed: int, order: int | None) -> None:
    assert_exact(record(seed, order), seed)


def test_everything_is_on(recording: Recording) -> None:
    """What the script and the bot of this seed have to do with each other."""
    records = recording.log.records
    requests = {record.request.split("{")[0].strip() for record in records if isinstance(record, Called)}
    assert {"(warm)", "(prime)", "A picture.", "One moment."} <= requests
    assert any(request.startswith("(summary)") for request in requests)
    kinds = {type(record) for record in records}
    assert {Progressed, Refused} <= kinds
    decided = {frame.decision for _, frame in recording.call.decisions}
    assert {"Summarised", "Speculate", "RollBack", "AskModel"} <= decided


def ends_of_records(data: bytes) -> list[int]:
    """Where each record of a log ends."""
    ends, at = list[int](), len(MAGIC)
    while at < len(data):
        at += 8 + int.from_bytes(data[at : at + 4], "little")
        ends.append(at)
    return ends


def test_cut_at_every_byte_of_its_end_it_replays_up_to_the_last_whole_record(recording: Recording) -> None:
    data, ends = recording.data, ends_of_records(recording.data)
    short = data[: ends[0]] + data[ends[-9] :]
    for cut in range(ends[-3], len(data)):
        log = read_records(io.BytesIO(short[: cut - len(data)]))
        assert log.records == recording.log.records[-8:][: sum(end <= cut for end in ends[-8:])]
        assert bool(log.damage) == (cut not in ends)
    for missing in (2, 1):
        log = read_records(io.BytesIO(data[: ends[-1 - missing] + 3]))
        assert log.records == recording.log.records[:-missing]
        run, frames = replay_call(lambda: everything(SEED), log)
        assert run.result.reason in ("the log ends here", "the script is over")
        assert run.agreed == run.checked
        told = [crossed for crossed in frames if crossed.frame.name != "CancelFrame"]
        same = next((n for n, a in enumerate(told) if a != recording.frames[n]), len(told))
        assert same > 1000
        assert {crossed.frame.name for crossed in told[same:]} <= END


def test_a_log_older_than_summaries_in_logs_is_told(recording: Recording) -> None:
    """Their calls are not in it; what else the same processor asks for is not taken for them."""
    log = recording.log
    summaries = {r.call for r in log.records if isinstance(r, Called) and r.request.startswith("(summary)")}
    kept = tuple(record for record in log.records if getattr(record, "call", 0) not in summaries)
    old = SessionLog(msgspec.structs.replace(log.opened, version=2), kept)
    replayed, _ = replay_call(lambda: everything(SEED), old)
    assert replayed.lacks.startswith("The log is older than summaries in logs")
    assert replayed.unanswered >= 1
    assert not replayed.same
