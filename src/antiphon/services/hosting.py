"""Puts services into their hosts, so that a pipeline accepts them directly."""

from __future__ import annotations

from antiphon.pipeline import register_host
from antiphon.processor import Processor


def host(service: object) -> Processor | None:
    """The host for a service, by what it can do; None for anything that is not a service."""
    if isinstance(service, type):
        return None
    if _can(service, "transcribe"):
        from antiphon.services.stt_host import STTHost

        return STTHost(service)  # type: ignore[arg-type]
    if _can(service, "generate"):
        from antiphon.services.llm_host import LLMHost

        return LLMHost(service)  # type: ignore[arg-type]
    if _can(service, "speak"):
        from antiphon.services.tts_host import TTSHost

        return TTSHost(service)  # type: ignore[arg-type]
    if _can(service, "draw"):
        from antiphon.services.image_host import ImageHost

        return ImageHost(service)  # type: ignore[arg-type]
    if _can(service, "probability"):
        from antiphon.services.vad_host import VADHost

        return VADHost(service)  # type: ignore[arg-type]
    return None


def _can(service: object, method: str) -> bool:
    return callable(getattr(service, method, None))


def install() -> None:
    """Make pipelines accept services. Done by importing `antiphon`."""
    register_host(host)
