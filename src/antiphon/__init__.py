"""Antiphon: real-time, multimodal AI bots.

Frames move through services in a pipeline to a transport. Start with `antiphon.frames` (the catalogue),
`antiphon.pipeline` and `docs/architecture.md`.
"""

from typing import TYPE_CHECKING, Any

import antiphon.services.hosting as _hosting
from antiphon.context import Context
from antiphon.dispatch import Direction, on
from antiphon.pipeline import ParallelPipeline, Pipeline, Switch, SyncParallelPipeline
from antiphon.processor import Processor
from antiphon.routing import Filter, Gate, Tee
from antiphon.session import Limits, Session, SessionResult

if TYPE_CHECKING:
    from antiphon.services.turns import Turns

_hosting.install()

__all__ = [
    "Context",
    "Direction",
    "Filter",
    "Gate",
    "Limits",
    "ParallelPipeline",
    "Pipeline",
    "Processor",
    "Session",
    "SessionResult",
    "Switch",
    "SyncParallelPipeline",
    "Tee",
    "Turns",
    "on",
]


def __getattr__(name: str) -> Any:
    """What most bots need but the engine does not is imported when it is first asked for."""
    if name == "Turns":
        from antiphon.services.turns import Turns

        return Turns
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
