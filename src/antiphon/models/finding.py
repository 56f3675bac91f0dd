"""Find models that are already on this machine. Nothing here writes (but stamps) or uses a network."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path

from antiphon.models import manifest
from antiphon.models.digest import matches
from antiphon.models.errors import ModelError
from antiphon.models.model import Model, ModelFile
from antiphon.models.places import Places
from antiphon.models.registry import REGISTRY


class State(Enum):
    """How a model stands on this machine."""

    PRESENT = "present"
    ABSENT = "absent"
    ALTERED = "altered"


def locate(name: str, *, places: Places | None = None, registry: Mapping[str, Model] = REGISTRY) -> Path:
    """The folder that holds the model's files under their plain names.

    Raises `ModelError` when the model is unknown, is not on this machine, or has a file that is not the
    published one.
    """
    model = known(name, registry)
    for folder in (places or Places.of()).candidates(name):
        match inspect(folder, model, registry):
            case State.PRESENT:
                return folder
            case State.ALTERED:
                raise ModelError(
                    f"The model {name!r} in {folder} has been altered (size or hash differs): "
                    f"delete that folder, then run `antiphon models fetch {name}`."
                )
            case State.ABSENT:
                continue
    raise ModelError(
        f"The model {name!r} is not on this machine: run `antiphon models fetch {name}` "
        "(or `make demo`, which fetches all that the demo needs)."
    )


def missing(
    names: Iterable[str], *, places: Places | None = None, registry: Mapping[str, Model] = REGISTRY
) -> list[str]:
    """Those of `names` that are absent or altered here, in the same order."""
    where = places or Places.of()
    return [name for name in names if state(name, places=where, registry=registry) is not State.PRESENT]


def state(name: str, *, places: Places | None = None, registry: Mapping[str, Model] = REGISTRY) -> State:
    """How the model stands: the first folder that holds it at all decides."""
    model = known(name, registry)
    folders = (places or Places.of()).candidates(name)
    found = (inspect(folder, model, registry) for folder in folders)
    return next((each for each in found if each is not State.ABSENT), State.ABSENT)


def known(name: str, registry: Mapping[str, Model] = REGISTRY) -> Model:
    """The model of that name. Raises `ModelError` with the nearest names."""
    try:
        return registry[name]
    except KeyError:
        raise ModelError(f"There is no model {name!r}; {near(name, registry)}") from None


def near(name: str, registry: Mapping[str, Model] = REGISTRY) -> str:
    """The end of a sentence that names the models spelled most like `name`, or all of them."""
    close = difflib.get_close_matches(name, registry, n=3, cutoff=0.4)
    listed = ", ".join(close or sorted(registry))
    return f"did you mean {listed}?" if close else f"known are {listed}."


def inspect(folder: Path, model: Model, registry: Mapping[str, Model] = REGISTRY) -> State:
    """Compare the files in a folder with what the model should be."""
    files = _expected(folder, model, registry)
    if not files or not all((folder / file.name).is_file() for file in files):
        return State.ABSENT
    intact = all(matches(folder / file.name, file.size, file.sha256) for file in files)
    return State.PRESENT if intact else State.ALTERED


def _expected(folder: Path, model: Model, registry: Mapping[str, Model]) -> tuple[ModelFile, ...]:
    """The published files; for a derived model those of its manifest, if it was made from today's source."""
    if model.derived is None:
        return model.files
    made = manifest.read(folder)
    source = {file.name: file.sha256 for file in known(model.derived.source, registry).files}
    if made is None or made.source != source:
        return ()
    return made.files if {file.name for file in made.files} == set(model.derived.files) else ()
