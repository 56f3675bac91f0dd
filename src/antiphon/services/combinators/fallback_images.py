"""A service that draws, with reserves."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence

from antiphon.services.base import ImageMaker, Notice, Picture
from antiphon.services.combinators.fallback_base import FallbackBase
from antiphon.services.combinators.patience import Patience

IMAGE_PATIENCE = 30.0
"""Seconds to the first picture."""


class FallbackImages(FallbackBase[ImageMaker]):
    """An ImageMaker. One that fails before its first picture, or takes too long, is followed by the next."""

    def __init__(self, services: Sequence[ImageMaker], *, rest: float, patience: float | None = None) -> None:
        super().__init__(services, rest=rest, patience=IMAGE_PATIENCE if patience is None else patience)

    def draw(self, prompt: str) -> AsyncGenerator[Picture | Notice, None]:
        """Draw with the first service that can. Raises what the last one raised."""

        def ask(maker: ImageMaker, patience: Patience) -> AsyncIterator[Picture | Notice]:
            patience.begin()
            return maker.draw(prompt)

        return self._in_turn(ask)
