"""A model hub that speaks the Hugging Face protocol: list the files of a model, download one.

Only two requests are used: `GET {endpoint}/api/models/{id}/revision/{revision}?blobs=true` for the list and
`GET {endpoint}/{id}/resolve/{revision}/{path}` for a file. The environment is read as the field does:
`HF_ENDPOINT` names another hub or a mirror, `HF_HUB_OFFLINE=1` forbids to ask, `HF_TOKEN` is sent to the
endpoint (and not to other hosts that it redirects to: httpx takes the header off).

A hub that is away must not hold anyone up, so the first contact is given a few seconds in all, name look-up
included, and is not tried again.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from urllib.parse import quote

import httpx
import msgspec

from antiphon.certificates import trusted
from antiphon.models.download import Unreachable, Wanted, download, refuse
from antiphon.models.errors import ModelError
from antiphon.models.model import Progress

DEFAULT_ENDPOINT = "https://huggingface.co"
CONTACT_SECONDS = 4.0
_TIMEOUT = httpx.Timeout(30, connect=CONTACT_SECONDS)


class HubId(msgspec.Struct, frozen=True):
    """A model at a hub, perhaps one file or folder of it: `owner/name[:path][@revision]`."""

    id: str
    path: str = ""
    revision: str = "main"

    @classmethod
    def parse(cls, spec: str) -> HubId | None:
        """The id that `spec` spells; None when it does not look like one."""
        rest, _, revision = spec.partition("@")
        id, _, path = rest.partition(":")
        owner, slash, name = id.partition("/")
        sound = owner and slash and name and "/" not in name and not {".", ".."} & {owner, name}
        if not sound or any(each in ("", ".", "..") for each in path.split("/") if path):
            return None
        return cls(id, path, revision or "main")


class HubFile(msgspec.Struct, frozen=True):
    """A file of a model at a hub. Size and hash are known for large files (Git LFS) only."""

    path: str
    size: int | None = None
    sha256: str | None = None


class _Lfs(msgspec.Struct):
    sha256: str | None = None
    size: int | None = None


class _Sibling(msgspec.Struct):
    rfilename: str
    lfs: _Lfs | None = None


class _Info(msgspec.Struct):
    siblings: list[_Sibling] = []


class _Contact(Enum):
    UNTRIED = "untried"
    MADE = "made"
    FAILED = "failed"


class Hub:
    """One hub. It remembers whether it could be reached.

    `offline`: never ask. `proxies`: use the proxies that the environment names.
    """

    def __init__(
        self,
        endpoint: str = DEFAULT_ENDPOINT,
        *,
        token: str | None = None,
        offline: bool = False,
        proxies: bool = True,
    ) -> None:
        self.endpoint = endpoint.rstrip("/")
        self._token = token
        self._offline = offline
        self._proxies = proxies
        self._contact = _Contact.UNTRIED

    @classmethod
    def of(cls, environ: Mapping[str, str] | None = None) -> Hub:
        """The hub that an environment names (`os.environ` by default)."""
        env = os.environ if environ is None else environ
        offline = env.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on")
        return cls(env.get("HF_ENDPOINT") or DEFAULT_ENDPOINT, token=env.get("HF_TOKEN"), offline=offline)

    def files(self, hub_id: HubId) -> list[HubFile]:
        """All files of the model at that revision. Raises `ModelError`."""
        self._reach()
        revision = quote(hub_id.revision, safe="")
        url = f"{self.endpoint}/api/models/{hub_id.id}/revision/{revision}?blobs=true"
        try:
            with self._client() as client:
                response = client.get(url)
        except httpx.RequestError as error:
            raise Unreachable(f"The hub {self.endpoint} does not answer ({error}).") from error
        refuse(response, hub_id.id)
        try:
            info = msgspec.json.decode(response.content, type=_Info)
        except msgspec.DecodeError as error:
            raise ModelError(
                f"{self.endpoint} does not answer like a model hub: check HF_ENDPOINT."
            ) from error
        return [_file(sibling) for sibling in info.siblings]

    def download(self, hub_id: HubId, file: HubFile, target: Path, progress: Progress) -> None:
        """Bring one file to `target`. Raises `ModelError`; the next call takes up what came."""
        self._reach()
        revision = quote(hub_id.revision, safe="")
        url = f"{self.endpoint}/{hub_id.id}/resolve/{revision}/{quote(file.path)}"
        wanted = Wanted(url, f"{hub_id.id}:{file.path}", file.size, file.sha256)
        with self._client() as client:
            download(client, wanted, target, progress)

    def _client(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        return httpx.Client(
            headers=headers,
            timeout=_TIMEOUT,
            follow_redirects=True,
            trust_env=self._proxies,
            verify=trusted(),
        )

    def _reach(self) -> None:
        """Make sure, once, that the hub answers at all. Raises `Unreachable`."""
        if self._offline:
            raise Unreachable("HF_HUB_OFFLINE is set, so the hub is not asked.")
        if self._contact is _Contact.UNTRIED:
            self._contact = _Contact.MADE if self._answers() else _Contact.FAILED
        if self._contact is _Contact.FAILED:
            raise Unreachable(f"The hub {self.endpoint} cannot be reached.")

    def _answers(self) -> bool:
        """Ask in a thread of its own, because looking up a name cannot be given a time limit."""
        answered = threading.Event()

        def ask() -> None:
            try:
                with self._client() as client:
                    client.head(self.endpoint, follow_redirects=False)
            except (httpx.RequestError, httpx.InvalidURL):
                return
            answered.set()

        asking = threading.Thread(target=ask, daemon=True, name="hub-contact")
        asking.start()
        asking.join(CONTACT_SECONDS)
        return answered.is_set()


def _file(sibling: _Sibling) -> HubFile:
    lfs = sibling.lfs or _Lfs()
    return HubFile(sibling.rfilename, lfs.size, lfs.sha256)
