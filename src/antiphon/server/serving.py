"""Serves the application with uvicorn, and ends it in good order.

The first SIGTERM or SIGINT drains: nobody is let in any more, calls may finish. The second ends all at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable, Generator

import uvicorn
from starlette.applications import Starlette

from antiphon.server.settings import Settings
from antiphon.server.website import Website

log = logging.getLogger("antiphon.server")

PING_SECONDS = 1.0
PONG_SECONDS = 3.0
"""A WebSocket whose peer does not answer a ping for so long is lost: it does not read, or is gone (F21)."""

SHUTDOWN_SECONDS = 2
"""How long connections may take to close once all calls are over."""

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class _Server(uvicorn.Server):
    """Leaves signals to us, and says when it takes calls."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.on_started: Callable[[], None] = lambda: None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Where it is forced, uvicorn leaves the application's own end out, and logs a traceback for it."""
        await super().shutdown(sockets)
        if self.force_exit:
            await self.lifespan.shutdown()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class Serving:
    """One server, from its start to its end. `trusted` are proxies whose X-Forwarded headers count."""

    def __init__(self, app: Starlette, settings: Settings, *, trusted: str = "127.0.0.1") -> None:
        self._site: Website = app.state.site
        self._settings = settings
        self._server = _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="on",
                server_header=False,
                forwarded_allow_ips=trusted,
                ws="websockets-sansio",
                ws_max_size=settings.max_message,
                ws_ping_interval=PING_SECONDS,
                ws_ping_timeout=PONG_SECONDS,
                ws_per_message_deflate=False,
                timeout_graceful_shutdown=SHUTDOWN_SECONDS,
            )
        )
        self._ending: list[asyncio.Task[None]] = []

    async def run(self, listener: socket.socket, started: Callable[[], None]) -> None:
        """Serve until a signal or `end` ends it. `started` is called once calls are taken."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self.end)
        try:
            await asyncio.sleep(0)  # A Ctrl-C from before ends it here: uvicorn would log a traceback.
            self._server.on_started = started
            await self._server.serve(sockets=[listener])
        finally:
            for number in SIGNALS:
                loop.remove_signal_handler(number)
            for task in self._ending:
                task.cancel()

    def end(self) -> None:
        """End in good order; called again, at once."""
        if not self._ending:
            calls = len(self._site.sessions)
            if calls:
                log.warning(
                    "stopping: calls under way: %d; they may go on for %g s, a second signal ends them",
                    calls, self._settings.drain_seconds,
                )  # fmt: skip
            self._ending.append(asyncio.create_task(self._drain(), name="drain"))
        elif len(self._ending) == 1:
            log.warning("stopping at once")
            self._ending.append(asyncio.create_task(self._stop(), name="stop"))

    async def _drain(self) -> None:
        await self._site.sessions.drain(self._settings.drain_seconds)
        self._server.should_exit = True

    async def _stop(self) -> None:
        await self._site.sessions.stop()
        self._server.should_exit = True
        self._server.force_exit = True
