"""A model hub on this machine: a real HTTP server in a thread, whose faults are parameters.

It answers the two requests of the protocol (the list of a model's files, and a file) from a dict, understands
`Range` and `If-Range`, and remembers what it was asked.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import unquote, urlsplit

from antiphon.models.hub import Hub


@dataclass
class Faults:
    """What the hub does wrong. `cut_after`: bytes of a body after which it hangs up, `cuts` times."""

    status: int | None = None
    cut_after: int | None = None
    cuts: int = 1
    wrong_bytes: bool = False
    wrong_start: bool = False
    no_ranges: bool = False
    weak_etag: bool = False
    not_json: bool = False
    list_hashes: bool = True
    announce_hash: bool = False
    redirect_to: str | None = None


@dataclass
class Asked:
    """A request that came."""

    path: str
    headers: dict[str, str]


@dataclass
class HubStandIn:
    """`files` are (path in the repository, bytes) of the one model `id`, at whatever revision."""

    files: Mapping[str, bytes]
    id: str = "owner/name"
    faults: Faults = field(default_factory=Faults)
    asked: list[Asked] = field(default_factory=list[Asked])

    def __enter__(self) -> HubStandIn:
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.005,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def hub(self, *, token: str | None = None, offline: bool = False) -> Hub:
        """A client of this hub that takes no notice of the environment's proxies."""
        return Hub(self.endpoint, token=token, offline=offline, proxies=False)

    def downloads(self) -> list[Asked]:
        """The requests for files."""
        return [asked for asked in self.asked if "/resolve/" in asked.path]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, hub: HubStandIn) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hub = hub


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        self._answer(200, b"")

    def do_GET(self) -> None:
        hub = self.server.hub
        path = unquote(urlsplit(self.path).path)
        hub.asked.append(Asked(path, {key.lower(): value for key, value in self.headers.items()}))
        if hub.faults.status:
            return self._answer(hub.faults.status, b"no")
        if path.startswith(f"/api/models/{hub.id}/revision/"):
            return self._answer(200, b"<html>" if hub.faults.not_json else _listing(hub))
        if path.startswith(f"/{hub.id}/resolve/"):
            return self._file(path.removeprefix(f"/{hub.id}/resolve/").partition("/")[2])
        return self._answer(404, b"no such page")

    def _file(self, path: str) -> None:
        hub = self.server.hub
        if path not in hub.files:
            return self._answer(404, b"no such file")
        if hub.faults.redirect_to:
            linked = f'"{hashlib.sha256(hub.files[path]).hexdigest()}"'
            headers = {"Location": hub.faults.redirect_to + self.path}
            return self._answer(
                302, b"", headers | ({"X-Linked-Etag": linked} if hub.faults.announce_hash else {})
            )
        body = hub.files[path]
        etag = f'"{hashlib.md5(body).hexdigest()}"'
        headers = {"ETag": f"W/{etag}" if hub.faults.weak_etag else etag}
        if hub.faults.wrong_bytes:
            body = bytes(byte ^ 1 for byte in body)
        return self._body(body, etag, headers)

    def _body(self, body: bytes, etag: str, headers: dict[str, str]) -> None:
        faults = self.server.hub.faults
        asked = self.headers.get("Range")
        if not asked or faults.no_ranges or self.headers.get("If-Range", etag) != etag:
            return self._answer(200, body, headers)
        start = int(asked.removeprefix("bytes=").rstrip("-"))
        if start >= len(body):
            return self._answer(416, b"", {"Content-Range": f"bytes */{len(body)}"})
        told = start + 1 if faults.wrong_start else start
        headers["Content-Range"] = f"bytes {told}-{len(body) - 1}/{len(body)}"
        return self._answer(206, body[start:], headers)

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        faults = self.server.hub.faults
        if (
            faults.cut_after is not None
            and faults.cuts > 0
            and status in (200, 206)
            and "ETag" in (headers or {})
        ):
            faults.cuts -= 1
            self.wfile.write(body[: faults.cut_after])
            self.close_connection = True
            return
        self.wfile.write(body)


def _listing(hub: HubStandIn) -> bytes:
    siblings: list[dict[str, object]] = []
    for path, body in hub.files.items():
        sibling: dict[str, object] = {"rfilename": path}
        if hub.faults.list_hashes:
            sibling["lfs"] = {"sha256": hashlib.sha256(body).hexdigest(), "size": len(body)}
        siblings.append(sibling)
    return json.dumps({"id": hub.id, "siblings": siblings}).encode()
