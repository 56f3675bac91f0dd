"""Whisper's adapter with a fake model; the library itself is an extra."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from antiphon.services.base import STT, ServiceError
from antiphon.services.local.abort import Abort, Aborted
from antiphon.services.local.arrays import Floats
from antiphon.services.local.whisper import FasterWhisper, read_with

CLIP = np.full(16_000, 16_384, np.int16)


@dataclass
class Segment:
    text: str


class Model:
    """Hears the given segments in any clip; computes each only when asked for it, as the real one does."""

    def __init__(self, *texts: str, stop: Abort | None = None) -> None:
        self._texts = texts
        self._stop = stop
        self.computed = 0
        self.heard: Floats | None = None
        self.language: str | None = ""

    def transcribe(
        self,
        audio: Floats,
        *,
        language: str | None,
        beam_size: int,
        condition_on_previous_text: bool,
        without_timestamps: bool,
    ) -> tuple[Iterator[Segment], object]:
        assert beam_size == 1
        assert without_timestamps
        assert not condition_on_previous_text
        self.heard, self.language = audio, language
        return self._segments(), object()

    def _segments(self) -> Iterator[Segment]:
        for text in self._texts:
            self.computed += 1
            yield Segment(text)
            if self._stop is not None:
                self._stop.request()


def test_segments_are_joined_into_one_text() -> None:
    model = Model(" How are you?", " ", " I am fine.")
    assert read_with(model, CLIP, Abort(), "de") == "How are you? I am fine."
    assert model.language == "de"
    assert model.heard is not None
    assert model.heard.dtype == np.float32
    assert model.heard.max() == 0.5


def test_a_reading_stops_between_segments() -> None:
    abort = Abort()
    model = Model("one", "two", "three", stop=abort)
    with pytest.raises(Aborted):
        read_with(model, CLIP, abort, None)
    assert model.computed == 2


def test_without_the_library_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    service = FasterWhisper()
    assert isinstance(service, STT)
    with pytest.raises(ServiceError, match=r"pip install 'antiphon\[whisper\]'"):
        service.read(CLIP, Abort())
