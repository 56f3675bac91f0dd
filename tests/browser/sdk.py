"""The official client SDK in a browser: bundled once, then driven from Python.

The page that holds it comes from an origin of its own, as an application under development would.
"""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser, Page

SOURCE = Path(__file__).with_name("sdk")
WAIT_MS = 60_000
LOUD = 0.02
"""Root mean square (of full scale) of what counts as sound. The bot's tone has 0.17."""


class Timing(msgspec.Struct, frozen=True):
    """When something was said, in milliseconds of the page's clock."""

    begins: float
    ends: float


class Told(msgspec.Struct, frozen=True):
    """One event of the client."""

    at: float
    name: str
    data: Any = None


class Connected(msgspec.Struct, frozen=True):
    """What connecting gave: the data of bot-ready, how long it took, when it began."""

    ready: dict[str, Any]
    ms: float
    began: float


def bundle(folder: Path) -> Path:
    """Install the packages and make one script of them. Skips where Node or the packages cannot be had."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed: the client SDK cannot be tested (apt-get install nodejs npm).")
    shutil.copytree(SOURCE, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
    installing = _run(folder, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    if installing.returncode != 0:
        pytest.skip(f"npm could not install the client SDK: {installing.stderr.strip()[-200:]}")
    built = _run(
        folder,
        "node_modules/.bin/esbuild",
        "client.js",
        "--bundle",
        "--format=esm",
        "--outfile=client.bundle.js",
    )
    assert built.returncode == 0, built.stderr
    return folder


def _run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=180, check=False)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not logged."""


@contextmanager
def hosted(folder: Path) -> Generator[str, None, None]:
    """Serve the files of a folder; gives the address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://localhost:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class App:
    """An application that uses the SDK, in a page of its own, at the address `site`."""

    def __init__(self, browser: Browser, site: str, sounds: list[str]) -> None:
        self.context = browser.new_context(permissions=["microphone"])
        self.page: Page = self.context.new_page()
        self.log: list[str] = []
        self.page.on("console", lambda message: self.log.append(message.text))
        self.page.on("pageerror", lambda error: self.log.append(f"uncaught: {error}"))
        self.page.goto(f"{site}/index.html")
        self.page.wait_for_function("window.app !== undefined")
        self.run("(names) => app.load(names)", {name: f"{name}.wav" for name in sounds})

    def close(self) -> None:
        self.context.close()

    def run(self, script: str, given: Any = None) -> Any:
        """Call a function in the page; what it promises is awaited."""
        return self.page.evaluate(script, given)

    # The client ------------------------------------------------------------------------------------------

    def make(self, kind: str, **options: Any) -> None:
        """A new client, with the transport "webrtc" or "websocket"."""
        self.run("([kind, options]) => app.make(kind, options)", [kind, options])

    def start(self, kind: str, base: str, body: dict[str, Any] | None = None) -> Connected:
        """Connect by way of `/start`."""
        data = {"transport": kind, "enableDefaultIceServers": True, "body": body or {}}
        return self.connect("startBotAndConnect", {"endpoint": f"{base}/start", "requestData": data})

    def connect(self, how: str, parameters: Any) -> Connected:
        told = self.run("([how, given]) => app.connect(how, given)", [how, parameters])
        return msgspec.convert(told, Connected)

    def call(self, method: str, *arguments: Any) -> Any:
        """Call a method of the client."""
        return self.run("([name, given]) => app.client()[name](...given)", [method, list(arguments)])

    @property
    def state(self) -> str:
        return self.run("() => app.client().state")

    # What happened ---------------------------------------------------------------------------------------

    def now(self) -> float:
        return self.run("() => app.now()")

    def say(self, name: str) -> Timing:
        """Say a sound into the microphone; returns at once."""
        return msgspec.convert(self.run("(name) => app.say(name)", name), Timing)

    def events(self, name: str, since: float = 0.0) -> list[Told]:
        """What the client told of this name (names of the SDK's RTVIEvent)."""
        told = self.run(
            "([name, since]) => app.events.filter((e) => e.name === name && e.at >= since)", [name, since]
        )
        return msgspec.convert(told, list[Told])

    def wait(self, name: str, since: float = 0.0, where: str = "true") -> Told:
        """The first such event; `where` is a condition in JavaScript on its `data`."""
        found = f"app.events.find(({{name, at, data}}) => name === {name!r} && at >= {since} && ({where}))"
        return msgspec.convert(self.page.wait_for_function(found, timeout=WAIT_MS).json_value(), Told)

    def levels(self, since: float, until: float = 1e12) -> list[tuple[float, float]]:
        """Times, and how loud it was."""
        return self.run("([a, b]) => app.levels.filter(([at]) => at >= a && at < b)", [since, until])

    def sound(self, since: float) -> float:
        """When sound is first heard after `since`; waits for it."""
        return self._level(since, f"level > {LOUD}")

    def silence(self, since: float, quiet_ms: float = 400.0) -> float:
        """When it has become silent, for at least so long, after `since`; waits for it."""
        script = f"""() => {{
          const heard = app.levels.filter(([at]) => at >= {since});
          const last = heard.findLast(([, level]) => level > {LOUD})?.[0] ?? {since};
          return app.now() - last > {quiet_ms} && app.now() > {since} + {quiet_ms} ? {{ last }} : null;
        }}"""
        return self.page.wait_for_function(script, timeout=WAIT_MS).json_value()["last"]

    def _level(self, since: float, condition: str) -> float:
        script = f"app.levels.find(([at, level]) => at >= {since} && {condition})"
        return self.page.wait_for_function(script, timeout=WAIT_MS).json_value()[0]

    def pause(self, seconds: float) -> None:
        """Let time pass."""
        self.page.wait_for_timeout(seconds * 1000)
