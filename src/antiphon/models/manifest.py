"""What was made: the hashes of a derived model's files, written down beside them.

A file that was made on this machine has no hash that could be known beforehand. The manifest says what came
out, so that damage is found later, and what it came from, so that a new source leads to a new conversion.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from antiphon.models.digest import known_sha256
from antiphon.models.model import ModelFile

NAME = "manifest.json"


class Manifest(msgspec.Struct, frozen=True):
    """`source` maps the source model's file names to their SHA-256; `files` is what was made of them."""

    source: dict[str, str]
    files: tuple[ModelFile, ...]


def record(folder: Path, names: tuple[str, ...], source: tuple[ModelFile, ...]) -> Manifest:
    """Hash the files `names` in `folder`, write the manifest there and give it back."""
    made = tuple(
        ModelFile(name, (folder / name).stat().st_size, known_sha256(folder / name)) for name in names
    )
    manifest = Manifest({file.name: file.sha256 for file in source}, made)
    (folder / NAME).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2))
    return manifest


def read(folder: Path) -> Manifest | None:
    """The manifest in `folder`; None when there is none that can be read."""
    try:
        return msgspec.json.decode((folder / NAME).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError):
        return None
