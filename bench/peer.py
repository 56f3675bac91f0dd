"""The peer's own virtual environment, so that nothing of it gets into Antiphon's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

VERSION = "1.14.0"
NAME = f"Pipecat {VERSION}"
REQUIREMENTS = (f"pipecat-ai=={VERSION}", "psutil>=6,<8")

_HERE = Path(__file__).parent
SCRIPT = _HERE / "peer_pipecat.py"
_HOME = _HERE / ".venv-pipecat"
_MARK = _HOME / f"installed-{VERSION}"


class PeerUnavailable(Exception):
    """The peer could not be installed."""


def ensure() -> str:
    """The path of the peer's interpreter, installed first if it is not there yet (about a minute).

    Raises PeerUnavailable if it cannot be installed.
    """
    python = _HOME / "bin" / "python"
    if not _MARK.exists():
        print(f"Installing {NAME} into {_HOME.relative_to(_HERE.parent)}, once:", file=sys.stderr)
        _run(sys.executable, "-m", "venv", str(_HOME))
        _run(str(python), "-m", "pip", "install", "--progress-bar", "on", *REQUIREMENTS)
        _MARK.touch()
    return str(python)


def _run(*command: str) -> None:
    if subprocess.run(command, stdout=sys.stderr, check=False).returncode:
        raise PeerUnavailable(f"{NAME} could not be installed: see above, or run with --no-peer")
