"""The hub and the download of one file, against a hub with faults."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_standin import Faults, HubStandIn
from hypothesis import given
from hypothesis import strategies as st

from antiphon.models import ModelError
from antiphon.models.download import ATTEMPTS, Unreachable
from antiphon.models.fetching import no_progress
from antiphon.models.hub import DEFAULT_ENDPOINT, Hub, HubFile, HubId
from effort import examples

BODY = bytes(range(251)) * 400
SHA256 = hashlib.sha256(BODY).hexdigest()
ID = HubId("owner/name", revision="main")
KNOWN = HubFile("sub/model.bin", len(BODY), SHA256)
UNKNOWN = HubFile("sub/model.bin")


@pytest.fixture
def standin() -> Iterator[HubStandIn]:
    with HubStandIn({"sub/model.bin": BODY}) as hub:
        yield hub


def bring(standin: HubStandIn, folder: Path, file: HubFile = KNOWN, token: str | None = None) -> bytes:
    target = folder / "model.bin"
    standin.hub(token=token).download(ID, file, target, no_progress)
    assert [path.name for path in folder.iterdir()] == ["model.bin"]
    return target.read_bytes()


def test_files_are_listed_with_size_and_hash(standin: HubStandIn) -> None:
    assert standin.hub().files(ID) == [KNOWN]
    standin.faults.list_hashes = False
    assert standin.hub().files(ID) == [UNKNOWN]


def test_a_file_is_downloaded(standin: HubStandIn, tmp_path: Path) -> None:
    assert bring(standin, tmp_path) == BODY
    assert standin.downloads()[0].path == "/owner/name/resolve/main/sub/model.bin"


@examples(15)
@given(
    cut=st.integers(0, len(BODY)),
    cuts=st.integers(1, ATTEMPTS - 1),
    known=st.booleans(),
    no_ranges=st.booleans(),
    weak_etag=st.booleans(),
    wrong_start=st.booleans(),
)
def test_a_connection_that_breaks_is_taken_up(
    cut: int, cuts: int, known: bool, no_ranges: bool, weak_etag: bool, wrong_start: bool
) -> None:
    faults = Faults(
        cut_after=cut,
        cuts=1 if wrong_start else cuts,
        no_ranges=no_ranges,
        weak_etag=weak_etag,
        wrong_start=wrong_start,
    )
    with HubStandIn({"sub/model.bin": BODY}, faults=faults) as hub, tempfile.TemporaryDirectory() as folder:
        assert bring(hub, Path(folder), KNOWN if known else UNKNOWN) == BODY


def test_only_the_rest_is_asked_for(standin: HubStandIn, tmp_path: Path) -> None:
    standin.faults = Faults(cut_after=30_000, cuts=2)
    bring(standin, tmp_path)
    ranges = [asked.headers.get("range") for asked in standin.downloads()]
    assert ranges == [None, "bytes=30000-", "bytes=60000-"]


def test_another_file_in_the_meantime_is_downloaded_from_the_start(tmp_path: Path) -> None:
    with HubStandIn({"sub/model.bin": b"old" * 9000}, faults=Faults(cut_after=5000, cuts=ATTEMPTS)) as hub:
        with pytest.raises(ModelError, match="connection broke"):
            bring(hub, tmp_path, UNKNOWN)
        hub.files = {"sub/model.bin": BODY}
        assert bring(hub, tmp_path, UNKNOWN) == BODY


def test_remains_of_other_bytes_are_thrown_away(standin: HubStandIn, tmp_path: Path) -> None:
    (tmp_path / "model.bin.part").write_bytes(b"x" * 1000)
    assert bring(standin, tmp_path) == BODY


@pytest.mark.parametrize("remains", [BODY, BODY + b"more"], ids=["whole", "too long"])
def test_remains_that_are_not_short(standin: HubStandIn, tmp_path: Path, remains: bytes) -> None:
    (tmp_path / "model.bin.part").write_bytes(remains)
    assert bring(standin, tmp_path) == BODY


def test_wrong_bytes_are_refused_and_not_kept(standin: HubStandIn, tmp_path: Path) -> None:
    standin.faults.wrong_bytes = True
    with pytest.raises(ModelError, match="not the published file"):
        bring(standin, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("status", "advice"),
    [(401, "HF_TOKEN"), (403, "accept its terms"), (404, "check the id"), (500, "try again later")],
)
def test_refusals_say_what_to_do(standin: HubStandIn, tmp_path: Path, status: int, advice: str) -> None:
    standin.faults.status = status
    with pytest.raises(ModelError, match=advice):
        bring(standin, tmp_path)
    with pytest.raises(ModelError, match=advice):
        standin.hub().files(ID)


def test_redirects_are_followed_without_the_token(standin: HubStandIn, tmp_path: Path) -> None:
    with HubStandIn({"sub/model.bin": BODY}, faults=Faults(redirect_to=standin.endpoint)) as front:
        assert bring(front, tmp_path, token="secret") == BODY
        assert front.downloads()[0].headers["authorization"] == "Bearer secret"
    assert "authorization" not in standin.downloads()[0].headers


def test_an_announced_hash_is_checked(standin: HubStandIn, tmp_path: Path) -> None:
    standin.faults.wrong_bytes = True
    faults = Faults(redirect_to=standin.endpoint, announce_hash=True)
    with (
        HubStandIn({"sub/model.bin": BODY}, faults=faults) as front,
        pytest.raises(ModelError, match="not the published file"),
    ):
        bring(front, tmp_path, UNKNOWN)


def test_what_is_not_a_hub(standin: HubStandIn) -> None:
    standin.faults.not_json = True
    with pytest.raises(ModelError, match="check HF_ENDPOINT"):
        standin.hub().files(ID)


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9", "nonsense", "http://[bad"])
def test_a_hub_that_is_not_there(endpoint: str, tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="cannot be reached"):
        Hub(endpoint, proxies=False).download(ID, KNOWN, tmp_path / "model.bin", no_progress)


def test_the_environment_names_the_hub(standin: HubStandIn) -> None:
    environ = {"HF_ENDPOINT": f"{standin.endpoint}/", "HF_HUB_OFFLINE": "1", "HF_TOKEN": "secret"}
    with pytest.raises(Unreachable, match="HF_HUB_OFFLINE"):
        Hub.of(environ).files(ID)
    assert Hub.of({}).endpoint == Hub.of({"HF_ENDPOINT": ""}).endpoint == DEFAULT_ENDPOINT
    assert Hub.of(environ).endpoint == standin.endpoint


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("owner/name", HubId("owner/name")),
        ("owner/name@v1", HubId("owner/name", revision="v1")),
        ("owner/name:a/b.gguf@refs/pr/1", HubId("owner/name", "a/b.gguf", "refs/pr/1")),
        ("name", None),
        ("a/b/c", None),
        ("../name", None),
        ("owner/..", None),
        ("owner/name:../../etc/passwd", None),
        ("owner/name:/etc/passwd", None),
        ("/name", None),
        ("", None),
    ],
)
def test_hub_ids(spec: str, expected: HubId | None) -> None:
    assert HubId.parse(spec) == expected
