"""The public names, pinned: a change here is a change for everybody who uses the framework."""

from __future__ import annotations

import antiphon


def test_public_names() -> None:
    assert set(antiphon.__all__) == {
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
    }
    assert all(hasattr(antiphon, name) for name in antiphon.__all__)
