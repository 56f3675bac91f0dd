"""What is on this machine, and in which state."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_models import DOUBLED, FILES, REGISTRY, SMALL, VOCABULARY, double, put, put_small

from antiphon.models import ModelError, Places, State, locate, manifest, missing, state
from antiphon.models.digest import known_sha256, matches, sha256_of, stamp_path
from antiphon.services.base import ServiceError


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(cache=tmp_path / "cache")


def test_an_absent_model_says_how_to_fetch_it(places: Places) -> None:
    with pytest.raises(ModelError, match="run `antiphon models fetch small`") as caught:
        locate("small", places=places, registry=REGISTRY)
    assert isinstance(caught.value, ServiceError)
    assert caught.value.fatal


def test_an_unknown_model_names_its_neighbours(places: Places) -> None:
    with pytest.raises(ModelError, match="did you mean small\\?"):
        locate("smal", places=places, registry=REGISTRY)
    with pytest.raises(ModelError, match="known are doubled, small\\."):
        locate("zzz", places=places, registry=REGISTRY)


def test_a_present_model_is_found(places: Places) -> None:
    home = put_small(places)
    assert locate("small", places=places, registry=REGISTRY) == home
    assert missing(["doubled", "small"], places=places, registry=REGISTRY) == ["doubled"]


def test_a_model_without_one_of_its_files_is_absent(places: Places) -> None:
    (put_small(places) / "vocabulary.txt").unlink()
    assert state("small", places=places, registry=REGISTRY) is State.ABSENT


@pytest.mark.parametrize("damage", [VOCABULARY[:-1], VOCABULARY.upper()], ids=["shorter", "other bytes"])
def test_damage_is_found(places: Places, damage: bytes) -> None:
    home = put_small(places)
    locate("small", places=places, registry=REGISTRY)
    path = home / "vocabulary.txt"
    before = path.stat()
    path.write_bytes(damage)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert state("small", places=places, registry=REGISTRY) is State.ALTERED
    with pytest.raises(ModelError, match="altered"):
        locate("small", places=places, registry=REGISTRY)


def test_the_extra_folder_comes_first_and_damage_there_is_not_passed_over(tmp_path: Path) -> None:
    places = Places(cache=tmp_path / "cache", extra=tmp_path / "own")
    put_small(places)
    own = put(tmp_path / "own" / "small", {"weights.bin": b"", "vocabulary.txt": VOCABULARY})
    with pytest.raises(ModelError, match="own"):
        locate("small", places=places, registry=REGISTRY)
    (own / "weights.bin").unlink()
    assert locate("small", places=places, registry=REGISTRY) == places.home("small")


def test_a_derived_model_counts_while_its_manifest_fits(places: Places) -> None:
    source = put_small(places)
    home = places.home("doubled")
    home.mkdir()
    double(source, home)
    assert state("doubled", places=places, registry=REGISTRY) is State.ABSENT
    assert DOUBLED.derived
    manifest.record(home, DOUBLED.derived.files, FILES)
    assert state("doubled", places=places, registry=REGISTRY) is State.PRESENT
    manifest.record(home, DOUBLED.derived.files, FILES[:1])
    assert state("doubled", places=places, registry=REGISTRY) is State.ABSENT
    manifest.record(home, DOUBLED.derived.files, FILES)
    (home / "weights.bin").write_bytes(b"other")
    assert state("doubled", places=places, registry=REGISTRY) is State.ALTERED
    (home / manifest.NAME).write_text("{")
    assert state("doubled", places=places, registry=REGISTRY) is State.ABSENT


def test_a_hash_is_believed_until_size_or_time_change(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"aaaa")
    first = known_sha256(path)
    at = path.stat()
    path.write_bytes(b"bbbb")
    os.utime(path, ns=(at.st_atime_ns, at.st_mtime_ns))
    assert known_sha256(path) == first
    os.utime(path, ns=(at.st_atime_ns, at.st_mtime_ns + 1))
    assert known_sha256(path) == sha256_of(path) != first


def test_a_broken_stamp_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"aaaa")
    stamp_path(path).write_text("not json")
    assert matches(path, 4, sha256_of(path))


@given(extra=st.one_of(st.none(), st.just(""), st.just("/models")), cache=st.sampled_from(["", "/c", "~/c"]))
def test_places_follow_the_environment(extra: str | None, cache: str) -> None:
    environ = {"ANTIPHON_CACHE": cache, "XDG_CACHE_HOME": "/xdg"}
    places = Places.of(environ if extra is None else environ | {"ANTIPHON_MODELS_DIR": extra})
    assert places.cache == (Path(cache).expanduser() if cache else Path("/xdg/antiphon"))
    assert places.extra == (Path(extra) if extra else None)
    assert places.candidates("m")[-1] == places.home("m")


def test_the_cache_is_in_the_home_folder_by_default() -> None:
    assert Places.of({}).cache == Path("~/.cache/antiphon").expanduser()


def test_sizes_add_up() -> None:
    assert SMALL.size == sum(file.size for file in FILES)
    assert DOUBLED.size == 2 * SMALL.size
