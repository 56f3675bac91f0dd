"""Services that run on this machine: no account, no key, no network, no GPU.

Nothing is loaded before it is used: the names below import their module when first asked for. They need the
extra `local`: ``pip install 'antiphon[local]'`` (`FasterWhisper` needs the extra `whisper`).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from antiphon.services.base import ServiceError

if TYPE_CHECKING:
    from antiphon.services.local.hibari import Hibari
    from antiphon.services.local.llama import Llama
    from antiphon.services.local.moonshine import Moonshine
    from antiphon.services.local.silero import SileroVAD
    from antiphon.services.local.smart_turn import SmartTurn
    from antiphon.services.local.whisper import FasterWhisper

_HOMES = {
    "FasterWhisper": "whisper",
    "Hibari": "hibari",
    "Llama": "llama",
    "Moonshine": "moonshine",
    "SileroVAD": "silero",
    "SmartTurn": "smart_turn",
}

_EXTRAS = {"faster_whisper": "whisper", "hibari": "local", "onnxruntime": "local", "xllamacpp": "local"}

__all__ = ["FasterWhisper", "Hibari", "Llama", "Moonshine", "SileroVAD", "SmartTurn"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = import_module(f"{__name__}.{_HOMES[name]}")
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get(error.name or "")
        if extra is None:
            raise
        message = f"{name} needs {error.name}: pip install 'antiphon[{extra}]'"
        raise ServiceError(message, fatal=True) from error
    return getattr(module, name)
