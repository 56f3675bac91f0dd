"""Antiphon's side of a benchmark: `python bench/ours.py NAME` prints what it measured once, as JSON.

`run.py` starts it, in turns with the peer's side, so that noise of the machine hits both alike.
"""

from __future__ import annotations

import json
import sys

from gauges import import_ms

from engine import hop, idle, talk


def importing() -> dict[str, float]:
    """Milliseconds for the import of the core."""
    return {"the core": import_ms("import antiphon")}


MEASURES = {
    "hop": hop.hop,
    "import": importing,
    "call": talk.call,
    "memory-idle": idle.memory_idle,
    "memory-call": idle.memory_call,
    "leak": talk.leak,
    "barge-in": talk.barge_in,
    "wakeups-idle": idle.switches_idle,
    "wakeups-call": idle.switches_call,
}

if __name__ == "__main__":
    print(json.dumps(MEASURES[sys.argv[1]]()))
