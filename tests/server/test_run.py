"""`antiphon run` as people start it: a process of its own, a real port, real WebSockets, real signals."""

from __future__ import annotations

import asyncio
import os
import signal
import socket as sockets
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_websocket
from websockets.exceptions import ConnectionClosed

from antiphon.testing.websocket_peers import PlainPeer, ProtobufPeer
from antiphon.transports.socket import SocketClosed

pytestmark = [pytest.mark.slow, pytest.mark.alone]

BOT = Path(__file__).with_name("fake_bot.py")
PATIENCE = 30.0
"""Seconds for what takes moments: half of the time that calls are given to finish if nobody says how long."""
LONG = "This is a story that goes on and on and on. " * 20


class RealSocket:
    """A connection of the websockets library as a `Socket`."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def receive(self) -> bytes | str:
        try:
            return await self.connection.recv()
        except ConnectionClosed as closed:
            frame = closed.rcvd
            raise SocketClosed(frame.code if frame else 1006, frame.reason if frame else "") from None

    async def send(self, message: bytes | str) -> None:
        try:
            await self.connection.send(message)
        except ConnectionClosed:
            raise SocketClosed from None

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await self.connection.close(code, reason)


def command(*options: str, bot: Path = BOT) -> list[str]:
    return [sys.executable, "-m", "antiphon", "run", str(bot), *options]


class Process:
    """A running server."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        self.url = url

    @property
    def ws(self) -> str:
        return self.url.replace("http", "ws", 1)

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def draining(self) -> None:
        """Ask it to end, and wait until it lets nobody in any more."""
        self.signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE), httpx.AsyncClient(base_url=self.url) as http:
            while (await http.get("/status")).json()["status"] != "draining":  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def ended(self) -> int:
        return await asyncio.to_thread(self.process.wait, PATIENCE)

    async def gone(self) -> tuple[int, str]:
        _, errors = await asyncio.to_thread(self.process.communicate, timeout=PATIENCE)
        return self.process.returncode, errors


@contextmanager
def running(*options: str, **environment: str) -> Generator[Process, None, None]:
    process = subprocess.Popen(
        command("--port", "0", *options),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "http://" in line, process.communicate(timeout=60)[1]
        yield Process(process, line.split()[-1])
    finally:
        process.kill()
        process.communicate()


def fails(*options: str, bot: Path = BOT, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        command(*options, bot=bot),
        capture_output=True,
        text=True,
        timeout=180,
        env={**os.environ, **environment},
        check=False,
    )
    return done.returncode, done.stderr


async def ahead(peer: PlainPeer) -> float:
    """How far ahead of real time the bot's sound comes: the least of a few answers.

    Where a process stands still as an answer begins, the rest of it seems early; a server that sends too
    early does so in every answer.
    """
    tries = [peer.furthest_ahead()]
    while min(tries) >= 0.06 and len(tries) < 4:
        print(f"an answer was {tries[-1]:.3f} s ahead: asking again")
        peer.arrived.clear()
        assert await peer.ask("how are you") == "Fine."
        tries.append(peer.furthest_ahead())
    return min(tries)


def test_calls_over_both_protocols_and_the_page() -> None:
    async def story(server: Process) -> None:
        async with httpx.AsyncClient(base_url=server.url) as http:
            assert (await http.get("/status")).json()["status"] == "ready"
            assert "<html" in (await http.get("/")).text
            url = (await http.post("/start", json={"transport": "websocket"})).json()["wsUrl"]
        async with open_websocket(url) as one, open_websocket(f"{server.ws}/ws-plain") as two:
            rtvi, plain = ProtobufPeer(RealSocket(one)), PlainPeer(RealSocket(two))
            await plain.tell({"type": "hello"})
            await rtvi.connect()
            await plain.wait_for("ready")
            answers = await asyncio.gather(rtvi.ask("how are you"), plain.ask("how are you"))
            assert answers == ["Fine.", "Fine."]
            assert await ahead(rtvi) < 0.06

    with running() as server:
        asyncio.run(story(server))
        server.signal(signal.SIGTERM)
        assert asyncio.run(server.ended()) == 0


def test_sigterm_lets_a_call_finish_and_takes_no_other() -> None:
    async def story(server: Process) -> None:
        async with open_websocket(f"{server.ws}/ws-client") as connection:
            peer = ProtobufPeer(RealSocket(connection))
            await peer.connect()
            await server.draining()
            async with httpx.AsyncClient(base_url=server.url) as http:
                assert (await http.post("/start", json={})).status_code == 503
            assert await peer.ask("how are you") == "Fine."
            assert server.process.poll() is None
            await peer.leave()
        assert await server.ended() == 0

    with running() as server:
        asyncio.run(story(server))


def test_a_second_signal_ends_at_once() -> None:
    async def story(server: Process) -> None:
        async with open_websocket(f"{server.ws}/ws-client") as connection:
            peer = ProtobufPeer(RealSocket(connection))
            await peer.connect()
            await server.draining()
            server.signal(signal.SIGTERM)
            code, errors = await server.gone()
            await peer.gone()
        assert code == 0
        assert "calls under way: 1" in errors
        assert "stopping at once" in errors
        assert "Traceback" not in errors

    with running() as server:
        asyncio.run(story(server))


def test_an_impatient_ctrl_c_is_no_traceback() -> None:
    with running() as server:
        server.signal(signal.SIGINT)
        server.signal(signal.SIGTERM)
        code, errors = asyncio.run(server.gone())
    assert code == 0
    assert "Traceback" not in errors


def test_the_drain_has_a_deadline() -> None:
    async def story(server: Process) -> None:
        async with open_websocket(f"{server.ws}/ws-client") as connection:
            peer = ProtobufPeer(RealSocket(connection))
            await peer.connect()
            server.signal(signal.SIGTERM)
            assert await server.ended() == 0

    with running("--drain", "1") as server:
        asyncio.run(story(server))


def test_f21_a_real_peer_that_stops_reading_is_noticed_within_seconds() -> None:
    async def story(server: Process) -> float:
        async with open_websocket(f"{server.ws}/ws-client", max_queue=1, ping_interval=None) as connection:
            peer = ProtobufPeer(RealSocket(connection))
            await peer.connect()
            await peer.say("tell me a story")
            peer.stop_reading()
            connection.transport.pause_reading()
            began = asyncio.get_running_loop().time()
            async with httpx.AsyncClient(base_url=server.url) as http:
                while "antiphon_sessions 0.0" not in (await http.get("/metrics")).text:
                    await asyncio.sleep(0.1)
                    assert asyncio.get_running_loop().time() - began < PATIENCE
            seconds = asyncio.get_running_loop().time() - began
            connection.transport.abort()
            return seconds

    with running(ANTIPHON_TEST_ANSWER=LONG) as server:
        seconds = asyncio.run(story(server))
        print(f"noticed after {seconds:.1f} s")
        assert seconds < 12


def test_reload_starts_anew_when_a_file_changes(tmp_path: Path) -> None:
    bot = tmp_path / "bot.py"
    bot.write_text(BOT.read_text())
    with sockets.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        command("--port", str(port), "--reload", bot=bot), stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert "http://" in process.stdout.readline()
        bot.write_text(BOT.read_text() + "\n")
        assert "http://" in process.stdout.readline()
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=60)
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("bot", "code", "sentence"),
    [
        ("there_is_none.py", 2, "There is no bot file"),
        ("test_run.py", 2, "has no bot"),
    ],
)
def test_a_bot_file_that_cannot_be_used_is_one_sentence(bot: str, code: int, sentence: str) -> None:
    returned, errors = fails("--port", "0", bot=BOT.with_name(bot))
    assert returned == code
    assert sentence in errors
    assert len(errors.splitlines()) == 1


def test_a_missing_model_is_told_before_any_call() -> None:
    returned, errors = fails("--port", "0", ANTIPHON_TEST_BOT="missing")
    assert returned == 1
    assert "The voice is missing: antiphon models fetch." in errors


def test_a_port_in_use_is_one_sentence() -> None:
    with sockets.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        returned, errors = fails("--port", str(port))
    assert returned == 1
    assert errors.strip() == (
        f"antiphon: Port {port} is in use: stop what uses it, or give another with --port."
    )


def test_an_address_of_another_machine_is_one_sentence() -> None:
    returned, errors = fails("--host", "203.0.113.9", "--port", "0")
    assert returned == 1
    assert "203.0.113.9 is no address of this machine" in errors
