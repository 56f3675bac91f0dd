from __future__ import annotations

import subprocess
import sys

import pytest

import antiphon.services.local as local
from antiphon.services.base import ServiceError

HEAVY = ("onnxruntime", "xllamacpp", "hibari", "faster_whisper")


def test_the_public_names() -> None:
    names = ["FasterWhisper", "Hibari", "Llama", "Moonshine", "SileroVAD", "SmartTurn", "ThoughtJudge"]
    assert local.__all__ == names


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Parakeet"):
        _ = local.Parakeet


@pytest.mark.slow
def test_importing_the_package_and_naming_a_service_loads_nothing_heavy() -> None:
    code = (
        "import sys, antiphon.services.local as local;"
        "local.Moonshine, local.SileroVAD, local.SmartTurn, local.Llama, local.Hibari;"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["SileroVAD", "SmartTurn"])
def test_services_are_what_they_are_called(name: str) -> None:
    assert getattr(local, name).__name__ == name


@pytest.mark.parametrize(
    ("name", "library", "extra"),
    [
        ("FasterWhisper", "faster_whisper", "whisper"),
        ("Hibari", "hibari", "local"),
        ("Llama", "xllamacpp", "local"),
        ("Moonshine", "onnxruntime", "local"),
    ],
)
def test_a_service_whose_library_is_missing_names_the_extra(
    name: str, library: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ServiceError, match=rf"{name} needs {library}: pip install 'antiphon\[{extra}\]'"):
        getattr(local, name)
