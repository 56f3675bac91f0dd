"""The engine's benchmarks, side by side with the peer: python bench/run.py [--only NAME] [--no-peer] [--json]

Every measurement runs in a process of its own, Antiphon's and the peer's in turns (A B A B), so that what
else the machine does hits both alike. Prints a table and writes bench/results/latest.json. README.md says
what each number means.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import peer
from report import Result, Rounds, show
from rich.console import Console

HERE = Path(__file__).parent
LATEST = HERE / "results" / "latest.json"


class Bench(NamedTuple):
    """What to run: measures of `ours.py` and of `peer_pipecat.py`, by name, and how many rounds."""

    what: str
    unit: str
    rounds: int
    ours: tuple[str, ...]
    theirs: tuple[str, ...] = ()


BENCHES = {
    "hop": Bench("a frame passing one processor", "us", 5, ("hop",), ("hop",)),
    "import": Bench("import", "ms", 3, ("import",), ("import",)),
    "call": Bench("a ten-minute call in virtual time", "s", 5, ("call",)),
    "memory": Bench("memory per session", "kB", 3, ("memory-idle", "memory-call"), ("memory-idle",)),
    "leak": Bench("1,000 short calls in one process", "", 1, ("leak",)),
    "barge-in": Bench("from speech detected to silence", "ms", 3, ("barge-in",)),
    "wakeups": Bench(
        "task switches per 20 ms of sound", "", 1, ("wakeups-idle", "wakeups-call"), ("wakeups-idle",)
    ),
}


def child(python: str, script: Path, name: str) -> dict[str, float]:
    """Run one measure in a process of its own."""
    done = subprocess.run([python, str(script), name], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{script.name} {name} failed:\n{done.stderr}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(name: str, bench: Bench, peer_python: str | None) -> Result:
    """All rounds of one benchmark, both sides in turns."""
    ours, theirs = Rounds(), Rounds()
    for _ in range(bench.rounds):
        for part in bench.ours:
            ours.add(child(sys.executable, HERE / "ours.py", part))
        for part in bench.theirs if peer_python else ():
            theirs.add(child(str(peer_python), peer.SCRIPT, part))
    return Result(name, bench.what, bench.unit, ours.side(), theirs.side())


def conditions() -> dict[str, Any]:
    """When, where and of what it was measured."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "antiphon": importlib.metadata.version("antiphon"),
        "peer": peer.NAME,
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
        "cores": os.cpu_count(),
        "load before": round(os.getloadavg()[0], 2),
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The engine's benchmarks, side by side with the peer.")
    parser.add_argument("--only", choices=BENCHES, action="append", help="only this one (may be repeated)")
    parser.add_argument("--no-peer", action="store_true", help="do not install or measure the peer")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    before = conditions()
    try:
        peer_python = None if options.no_peer else peer.ensure()
    except peer.PeerUnavailable as error:
        raise SystemExit(str(error)) from None
    results: list[Result] = []
    with Console(stderr=True).status("measuring") as status:
        for name in options.only or BENCHES:
            status.update(f"measuring: {BENCHES[name].what}")
            results.append(measure(name, BENCHES[name], peer_python))
    document = {"conditions": before, "results": {result.name: result.as_json() for result in results}}
    text = json.dumps(document, indent=2)
    LATEST.parent.mkdir(exist_ok=True)
    LATEST.write_text(text + "\n")
    if options.json:
        print(text)
    else:
        show(results, before, peer.NAME)


if __name__ == "__main__":
    main()
