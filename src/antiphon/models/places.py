"""Where model files are looked for and kept on this machine.

Environment: `ANTIPHON_CACHE` names the cache folder (otherwise `XDG_CACHE_HOME/antiphon`, otherwise
`~/.cache/antiphon`); `ANTIPHON_MODELS_DIR` names a further folder that is looked at first and never written
to, with one folder per model, named like the model.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec


class Places(msgspec.Struct, frozen=True):
    """The folders of one user: `cache` is written to, `extra` only read."""

    cache: Path
    extra: Path | None = None

    @classmethod
    def of(cls, environ: Mapping[str, str] | None = None) -> Places:
        """The places that an environment names (`os.environ` by default)."""
        env = os.environ if environ is None else environ
        extra = env.get("ANTIPHON_MODELS_DIR")
        return cls(cache=_cache(env), extra=Path(extra).expanduser() if extra else None)

    def home(self, name: str) -> Path:
        """The folder in the cache that model `name` is kept in."""
        return self.cache / "models" / name

    def parts(self, name: str) -> Path:
        """The folder in the cache for what a broken download of `name` left."""
        return self.cache / "parts" / name

    def lock(self, name: str) -> Path:
        """The file in the cache whose lock is held while `name` is fetched."""
        return self.cache / "locks" / f"{name}.lock"

    def candidates(self, name: str) -> tuple[Path, ...]:
        """The folders that may hold model `name`, in the order in which they are looked at."""
        home = self.home(name)
        return (self.extra / name, home) if self.extra else (home,)


def _cache(environ: Mapping[str, str]) -> Path:
    if named := environ.get("ANTIPHON_CACHE"):
        return Path(named).expanduser()
    if shared := environ.get("XDG_CACHE_HOME"):
        return Path(shared).expanduser() / "antiphon"
    return Path("~/.cache/antiphon").expanduser()
