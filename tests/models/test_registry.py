"""The registry is sound, and so are the commands made from it."""

from __future__ import annotations

import re

import pytest

from antiphon.models import DEFAULT_SET, REGISTRY, TEST_SET, Model
from antiphon.models.model import HubSource, WheelSource


def test_the_sets_are_in_the_registry() -> None:
    assert set(DEFAULT_SET) | set(TEST_SET) <= set(REGISTRY)


@pytest.mark.parametrize("model", REGISTRY.values(), ids=lambda model: model.name)
def test_a_model_is_described_in_full(model: Model) -> None:
    assert model.purpose
    assert model.licence
    assert model.size > 0
    assert bool(model.files and model.sources) != bool(model.derived)
    for file in model.files:
        assert re.fullmatch("[0-9a-f]{64}", file.sha256)
        assert "/" not in file.name
    if model.derived:
        assert REGISTRY[model.derived.source].files


@pytest.mark.parametrize("model", REGISTRY.values(), ids=lambda model: model.name)
def test_every_source_gives_every_file_in_full(model: Model) -> None:
    for source in model.sources:
        match source:
            case HubSource():
                assert re.fullmatch("[0-9a-f]{40}", source.revision)
                assert {name for name, _ in source.files} == {file.name for file in model.files}
            case WheelSource():
                for file in model.files:
                    assert sum(part.size for part in source.parts if part.file == file.name) == file.size
                assert all(re.fullmatch(r"[a-z0-9-]+==[0-9.]+", part.requirement) for part in source.parts)
