"""Let one process at a time do something. The lock is on a file and ends with the process that holds it.

On POSIX systems waiting costs nothing; on Windows the system tries for ten seconds at a time. Network file
systems that have no locks make this a no-op there or raise `OSError`.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Generator
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _take(handle: int) -> None:
        while True:
            with contextlib.suppress(OSError):
                return msvcrt.locking(handle, msvcrt.LK_LOCK, 1)

else:
    import fcntl

    def _take(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX)


@contextlib.contextmanager
def locked(path: Path) -> Generator[None, None, None]:
    """Wait until no one else holds the lock on `path`, and hold it. The file is made, and stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        _take(file.fileno())
        yield
