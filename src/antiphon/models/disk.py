"""What a disk can do wrong while files are written, and what to do about it."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Generator
from pathlib import Path

from antiphon.models.errors import ModelError

_REMEDY = "name a folder that can be written to in ANTIPHON_CACHE"


def require_space(folder: Path, needed: int, what: str) -> None:
    """Raise `ModelError` unless the disk of `folder` has `needed` bytes free."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ModelError(
            f"The disk of {folder} has {free / 1e6:.0f} MB free and {what} needs {needed / 1e6:.0f} MB: "
            "make room, or name another folder in ANTIPHON_CACHE."
        )


def bytes_in(folder: Path) -> int:
    """How much lies in a folder in which somebody else is at work: files and folders may go meanwhile."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                total += os.stat(os.path.join(parent, name)).st_size
    return total


@contextlib.contextmanager
def work_folder(path: Path) -> Generator[Path, None, None]:
    """An empty folder at `path`, gone afterwards unless it was renamed. The caller holds a lock."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def kind_errors(folder: Path) -> Generator[None, None, None]:
    """Say in one sentence what the system's error means for someone who wants files in `folder`."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise ModelError(f"The disk of {folder} is full: make room, or {_REMEDY}.") from error
        raise ModelError(f"Cannot write to {folder} ({error.strerror or error}): {_REMEDY}.") from error
