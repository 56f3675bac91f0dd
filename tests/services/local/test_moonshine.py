"""Moonshine without its weights: finding the model, telling what is wrong. For the rest see test_ears.py."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from antiphon.models import ModelError
from antiphon.services.base import STT, ServiceError
from antiphon.services.local.abort import Abort
from antiphon.services.local.arrays import as_floats
from antiphon.services.local.moonshine import Moonshine, MoonshineReader

SILENCE = np.zeros(16_000, np.int16)


def test_an_unknown_name_is_refused_with_the_nearest_ones() -> None:
    with pytest.raises(ModelError, match="moonshine-base-en-int8"):
        Moonshine("moonshine-base-int8")


def test_a_folder_without_a_model_is_refused_when_it_is_used(tmp_path: Path) -> None:
    service = Moonshine(tmp_path)
    assert isinstance(service, STT)
    with pytest.raises(ServiceError, match=r"no Moonshine model \(tokenizer\.bin\)"):
        service.read(SILENCE, Abort())
    (tmp_path / "tokenizer.bin").write_bytes(b"\x01a")
    with pytest.raises(ServiceError, match="no Moonshine model"):
        MoonshineReader(tmp_path)


def test_full_scale_is_one() -> None:
    assert as_floats(SILENCE).dtype.name == "float32"
    assert as_floats(np.array([-32768, 16384], np.int16)).tolist() == [-1.0, 0.5]
