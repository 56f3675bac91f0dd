"""Combinators: services made of services. Each takes the place of a service of its kind anywhere.

- `Fallback([a, b])` asks the next where one fails, and tries the first again later.
- `Retry(a)` asks again what failed before it gave anything.
- `Hedge(a, b)` asks a second one too when the first is slow.
- `Cache(voice)` says from memory what it has said before.

What they get over is told with a `Notice`, which hosts report as an error that is not fatal. Nothing is
imported before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from antiphon.services.combinators.cache import Cache
    from antiphon.services.combinators.fallback import Fallback
    from antiphon.services.combinators.hedge import Hedge
    from antiphon.services.combinators.retry import Retry

__all__ = ["Cache", "Fallback", "Hedge", "Retry"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{name.lower()}"), name)
