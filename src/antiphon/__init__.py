"""Antiphon: real-time, multimodal AI bots.

Frames move through services in a pipeline to a transport. Start with `antiphon.frames` (the catalogue),
`antiphon.pipeline` and `docs/architecture.md`.
"""

import antiphon.services.hosting as _hosting
from antiphon.context import Context
from antiphon.dispatch import Direction, on
from antiphon.pipeline import ParallelPipeline, Pipeline, Switch, SyncParallelPipeline
from antiphon.processor import Processor
from antiphon.routing import Filter, Gate, Tee
from antiphon.session import Limits, Session, SessionResult

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
    "on",
]
