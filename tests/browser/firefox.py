"""A stock Firefox, driven over WebDriver BiDi (W3C), which it speaks by itself; as much as is needed here."""

from __future__ import annotations

import base64
import itertools
import json
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

PREFERENCES = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
}
"""A microphone that beeps, nobody who has to allow it, and sound without a click by hand."""


class Firefox:
    """One tab."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._ids = itertools.count(1)
        self._call("session.new", capabilities={})
        self._tab = self._call("browsingContext.getTree")["contexts"][0]["context"]

    def open(self, address: str) -> None:
        self._call("browsingContext.navigate", context=self._tab, url=address, wait="complete")

    def run(self, script: str) -> Any:
        """The value of an expression (a string, a number, a truth value); a promise is awaited."""
        said = self._call(
            "script.evaluate", expression=script, target={"context": self._tab}, awaitPromise=True
        )
        assert said["type"] == "success", said
        return said["result"].get("value")

    def wait(self, condition: str, seconds: float = 60.0) -> Any:
        """Wait in the page until this expression is true; its value."""
        return self.run(
            f"""new Promise((done, failed) => {{
              const until = performance.now() + {seconds * 1000};
              const poll = () => {{
                const value = {condition};
                if (value) done(value);
                else if (performance.now() > until) failed(new Error("waited in vain"));
                else setTimeout(poll, 50);
              }};
              poll();
            }})"""
        )

    def picture(self, path: Path) -> None:
        """Take a picture of the tab."""
        path.write_bytes(
            base64.b64decode(self._call("browsingContext.captureScreenshot", context=self._tab)["data"])
        )

    def _call(self, method: str, **parameters: Any) -> Any:
        number = next(self._ids)
        self._connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._connection.recv(timeout=90))
            if answer.get("id") == number:
                assert answer["type"] == "success", answer
                return answer["result"]


@contextmanager
def started(path: str, profile: Path) -> Generator[Firefox, None, None]:
    """Start Firefox with an empty profile; end it afterwards."""
    lines = [f'user_pref("{name}", {json.dumps(value)});' for name, value in PREFERENCES.items()]
    (profile / "user.js").write_text("\n".join(lines), encoding="utf-8")
    process = subprocess.Popen(
        [path, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        address = _address(process)
        with connect(f"{address}/session", max_size=None, origin=None) as connection:
            yield Firefox(connection)
    finally:
        process.kill()
        process.communicate()


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    for line in process.stderr:
        if "WebDriver BiDi listening on" in line:
            return line.split()[-1].rstrip("/")
    raise AssertionError("Firefox ended before it could be driven")
