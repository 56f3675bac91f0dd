"""A voice that remembers: the same text is the same sound, and there is never more than there is room for."""

from __future__ import annotations

from pathlib import Path

import pytest
from combinator_kit import drained, given, said
from hypothesis import given as for_all
from hypothesis import strategies as st

from antiphon.clock import run_virtual
from antiphon.services.base import Audio, ServiceError, WordTiming
from antiphon.services.combinators import Cache
from antiphon.services.combinators.fallback_tts import Spoken
from antiphon.services.combinators.speech_store import SpeechStore, size_of
from antiphon.testing import Fail, FakeTTS, check_tts


def spoken(voice: Cache, *texts: str) -> list[Spoken]:
    async def run() -> list[Spoken]:
        return await drained(voice.speak(given(texts)))

    return run_virtual(run())


def test_what_was_said_before_is_said_again_from_memory() -> None:
    inside = FakeTTS()
    voice = Cache(inside)
    first = spoken(voice, "Hello there.", "How are you?")
    assert spoken(voice, "Hello there.", "How are you?") == first
    assert inside.said == ["Hello there.", "How are you?"]
    assert voice.hits == 2


def test_times_count_from_the_first_sample_of_the_call() -> None:
    voice = Cache(FakeTTS())
    spoken(voice, "Two.", "One.")
    words, timings, _ = run_virtual(said(voice, "One.", "Two.", "One."))
    assert words == [timing.word for timing in timings] == ["One.", "Two.", "One."]
    ends = [timing.end for timing in timings]
    assert ends == sorted(ends)
    assert timings[1].start >= timings[0].end


def test_another_voice_is_not_taken_for_it() -> None:
    inside = FakeTTS()
    voice = Cache(inside)
    spoken(voice, "Hello.")
    voice.update_settings({"closed_early": 7})
    spoken(voice, "Hello.")
    assert inside.said == ["Hello.", "Hello."]


def test_what_failed_or_was_cut_is_not_kept() -> None:
    inside = FakeTTS(faults={0: Fail(3)})
    voice = Cache(inside, voice="the same")

    async def cut() -> None:
        items = voice.speak(given(["Hello there."]))
        await anext(items)
        await items.aclose()

    with pytest.raises(ServiceError):
        spoken(voice, "Hello there.")
    run_virtual(cut())
    assert spoken(voice, "Hello there.")
    assert len(inside.said) == 3
    assert voice.hits == 0


def test_a_folder_outlives_the_process(tmp_path: Path) -> None:
    first, second = FakeTTS(), FakeTTS()
    before = spoken(Cache(first, folder=tmp_path / "voice", voice="v"), "Hello.")
    assert spoken(Cache(second, folder=tmp_path / "voice", voice="v"), "Hello.") == before
    assert second.said == []
    assert [path.suffix for path in (tmp_path / "voice").iterdir()] == [".speech"]


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x91\x93\xa4word\xa1x\xff", b"\xdd\xff\xff\xff\xff"])
def test_a_file_that_cannot_be_read_is_as_if_it_were_not_there(tmp_path: Path, content: bytes) -> None:
    spoken(Cache(FakeTTS(), folder=tmp_path, voice="v"), "Hello.")
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)
    inside = FakeTTS()
    assert spoken(Cache(inside, folder=tmp_path, voice="v"), "Hello.")
    assert inside.said == ["Hello."]


def test_a_folder_that_cannot_be_written_costs_only_the_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    inside = FakeTTS()
    voice = Cache(inside, folder=tmp_path / "file", voice="v")
    assert spoken(voice, "Hello.") == spoken(voice, "Hello.")
    assert inside.said == ["Hello."]


def test_a_folder_has_room_for_the_latest_only(tmp_path: Path) -> None:
    voice = Cache(FakeTTS(), folder=tmp_path, max_bytes=100_000, voice="v")
    for number in range(12):
        spoken(voice, f"Number {number}.")
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 100_000


@for_all(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 400)), max_size=30), st.integers(100, 1000))
def test_there_is_never_more_than_there_is_room_for(puts: list[tuple[int, int]], room: int) -> None:
    async def run() -> None:
        store = SpeechStore(room)
        latest: dict[str, tuple[Audio | WordTiming, ...]] = {}
        for key, size in puts:
            speech = (Audio(bytes(2 * size), 8000),)
            await store.put(str(key), speech)
            if size_of(speech) <= room:
                latest[str(key)] = speech
                assert await store.get(str(key)) == speech, "the latest is there"
            assert store.bytes <= room
        for key, speech in latest.items():
            assert await store.get(key) in (None, speech)

    run_virtual(run())


def test_it_conforms(tmp_path: Path) -> None:
    assert run_virtual(check_tts(lambda: Cache(FakeTTS()))).cancellations > 10
    known = Cache(FakeTTS(), folder=tmp_path, voice="v")
    assert run_virtual(check_tts(lambda: known)).service == "Cache"
