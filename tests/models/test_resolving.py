"""What users may write for a model: a path, a name, a hub id."""

from __future__ import annotations

from pathlib import Path

import pytest
from hub_standin import Faults, HubStandIn
from small_models import put

from antiphon.models import Kind, ModelError, Places, resolve
from antiphon.models.convert import CONVERTED_FILES
from antiphon.models.hub import HubFile
from antiphon.models.kinds import MOONSHINE_FILES, WHISPER_FILES, choose
from antiphon.models.model import Model
from antiphon.models.model import ModelFile as File

GGUF = b"GGUF" + bytes(100)
NONE: dict[str, Model] = {}


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(cache=tmp_path / "cache")


def names(*paths: str) -> list[HubFile]:
    return [HubFile(path) for path in paths]


def test_a_gguf_by_path_or_by_folder(tmp_path: Path) -> None:
    put(tmp_path, {"model.gguf": GGUF})
    assert resolve(tmp_path / "model.gguf", Kind.GGUF) == tmp_path / "model.gguf"
    assert resolve(str(tmp_path), "gguf") == tmp_path / "model.gguf"


def test_a_file_that_is_no_gguf(tmp_path: Path) -> None:
    put(tmp_path, {"model.gguf": b"<html>"})
    with pytest.raises(ModelError, match="is not a GGUF file"):
        resolve(tmp_path / "model.gguf", Kind.GGUF)


def test_a_folder_with_several_ggufs(tmp_path: Path) -> None:
    put(tmp_path, {"a.gguf": GGUF, "b.gguf": GGUF})
    with pytest.raises(ModelError, match="holds 2 GGUF files"):
        resolve(tmp_path, Kind.GGUF)


@pytest.mark.parametrize(
    ("kind", "files"),
    [(Kind.MOONSHINE, MOONSHINE_FILES), (Kind.MOONSHINE, CONVERTED_FILES), (Kind.WHISPER, WHISPER_FILES)],
)
def test_folders(tmp_path: Path, kind: Kind, files: tuple[str, ...]) -> None:
    put(tmp_path, dict.fromkeys(files, b"x"))
    assert resolve(tmp_path, kind) == tmp_path
    (tmp_path / files[0]).unlink()
    with pytest.raises(ModelError, match="name a folder that holds"):
        resolve(tmp_path, kind)


def test_a_name_of_the_registry(places: Places) -> None:
    import hashlib

    model = Model("tiny", "tests", "MIT", (File("t.gguf", len(GGUF), hashlib.sha256(GGUF).hexdigest()),))
    with pytest.raises(ModelError, match="antiphon models fetch tiny"):
        resolve("tiny", Kind.GGUF, places=places, registry={"tiny": model})
    home = put(places.home("tiny"), {"t.gguf": GGUF})
    assert resolve("tiny", Kind.GGUF, places=places, registry={"tiny": model}) == home / "t.gguf"
    with pytest.raises(ModelError, match="is not a Moonshine model"):
        resolve("tiny", Kind.MOONSHINE, places=places, registry={"tiny": model})


@pytest.mark.parametrize("spec", ["silero", "./none", "~/none.gguf", "models/none.gguf", "a/b/c"])
def test_what_is_nothing_names_what_is_near(places: Places, spec: str) -> None:
    with pytest.raises(ModelError, match=r"There is no model .*(did you mean|known are)"):
        resolve(spec, Kind.GGUF, places=places)


def test_a_hub_id_is_downloaded_once(places: Places) -> None:
    with HubStandIn({"README.md": b"", "q8_0.gguf": GGUF + b"8", "q4_k_m.gguf": GGUF}) as standin:
        seen: list[tuple[int, int]] = []
        found = resolve(
            "owner/name",
            Kind.GGUF,
            places=places,
            registry=NONE,
            hub=standin.hub(),
            progress=lambda done, total: seen.append((done, total)),
        )
        assert found.read_bytes() == GGUF
        assert seen[-1] == (len(GGUF), len(GGUF))
        asked = len(standin.asked)
        assert resolve("owner/name", Kind.GGUF, places=places, registry=NONE, hub=standin.hub()) == found
        assert len(standin.asked) == asked
        other = resolve("owner/name:q8_0.gguf@v2", Kind.GGUF, places=places, registry=NONE, hub=standin.hub())
        assert other.read_bytes() == GGUF + b"8"
        assert standin.downloads()[-1].path == "/owner/name/resolve/v2/q8_0.gguf"


def test_a_folder_of_a_hub_id(places: Places) -> None:
    files = {f"base/{name}": name.encode() for name in MOONSHINE_FILES}
    with HubStandIn({**files, "other/tokenizer.bin": b""}) as standin:
        found = resolve("owner/name:base", Kind.MOONSHINE, places=places, registry=NONE, hub=standin.hub())
    assert sorted(path.name for path in found.iterdir() if path.name[0] != ".") == sorted(MOONSHINE_FILES)


def test_a_hub_id_without_a_hub_tells_the_way_out(places: Places) -> None:
    with (
        HubStandIn({}) as standin,
        pytest.raises(ModelError, match=r"owner/name is not on this machine.*HF_HUB_OFFLINE.*Give the path"),
    ):
        resolve("owner/name", Kind.GGUF, places=places, registry=NONE, hub=standin.hub(offline=True))


def test_a_gated_hub_id(places: Places) -> None:
    with (
        HubStandIn({}, faults=Faults(status=401)) as standin,
        pytest.raises(ModelError, match="set HF_TOKEN"),
    ):
        resolve("owner/name", Kind.GGUF, places=places, registry=NONE, hub=standin.hub())


def test_the_choice_of_a_gguf() -> None:
    several = names("a-Q8_0.gguf", "a-Q4_K_M.gguf", "config.json")
    assert choose(Kind.GGUF, several) == names("a-Q4_K_M.gguf")
    assert choose(Kind.GGUF, several, "a-Q8_0.gguf") == names("a-Q8_0.gguf")
    with pytest.raises(ModelError, match=r"there are a\.gguf, b\.gguf"):
        choose(Kind.GGUF, names("a.gguf", "b.gguf"))
    with pytest.raises(ModelError, match="no GGUF file"):
        choose(Kind.GGUF, names("model.safetensors"))


def test_the_choice_of_a_folder() -> None:
    whisper = names(*WHISPER_FILES, "vocabulary.txt", "README.md")
    assert {file.path for file in choose(Kind.WHISPER, whisper)} == {*WHISPER_FILES, "vocabulary.txt"}
    with pytest.raises(ModelError, match=r"it needs encoder_model\.ort.*its folders are a, b"):
        choose(Kind.MOONSHINE, names("a/x.ort", "b/y.ort"))
