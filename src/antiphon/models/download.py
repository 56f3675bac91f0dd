"""Download one file over HTTP: resumable, checked, and in place only when whole.

The bytes go to `NAME.part` beside the target; `NAME.part.etag` keeps the server's strong ETag, so that a
later run asks for the rest (`Range`) and only of that same file (`If-Range`). A server that cannot give a
part gives the whole file, and the download starts over. See RFC 9110, sections 13.1.5 and 14.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import httpx
import msgspec

from antiphon.models.digest import sha256_of
from antiphon.models.errors import ModelError
from antiphon.models.model import Progress

ATTEMPTS = 4
"""How often a connection that breaks is taken up again within one call."""


class Unreachable(ModelError):
    """The server could not be reached at all."""


class Cut(Exception):
    """The connection broke while the bytes came."""


class Wanted(msgspec.Struct, frozen=True):
    """What to download. `label` names it in messages; `size` in bytes and `sha256` where they are known."""

    url: str
    label: str
    size: int | None = None
    sha256: str | None = None


def download(client: httpx.Client, wanted: Wanted, target: Path, progress: Progress) -> None:
    """Bring `wanted` to `target`, taking up what an earlier call left.

    Raises `ModelError` when the server refuses, the connection keeps breaking or the bytes are not the right
    ones, and `OSError` when the disk does not take them.
    """
    part = _Part(target)
    resumed = part.size() > 0
    _complete(client, wanted, part, progress)
    if resumed and not part.right(wanted):
        part.drop()
        _complete(client, wanted, part, progress)
    if not part.right(wanted):
        part.drop()
        raise ModelError(
            f"What the server sent as {wanted.label} is not the published file (size or hash differs): "
            "try again, or use another source."
        )
    part.finish()


def _complete(client: httpx.Client, wanted: Wanted, part: _Part, progress: Progress) -> None:
    for _ in range(ATTEMPTS):
        with contextlib.suppress(Cut):
            return _receive(client, wanted, part, progress)
    raise ModelError(
        f"The connection broke while {wanted.label} was downloaded: run the same again to go on."
    )


def _receive(client: httpx.Client, wanted: Wanted, part: _Part, progress: Progress) -> None:
    """One request for what is still to come. Raises `Cut` when it breaks off."""
    start = part.resumable(wanted)
    if start and start == wanted.size:
        return progress(start, start)
    try:
        with client.stream("GET", wanted.url, headers=part.headers(start)) as response:
            if response.status_code == 416:
                part.drop()
                raise Cut
            refuse(response, wanted.label)
            part.append(response, start, wanted, progress)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise Unreachable(f"{httpx.URL(wanted.url).host} cannot be reached ({error}).") from error
    except httpx.RequestError as error:
        raise Cut from error


def refuse(response: httpx.Response, label: str) -> None:
    """Raise `ModelError` with what to do unless the answer is a success."""
    status = response.status_code
    if response.is_success:
        return
    if status in (401, 403):
        raise ModelError(
            f"The hub does not give {label} to everyone ({status}): accept its terms on its page there, "
            "then set HF_TOKEN to your access token."
        )
    if status == 404:
        raise ModelError(f"There is no {label} at the hub (404): check the id, the file and the revision.")
    raise ModelError(f"The hub answered {status} for {label}: try again later.")


class _Part:
    """The unfinished file and what it is a part of."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self.path = target.with_name(f"{target.name}.part")
        self._etag = target.with_name(f"{target.name}.part.etag")
        self._announced: str | None = None

    def size(self) -> int:
        return self.path.stat().st_size if self.path.is_file() else 0

    def resumable(self, wanted: Wanted) -> int:
        """The bytes to go on from; 0 when nothing could tell that the rest belongs to them."""
        told = self._etag.is_file() or wanted.sha256 is not None
        return self.size() if told else 0

    def headers(self, start: int) -> dict[str, str]:
        """Ask for the bytes from `start` on, and for no compression, which would change their number."""
        headers = {"Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
            if self._etag.is_file():
                headers["If-Range"] = self._etag.read_text(encoding="ascii")
        return headers

    def append(self, response: httpx.Response, start: int, wanted: Wanted, progress: Progress) -> None:
        """Write what comes behind the first `start` bytes, or from the beginning if the server does."""
        partial = response.status_code == 206
        if partial and not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
            self.drop()
            raise Cut
        self._remember(response)
        self._announced = _announced_sha256(response)
        done = start if partial else 0
        total = wanted.size or done + int(response.headers.get("Content-Length", 0))
        with self.path.open("ab" if partial else "wb") as file:
            for block in response.iter_raw():
                file.write(block)
                done += len(block)
                progress(min(done, total), total)

    def right(self, wanted: Wanted) -> bool:
        """Whether size and hash are those wanted, or announced by the server when nothing better is known."""
        if wanted.size is not None and self.size() != wanted.size:
            return False
        sha256 = wanted.sha256 or self._announced
        return sha256 is None or sha256_of(self.path) == sha256

    def drop(self) -> None:
        self.path.unlink(missing_ok=True)
        self._etag.unlink(missing_ok=True)

    def finish(self) -> None:
        self.path.replace(self._target)
        self._etag.unlink(missing_ok=True)

    def _remember(self, response: httpx.Response) -> None:
        """Keep a strong ETag; a weak one does not promise the same bytes."""
        etag = response.headers.get("ETag", "")
        if etag.startswith('"'):
            self._etag.write_text(etag, encoding="ascii")
        else:
            self._etag.unlink(missing_ok=True)


def _announced_sha256(response: httpx.Response) -> str | None:
    """The SHA-256 that a hub gives as `X-Linked-Etag` when it redirects to where the large files are."""
    for answer in (*response.history, response):
        linked = answer.headers.get("X-Linked-Etag", "").strip('"')
        if re.fullmatch("[0-9a-f]{64}", linked):
            return linked
    return None
