"""Whether the machine stood still."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from antiphon.clock import cpu_seconds, perf_seconds
from heartbeat import Heartbeat, steadily

STOPPED = """
import os, signal
from heartbeat import Heartbeat
with Heartbeat() as heart:
    os.kill(os.getpid(), signal.SIGSTOP)
    print(heart.longest, heart.still)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGSTOP")
def test_a_process_that_was_stopped_knows_for_how_long() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STOPPED], cwd=Path(__file__).parent, stdout=subprocess.PIPE, text=True
    ) as child:
        os.waitpid(child.pid, os.WUNTRACED)
        threading.Event().wait(0.3)
        child.send_signal(signal.SIGCONT)
        longest, still = map(float, child.communicate()[0].split())
    assert 0.25 < longest <= still


@pytest.mark.slow
@pytest.mark.alone
def test_code_that_takes_its_time_is_not_the_machine() -> None:
    """However seldom it gets its turn: what it worked is not counted."""

    async def main() -> None:
        began = perf_seconds()
        with Heartbeat() as heart:
            await asyncio.sleep(0.02)
            until = cpu_seconds() + 0.5
            while cpu_seconds() < until:
                pass
            await asyncio.sleep(0.02)
        assert heart.still < perf_seconds() - began - 0.4

    asyncio.run(main())


def test_a_failure_on_a_steady_machine_counts_at_once() -> None:
    tried: list[float] = []

    async def attempt() -> None:
        tried.append(perf_seconds())
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        steadily(attempt, most=1000.0)
    assert len(tried) == 1


def test_where_nothing_could_be_measured_the_test_is_skipped() -> None:
    tried: list[float] = []

    async def attempt() -> None:
        tried.append(perf_seconds())
        raise ValueError("slow")

    with pytest.raises(pytest.skip.Exception, match="in each of 3 tries"):
        steadily(attempt, most=-1.0, tries=3)
    assert len(tried) == 3


@pytest.mark.slow
@pytest.mark.alone
def test_a_task_that_does_not_get_its_turn_is_the_machine() -> None:
    """What waits here for the loop is what waits elsewhere for a processor."""

    async def main() -> None:
        with Heartbeat() as heart:
            await asyncio.sleep(0.02)
            threading.Event().wait(0.3)
            await asyncio.sleep(0.02)
        assert 0.25 < heart.longest <= heart.still

    asyncio.run(main())
