"""`Fallback`: services of one kind, by preference; where one fails, the next is asked the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

from antiphon.services.base import LLM, STT, TTS, ImageMaker
from antiphon.services.combinators.fallback_images import FallbackImages
from antiphon.services.combinators.fallback_llm import FallbackLLM
from antiphon.services.combinators.fallback_stt import FallbackSTT
from antiphon.services.combinators.fallback_tts import FallbackTTS

REST_SECONDS = 30.0
"""How long a service that has failed is not asked."""

_MADE: dict[type, Any] = {
    STT: FallbackSTT,
    LLM: FallbackLLM,
    TTS: FallbackTTS,
    ImageMaker: FallbackImages,
}
"""What is made of services of each kind."""


@overload
def Fallback(services: Sequence[STT], *, rest: float = ..., patience: float | None = None) -> FallbackSTT: ...
@overload
def Fallback(services: Sequence[LLM], *, rest: float = ..., patience: float | None = None) -> FallbackLLM: ...
@overload
def Fallback(services: Sequence[TTS], *, rest: float = ..., patience: float | None = None) -> FallbackTTS: ...
@overload
def Fallback(
    services: Sequence[ImageMaker], *, rest: float = ..., patience: float | None = None
) -> FallbackImages: ...


def Fallback(services: Sequence[Any], *, rest: float = REST_SECONDS, patience: float | None = None) -> Any:
    """A service that asks the first of `services` that can.

    One that fails rests for `rest` seconds; the request after that tries it again. A fatal failure (a wrong
    key) rests for good. Each failure is told once, as an error that is not fatal. Those that rest are still
    asked where all the others have failed. `patience` is how many seconds a service may take to its first
    result while another could be asked; by default what suits its kind; `math.inf` is no limit.

    Raises TypeError for services that are not all of one kind, ValueError for times that cannot be.
    """
    for kind in _MADE:
        if services and all(isinstance(service, kind) for service in services):
            return _MADE[kind](services, rest=rest, patience=patience)
    names = ", ".join(type(service).__name__ for service in services) or "none"
    raise TypeError(
        "Fallback takes services of one kind: recognisers, language models, voices or image makers, "
        f"not {names}."
    )
