"""Sessions in which nothing is said: how much memory each takes, how often it wakes the event loop."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from gauges import Switches, rss_mb

from antiphon import Processor
from antiphon.clock import VirtualTimeLoop, run_virtual
from antiphon.frames import InputAudioRawFrame
from engine.call import Call, serve
from engine.hop import running

SESSIONS = 200
PROCESSORS = 8
FRAMES = 500


def memory_idle() -> dict[str, float]:
    """Kilobytes per session of processors that do nothing."""
    return {f"{PROCESSORS} idle processors": asyncio.run(_idle_kb())}


def memory_call() -> dict[str, float]:
    """Kilobytes per session with the parts of a voice call, all of them fakes."""
    return {"the parts of a voice call": run_virtual(_voice_kb())}


def switches_idle() -> dict[str, float]:
    """Task switches per frame of 20 ms sound through processors that do nothing."""
    return {f"{PROCESSORS} idle processors": asyncio.run(_idle_switches())}


def switches_call() -> dict[str, float]:
    """Task switches per frame of 20 ms sound in a voice call in which nobody speaks."""
    return {"the parts of a voice call": _voice_switches()}


async def _idle_kb() -> float:
    async with AsyncExitStack() as sessions:
        await sessions.enter_async_context(running(_idle()))
        before = rss_mb()
        for _ in range(SESSIONS):
            await sessions.enter_async_context(running(_idle()))
        return 1000 * (rss_mb() - before) / SESSIONS


async def _voice_kb() -> float:
    async with AsyncExitStack() as calls:
        await calls.enter_async_context(serve(Call()))
        before = rss_mb()
        for _ in range(SESSIONS):
            await calls.enter_async_context(serve(Call()))
        await asyncio.sleep(1.0)
        return 1000 * (rss_mb() - before) / SESSIONS


async def _idle_switches() -> float:
    switches = Switches()
    switches.install(asyncio.get_running_loop())
    async with running(_idle()) as (session, last):
        last.expected = FRAMES
        before = switches.total(without="run")
        for _ in range(FRAMES):
            session.receive(InputAudioRawFrame(bytes(640), 16000))
            await asyncio.sleep(0)
        await last.arrived.wait()
        return (switches.total(without="run") - before) / FRAMES


def _voice_switches() -> float:
    switches = Switches()

    def counted_loop() -> VirtualTimeLoop:
        loop = VirtualTimeLoop()
        switches.install(loop)
        return loop

    async def listen() -> float:
        async with serve(Call()):
            await asyncio.sleep(1.0)
            before = switches.total(without=listen.__name__)
            await asyncio.sleep(FRAMES * 0.02)
            return (switches.total(without=listen.__name__) - before) / FRAMES

    with asyncio.Runner(loop_factory=counted_loop) as runner:
        return runner.run(listen())


def _idle() -> list[Processor]:
    return [Processor() for _ in range(PROCESSORS)]
