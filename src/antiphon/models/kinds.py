"""The kinds of model that users may bring: what files one consists of, and how a wrong one is told.

Checks look at names and at the first bytes only; whether the model itself is good shows when it is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import Literal

from antiphon.models.convert import CONVERTED_FILES
from antiphon.models.errors import ModelError
from antiphon.models.hub import HubFile

GGUF_MAGIC = b"GGUF"
MOONSHINE_FILES = ("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin")
WHISPER_FILES = ("model.bin", "config.json", "tokenizer.json")
_WHISPER_MORE = ("preprocessor_config.json", "vocabulary.txt", "vocabulary.json")


KindName = Literal["gguf", "moonshine", "whisper"]


class Kind(Enum):
    """What a model file or folder is."""

    GGUF = "gguf"
    """A language model in one file, as llama.cpp reads it."""
    MOONSHINE = "moonshine"
    """A folder with a Moonshine model, as published or as converted by `antiphon.models.convert`."""
    WHISPER = "whisper"
    """A folder with a Whisper model in the format of CTranslate2, as faster-whisper reads it."""


def check(kind: Kind, path: Path) -> Path:
    """Give the model's path: the file of a GGUF, the folder of the others. Raises `ModelError`."""
    try:
        return _CHECKS[kind](path)
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}): check its permissions.") from error


def choose(kind: Kind, files: Sequence[HubFile], within: str = "") -> list[HubFile]:
    """The files of a hub's model to download. `within` names a file (GGUF) or a folder (the others).

    Raises `ModelError` when they are not there, or when there are several to choose from.
    """
    if kind is Kind.GGUF:
        return [_one_gguf(files, within)]
    return _folder(kind, files, within)


def _gguf_file(path: Path) -> Path:
    if path.is_dir():
        found = sorted(path.glob("*.gguf"))
        if len(found) != 1:
            raise ModelError(f"The folder {path} holds {len(found)} GGUF files: name the file that is meant.")
        path = found[0]
    with path.open("rb") as file:
        if file.read(len(GGUF_MAGIC)) != GGUF_MAGIC:
            raise ModelError(f"{path} is not a GGUF file: name a language model in the format of llama.cpp.")
    return path


def _moonshine_folder(path: Path) -> Path:
    if any(_holds(path, names) for names in (CONVERTED_FILES, MOONSHINE_FILES)):
        return path
    raise ModelError(
        f"{path} is not a Moonshine model: name a folder that holds {_listed(MOONSHINE_FILES)} "
        f"(or {_listed(CONVERTED_FILES)})."
    )


def _whisper_folder(path: Path) -> Path:
    if _holds(path, WHISPER_FILES):
        return path
    raise ModelError(
        f"{path} is not a Whisper model for faster-whisper: name a folder that holds "
        f"{_listed(WHISPER_FILES)}."
    )


_CHECKS: dict[Kind, Callable[[Path], Path]] = {
    Kind.GGUF: _gguf_file,
    Kind.MOONSHINE: _moonshine_folder,
    Kind.WHISPER: _whisper_folder,
}


def _holds(folder: Path, names: Sequence[str]) -> bool:
    return all((folder / name).is_file() for name in names)


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _one_gguf(files: Sequence[HubFile], path: str) -> HubFile:
    """The named file, the only one, or the one in the usual quantisation (Q4_K_M)."""
    found = [file for file in files if file.path.lower().endswith(".gguf")]
    if path:
        found = [file for file in files if file.path == path]
    elif len(found) > 1:
        found = [file for file in found if "q4_k_m" in file.path.lower()] or found
    if len(found) == 1:
        return found[0]
    names = ", ".join(sorted(file.path for file in files if file.path.lower().endswith(".gguf")))
    raise ModelError(
        f"Name the file that is meant, as in owner/name:file.gguf; there are {names}."
        if names
        else "There is no GGUF file in that model."
    )


def _folder(kind: Kind, files: Sequence[HubFile], within: str) -> list[HubFile]:
    """The files of one folder that make up a model of that kind."""
    here = {
        PurePosixPath(file.path).name: file
        for file in files
        if PurePosixPath(file.path).parent == PurePosixPath(within or ".")
    }
    for needed in _wanted_sets(kind):
        if all(name in here for name in needed):
            more = _WHISPER_MORE if kind is Kind.WHISPER else ()
            return [here[name] for name in (*needed, *more) if name in here]
    folders = sorted({str(PurePosixPath(file.path).parent) for file in files} - {"."})
    hint = f"; its folders are {', '.join(folders)} (as in owner/name:folder)" if folders else ""
    needed = _listed(_wanted_sets(kind)[-1])
    raise ModelError(f"There is no {kind.value} model in {within or 'that model'}: it needs {needed}{hint}.")


def _wanted_sets(kind: Kind) -> tuple[tuple[str, ...], ...]:
    return (WHISPER_FILES,) if kind is Kind.WHISPER else (CONVERTED_FILES, MOONSHINE_FILES)
