"""A voice activity detector that reads tags: certain, free of charge, and fooled by coughs."""

from __future__ import annotations

from collections.abc import Mapping

from antiphon.testing.tagged import Kind, kind_at

PROBABILITIES = {Kind.WORD: 0.97, Kind.MUFFLED: 0.9, Kind.COUGH: 0.9, Kind.NOISE: 0.2}


class FakeVAD:
    """A VAD service. `probabilities` says how likely speech is in each kind of sound; silence has 0.01."""

    def __init__(
        self, probabilities: Mapping[Kind, float] | None = None, *, rate: int = 16000, window: int = 512
    ) -> None:
        self.rate = rate
        self.window = window
        self.windows = 0
        self.resets = 0
        self._probabilities = {**PROBABILITIES, **(probabilities or {})}

    def probability(self, pcm: bytes) -> float:
        """By the first tag that begins in the window."""
        self.windows += 1
        kind = kind_at(pcm)
        return 0.01 if kind is None else self._probabilities[kind]

    def reset(self) -> None:
        self.resets += 1
