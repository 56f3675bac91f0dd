"""Turn what a user wrote for a model into a path: a path, a name of the registry, or a hub id.

- A path that exists is taken as it is, after a look at whether it is a model of that kind.
- A name of the registry is located, never downloaded.
- `owner/name[:file or folder][@revision]` is a hub id. It is downloaded the first time, which blocks, and
  taken from the cache from then on: a branch such as `main` is not asked for changes. So resolve hub ids
  at set-up, or fetch them with `antiphon models fetch`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from antiphon.models.disk import kind_errors, require_space
from antiphon.models.download import Unreachable
from antiphon.models.errors import ModelError
from antiphon.models.finding import locate, near
from antiphon.models.hub import Hub, HubFile, HubId
from antiphon.models.kinds import Kind, KindName, check, choose
from antiphon.models.lock import locked
from antiphon.models.model import Model, Progress
from antiphon.models.places import Places
from antiphon.models.registry import REGISTRY


def resolve(
    spec: str | Path,
    kind: Kind | KindName,
    *,
    progress: Progress | None = None,
    places: Places | None = None,
    registry: Mapping[str, Model] = REGISTRY,
    hub: Hub | None = None,
) -> Path:
    """The path of the model that `spec` means: the file of a GGUF, the folder of the other kinds.

    Raises `ModelError` when there is no such model, it is of another kind, or it cannot be had.
    """
    kind = Kind(kind)
    where = places or Places.of()
    name = str(spec)
    if name in registry:
        return check(kind, locate(name, places=where, registry=registry))
    path = Path(spec).expanduser()
    if path.exists():
        return check(kind, path)
    if isinstance(spec, str) and not _looks_like_path(spec) and (hub_id := HubId.parse(spec)):
        return HubFetcher(where, hub or Hub.of()).fetch(hub_id, kind, progress)
    raise ModelError(
        f"There is no model {name!r}: it is no file or folder here and no hub id (owner/name); "
        f"{near(name, registry)}"
    )


class HubFetcher:
    """Keeps models of a hub in the cache, one folder for each model and revision."""

    def __init__(self, places: Places, hub: Hub) -> None:
        self._places = places
        self._hub = hub

    def fetch(self, hub_id: HubId, kind: Kind, progress: Progress | None = None) -> Path:
        """The path of the model, downloaded unless it was before. Raises `ModelError`."""
        home = self._home(hub_id)
        done = home / f".{kind.value}.done"
        with kind_errors(self._places.cache):
            if not done.is_file():
                with locked(self._places.lock(home.name)):
                    self._download(hub_id, kind, home, progress)
                    done.touch()
        return check(kind, home)

    def _home(self, hub_id: HubId) -> Path:
        """`owner--name--revision[--path]` in the cache, so a file with its path named has its own."""
        words = (*hub_id.id.split("/"), hub_id.revision, *filter(None, [hub_id.path]))
        return self._places.cache / "hub" / "--".join(word.replace("/", "--") for word in words)

    def _download(self, hub_id: HubId, kind: Kind, home: Path, progress: Progress | None) -> None:
        files = choose(kind, self._list(hub_id), hub_id.path)
        total = sum(file.size or 0 for file in files)
        home.mkdir(parents=True, exist_ok=True)
        require_space(home, total, hub_id.id)
        before = 0
        for file in files:
            target = home / Path(file.path).name
            if not target.is_file():
                self._hub.download(hub_id, file, target, _shifted(progress, before, total))
            before += target.stat().st_size

    def _list(self, hub_id: HubId) -> list[HubFile]:
        try:
            return self._hub.files(hub_id)
        except Unreachable as error:
            raise ModelError(
                f"{hub_id.id} is not on this machine. {error} Give the path of a model file instead."
            ) from error


def _shifted(progress: Progress | None, before: int, total: int) -> Progress:
    """Report the progress of one file as that of all."""

    def report(done: int, size: int) -> None:
        if progress:
            progress(before + done, max(total, before + size))

    return report


def _looks_like_path(spec: str) -> bool:
    return spec.startswith(("/", "./", "../", "~", "\\")) or (spec.endswith(".gguf") and ":" not in spec)
