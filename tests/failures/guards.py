"""Takes out one guard after the other, in a copy of the source, and looks whether the named tests notice.

    cd tests
    python -m failures.guards            a table: failure, guard, noticed by
    python -m failures.guards --json     the same as JSON
    python -m failures.guards 6 14       only these failures

"Noticed" means that an assertion of the test failed (or its simulated caller waited in vain); a test that
cannot even be imported has noticed nothing. All named tests must pass while nothing is taken out.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from failures.guard import Finding, Guard, GuardMoved, Verdict
from failures.without import GUARDS

ROOT = Path(__file__).parents[2]
OPTIONS = ("-q", "--noconftest", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:hypothesispytest")
JUDGES = (
    "AssertionError",
    "assert ",
    "Failed: DID NOT RAISE",
    "antiphon.testing.expectation.Unmet",
    "antiphon.testing.patience.CallerGaveUp",
)
"""How the message of a test begins that has judged."""

CHILD_SECONDS = 300.0
"""Without a guard, a call may go on for ever; such a test has not judged either."""


class GuardError(Exception):
    """The tests could not be run, or fail although nothing was taken out."""


def check(guards: Sequence[Guard], *, workers: int = 2) -> list[list[Finding]]:
    """Take out each of the guards. Returns what its tests said. Raises GuardError, GuardMoved."""
    with tempfile.TemporaryDirectory() as kept:
        whole = Path(kept, "whole")
        shutil.copytree(ROOT / "src" / "antiphon", whole / "antiphon")
        _demand_that_all_pass(guards, whole)
        with ThreadPoolExecutor(workers) as pool:
            places = [Path(kept, str(number)) for number in range(len(guards))]
            return list(pool.map(_without, guards, [whole] * len(guards), places))


def _demand_that_all_pass(guards: Sequence[Guard], whole: Path) -> None:
    """Leaves bytecode beside the source, so that no child compiles it again."""
    tests = tuple(sorted({test for guard in guards for test in guard.tests}))
    failing = [each for each in _run(tests, whole) if each.verdict is not Verdict.MISSED]
    if failing:
        raise GuardError(f"With nothing taken out: {failing[0].test} {failing[0].said}")


def _without(guard: Guard, whole: Path, place: Path) -> list[Finding]:
    shutil.copytree(whole / "antiphon", place / "antiphon")
    try:
        guard.take_out(place / "antiphon")
        changed = place / "antiphon" / guard.file
        for stale in changed.parent.glob(f"__pycache__/{changed.stem}.*.pyc"):
            stale.unlink()
        return _run(guard.tests, place)
    finally:
        shutil.rmtree(place)


def _run(tests: Sequence[str], source: Path) -> list[Finding]:
    """Run tests in a child process that imports the package from `source`."""
    report = source / "report.xml"
    nodes = [f"tests/failures/{module}.py::{name}" for module, _, name in (t.partition("::") for t in tests)]
    try:
        child = subprocess.run(
            [sys.executable, "-m", "pytest", *nodes, *OPTIONS, f"--junit-xml={report}"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": ""},
            capture_output=True,
            text=True,
            timeout=CHILD_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return [Finding(test, Verdict.BROKEN, "it did not end") for test in tests]
    if child.returncode not in (0, 1) or not report.exists():
        said = " ".join((child.stdout + child.stderr).split())[-300:]
        return [Finding(test, Verdict.BROKEN, said) for test in tests]
    cases = list(ElementTree.parse(report).iter("testcase"))
    return [_finding(test, cases) for test in tests]


def _finding(test: str, cases: Sequence[ElementTree.Element]) -> Finding:
    """The strongest of what the cases of one test said."""
    module, _, name = test.partition("::")
    said: list[str] = []
    for case in cases:
        ours = case.get("classname", "").endswith(module) and case.get("name", "").split("[")[0] == name
        said += [bad.get("message", "") for bad in case if ours and bad.tag in ("failure", "error")]
    judged = [message for message in said if message.startswith(JUDGES)]
    if judged:
        return Finding(test, Verdict.NOTICED, judged[0].strip().splitlines()[0])
    return Finding(test, Verdict.BROKEN, said[0]) if said else Finding(test, Verdict.MISSED)


class Row(NamedTuple):
    """A line of the table."""

    failure: str
    guard: str
    file: str
    tests: dict[str, str]
    said: str
    noticed: bool


def _rows(guards: Sequence[Guard], found: Sequence[Sequence[Finding]]) -> list[Row]:
    return [
        Row(
            f"F{guard.failure}",
            guard.what,
            guard.file,
            {each.test: each.verdict.value for each in findings},
            findings[0].said,
            all(each.verdict is Verdict.NOTICED for each in findings),
        )
        for guard, findings in zip(guards, found, strict=True)
    ]


def _table(rows: Sequence[Row]) -> str:
    lines = [f"{'failure':<8} {'guard':<72} noticed by"]
    for row in rows:
        names = ", ".join(row.tests) if row.noticed else f"NOT ALL: {row.tests}"
        lines.append(f"{row.failure:<8} {row.guard:<72} {names}")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Print the table. Returns 1 if something was not noticed."""
    asked = _asked(arguments)
    wanted: set[str] = set(asked.failures)
    guards = [guard for guard in GUARDS if not wanted or f"F{guard.failure}" in wanted]
    try:
        rows = _rows(guards, check(guards, workers=min(2, os.cpu_count() or 1)))
    except (GuardError, GuardMoved) as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps([row._asdict() for row in rows], indent=1) if asked.json else _table(rows))
    return 0 if all(row.noticed for row in rows) else 1


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    """What the command line says. Ends the program with one sentence for what it cannot mean."""
    parser = argparse.ArgumentParser("python -m failures.guards", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("failures", nargs="*", type=_failure, metavar="N", help="only these: 6, F14")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args(arguments)


def _failure(written: str) -> str:
    name = f"F{written.lstrip('Ff')}"
    if all(name != f"F{guard.failure}" for guard in GUARDS):
        raise argparse.ArgumentTypeError(f"there is no guard for {written}")
    return name


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
