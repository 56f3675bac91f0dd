"""Small models to fetch in tests, and wheels that are made on the spot."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from antiphon.models.errors import ModelError
from antiphon.models.model import Derived, HubSource, Model, ModelFile, WheelPart, WheelSource
from antiphon.models.places import Places
from antiphon.models.wheels import Tick

WEIGHTS = bytes(range(256)) * 1000
VOCABULARY = b"one two three"


def model_file(name: str, body: bytes) -> ModelFile:
    return ModelFile(name, len(body), hashlib.sha256(body).hexdigest())


FILES = (model_file("weights.bin", WEIGHTS), model_file("vocabulary.txt", VOCABULARY))
HUB = HubSource("owner/name", "abc", (("weights.bin", "onnx/w.bin"), ("vocabulary.txt", "v.txt")))
HUB_FILES = {"onnx/w.bin": WEIGHTS, "v.txt": VOCABULARY, "README.md": b"hello"}
WHEELS = WheelSource(
    (
        WheelPart("parts-1==1.0", "parts/1.bin", "weights.bin", 100_000),
        WheelPart("parts-1==1.0", "parts/v.txt", "vocabulary.txt", len(VOCABULARY)),
        WheelPart("parts-2==1.0", "parts/2.bin", "weights.bin", len(WEIGHTS) - 100_000),
    )
)
WHEEL_MEMBERS: Mapping[str, Mapping[str, bytes]] = {
    "parts-1==1.0": {
        "parts/1.bin": WEIGHTS[:100_000],
        "parts/v.txt": VOCABULARY,
        "parts/__init__.py": b"1/0",
    },
    "parts-2==1.0": {"parts/2.bin": WEIGHTS[100_000:]},
}


def double(source: Path, target: Path) -> None:
    """A converter: every file twice over."""
    for name in ("weights.bin", "vocabulary.txt"):
        (target / name).write_bytes((source / name).read_bytes() * 2)


SMALL = Model("small", "tests", "MIT", FILES, (HUB, WHEELS))
DOUBLED = Model(
    "doubled",
    "tests",
    "MIT",
    derived=Derived("small", ("weights.bin", "vocabulary.txt"), double, 2 * SMALL.size),
)
REGISTRY = {"small": SMALL, "doubled": DOUBLED}


@dataclass
class PackageIndex:
    """Stands for pip: writes wheels of the given members, and remembers what it was asked for."""

    members: Mapping[str, Mapping[str, bytes]] = field(default_factory=lambda: WHEEL_MEMBERS)
    asked: list[str] = field(default_factory=list[str])

    def download(self, requirement: str, platform: str, folder: Path, tick: Tick) -> Path:
        self.asked.append(requirement)
        if requirement not in self.members:
            raise ModelError(f"pip could not download {requirement}: no matching distribution.")
        return write_wheel(folder / "package.whl", self.members[requirement])


def write_wheel(path: Path, members: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return path


def put(folder: Path, files: Mapping[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, body in files.items():
        (folder / name).write_bytes(body)
    return folder


def put_small(places: Places) -> Path:
    """Lay the small model into the cache as if it had been fetched."""
    return put(places.home("small"), {"weights.bin": WEIGHTS, "vocabulary.txt": VOCABULARY})
