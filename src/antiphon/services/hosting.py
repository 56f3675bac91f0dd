"""Puts services into their hosts, so that a pipeline accepts them directly."""

from __future__ import annotations

from antiphon.pipeline import register_host
from antiphon.processor import Processor
from antiphon.services.fulfils import fulfils


def host(service: object) -> Processor | None:
    """The host for a service, by the protocol it fulfils; None for anything that is not a service."""
    from antiphon.services.base import LLM, STT, TTS, VAD, ImageMaker

    if isinstance(service, type):
        return None
    if fulfils(service, STT):
        from antiphon.services.stt_host import STTHost

        return STTHost(service)
    if fulfils(service, LLM):
        from antiphon.services.llm_host import LLMHost

        return LLMHost(service)
    if fulfils(service, TTS):
        from antiphon.services.tts_host import TTSHost

        return TTSHost(service)
    if fulfils(service, ImageMaker):
        from antiphon.services.image_host import ImageHost

        return ImageHost(service)
    if fulfils(service, VAD):
        from antiphon.services.vad_host import VADHost

        return VADHost(service)
    return None


def install() -> None:
    """Make pipelines accept services. Done by importing `antiphon`."""
    register_host(host)
