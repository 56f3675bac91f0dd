"""One blocking request to the local language model as an async generator of its chunks."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from typing import Any

from antiphon.services.base import ServiceError
from antiphon.services.local.llama_engine import Chunk, Engine


class _Relay:
    """Carries chunks from the worker's thread to the event loop, and the wish to stop the other way.

    The deque keeps the order; the event only wakes the reader, so it does not matter in which order the loop
    runs its callbacks.
    """

    def __init__(self) -> None:
        self.chunks: deque[Chunk] = deque()
        self.ready = asyncio.Event()
        self.started = False
        self.stopped = False
        self._loop = asyncio.get_running_loop()

    def work(self, engine: Engine, request: dict[str, Any]) -> None:
        """Runs in the worker's thread."""
        self.started = True
        if not self.stopped:
            engine.chat(request, self._take)

    def _take(self, chunk: Chunk) -> bool:
        self.chunks.append(chunk)
        try:
            self._loop.call_soon_threadsafe(self.ready.set)
        except RuntimeError:  # the loop is closed: nobody listens any more
            return True
        return self.stopped


async def run_chat(engine: Engine, request: dict[str, Any]) -> AsyncGenerator[Chunk]:
    """Run a request in the engine's pool. Raises ServiceError.

    Closing the generator stops the model and waits until it has stopped, which takes a token's time (or one
    batch of the prompt), so that the slot is free for what comes next. A request that still waits for a
    thread is simply dropped.
    """
    relay = _Relay()
    done = asyncio.get_running_loop().run_in_executor(engine.pool, relay.work, engine, request)
    done.add_done_callback(lambda _: relay.ready.set())
    try:
        finished = False
        while not finished:
            relay.ready.clear()
            finished = done.done()
            while relay.chunks:
                yield _checked(relay.chunks.popleft())
            if not finished:
                await relay.ready.wait()
        done.result()
    finally:
        relay.stopped = True
        await _settle(done, relay.started)


async def _settle(done: asyncio.Future[None], started: bool) -> None:
    if not started:
        done.cancel()
        return
    await asyncio.wait([done])
    if not done.cancelled():
        done.exception()  # seen: whoever closes early does not care


def _checked(chunk: Chunk) -> Chunk:
    error: dict[str, Any] = chunk.get("error") or {}
    if error.get("type") == "exceed_context_size_error":
        raise ServiceError(
            f"The conversation has grown to {error.get('n_prompt_tokens')} tokens, but the local language "
            f"model holds {error.get('n_ctx')}: shorten it, or raise context_tokens=..."
        )
    return chunk
