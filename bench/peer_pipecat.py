# pyright: basic, reportMissingImports=false
"""The peer's side of a benchmark: `python bench/peer_pipecat.py NAME` prints what it measured once, as JSON.

Runs in the peer's own virtual environment, made by `peer.py`. The peer is set up at its leanest: no RTVI, no
turn tracking, no idle timeout, no log.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import AsyncExitStack, asynccontextmanager

from gauges import BURST, SIZES, Switches, burst_seconds, hop_us, import_ms, rss_mb

SESSIONS = 40
PROCESSORS = 8
FRAMES = 500

CORE = (
    "from pipecat.pipeline.pipeline import Pipeline; from pipecat.pipeline.worker import PipelineWorker; "
    "from pipecat.processors.frame_processor import FrameProcessor; "
    "from pipecat.workers.runner import WorkerRunner"
)


def core():
    """The peer's names, imported once they are needed: timing the import must come before."""
    from types import SimpleNamespace

    from loguru import logger
    from pipecat.frames.frames import InputAudioRawFrame, StartFrame, TextFrame
    from pipecat.pipeline.pipeline import Pipeline
    from pipecat.pipeline.worker import PipelineWorker
    from pipecat.processors.frame_processor import FrameProcessor
    from pipecat.workers.runner import WorkerRunner

    logger.remove()

    class Passing(FrameProcessor):
        """Does nothing with a frame but let it go on."""

        async def process_frame(self, frame, direction):
            await super().process_frame(frame, direction)
            await self.push_frame(frame, direction)

    class Counting(FrameProcessor):
        """The last processor: tells when a burst has arrived."""

        def __init__(self):
            super().__init__()
            self.started = asyncio.Event()
            self.arrived = asyncio.Event()
            self.expected = 0

        async def process_frame(self, frame, direction):
            await super().process_frame(frame, direction)
            if isinstance(frame, (TextFrame, InputAudioRawFrame)):
                self.expected -= 1
                if not self.expected:
                    self.arrived.set()
            else:
                await self.push_frame(frame, direction)
                if isinstance(frame, StartFrame):
                    self.started.set()

    @asynccontextmanager
    async def running(count, *, direct=False):
        last = Counting()
        pipeline = Pipeline([*(Passing(enable_direct_mode=direct) for _ in range(count)), last])
        worker = PipelineWorker(
            pipeline, enable_rtvi=False, enable_turn_tracking=False, idle_timeout_secs=None
        )
        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(worker)
        task = asyncio.create_task(runner.run())
        await last.started.wait()
        try:
            yield worker, last
        finally:
            await worker.stop_when_done()
            await task

    return SimpleNamespace(
        running=running,
        text=lambda: TextFrame(text="hello"),
        audio=lambda: InputAudioRawFrame(audio=bytes(640), sample_rate=16000, num_channels=1),
    )


async def crossing(running, make, size, count, direct):
    async with running(size, direct=direct) as (worker, last):

        async def burst(count):
            frames = [make() for _ in range(count)]
            last.expected = count
            last.arrived.clear()
            for frame in frames:
                await worker.queue_frame(frame)
            await last.arrived.wait()

        return await burst_seconds(burst, count)


def one_hop(peer, make, count=BURST, *, direct=False):
    async def measure():
        return {size: await crossing(peer.running, make, size, count, direct) for size in SIZES}

    return hop_us(asyncio.run(measure()), count)


def hop():
    peer = core()
    return {
        "text, no handler": one_hop(peer, peer.text),
        "text, no handler, one at a time": one_hop(peer, peer.text, 1),
        "audio, no handler": one_hop(peer, peer.audio),
        "audio, no handler, one at a time": one_hop(peer, peer.audio, 1),
        "text, the peer's direct mode": one_hop(peer, peer.text, direct=True),
    }


async def idle_kb():
    peer = core()
    async with AsyncExitStack() as sessions:
        await sessions.enter_async_context(peer.running(PROCESSORS))
        before = rss_mb()
        for _ in range(SESSIONS):
            await sessions.enter_async_context(peer.running(PROCESSORS))
        return 1000 * (rss_mb() - before) / SESSIONS


async def idle_switches():
    peer, switches = core(), Switches()
    switches.install(asyncio.get_running_loop())
    async with peer.running(PROCESSORS) as (worker, last):
        last.expected = FRAMES
        before = switches.counts.total()
        for _ in range(FRAMES):
            await worker.queue_frame(peer.audio())
            await asyncio.sleep(0.001)
        await last.arrived.wait()
        return (switches.counts.total() - before) / FRAMES


MEASURES = {
    "hop": hop,
    "import": lambda: {"the core": import_ms(CORE)},
    "memory-idle": lambda: {f"{PROCESSORS} idle processors": asyncio.run(idle_kb())},
    "wakeups-idle": lambda: {f"{PROCESSORS} idle processors": asyncio.run(idle_switches())},
}

if __name__ == "__main__":
    print(json.dumps(MEASURES[sys.argv[1]]()))
