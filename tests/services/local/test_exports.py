from __future__ import annotations

import subprocess
import sys

import pytest

import antiphon.services.local as local

HEAVY = ("onnxruntime", "xllamacpp", "hibari", "faster_whisper")


def test_the_public_names() -> None:
    assert local.__all__ == ["FasterWhisper", "Hibari", "Llama", "Moonshine", "SileroVAD", "SmartTurn"]


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Parakeet"):
        _ = local.Parakeet


@pytest.mark.slow
def test_importing_the_package_and_naming_a_service_loads_nothing_heavy() -> None:
    code = (
        "import sys, antiphon.services.local as local;"
        "local.Moonshine, local.SileroVAD, local.SmartTurn, local.FasterWhisper;"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["SileroVAD", "SmartTurn"])
def test_services_are_what_they_are_called(name: str) -> None:
    assert getattr(local, name).__name__ == name
