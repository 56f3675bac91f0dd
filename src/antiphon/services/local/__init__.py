"""Services that run on this machine: no account, no key, no network, no GPU.

Nothing is loaded before it is used: the names below import their module when first asked for. They need the
extra `local`: ``pip install 'antiphon[local]'`` (`FasterWhisper` needs the extra `whisper`).
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from antiphon.services.base import ServiceError

if TYPE_CHECKING:
    from antiphon.services.local.hibari import Hibari
    from antiphon.services.local.llama import Llama
    from antiphon.services.local.moonshine import Moonshine
    from antiphon.services.local.silero import SileroVAD
    from antiphon.services.local.smart_turn import SmartTurn
    from antiphon.services.local.thought_judge import ThoughtJudge
    from antiphon.services.local.whisper import FasterWhisper

_HOMES = {
    "FasterWhisper": ("whisper", "faster_whisper", "whisper"),
    "Hibari": ("hibari", "hibari", "local"),
    "Llama": ("llama", "xllamacpp", "local"),
    "Moonshine": ("moonshine", "onnxruntime", "local"),
    "SileroVAD": ("silero", "onnxruntime", "local"),
    "SmartTurn": ("smart_turn", "onnxruntime", "local"),
    "ThoughtJudge": ("thought_judge", "xllamacpp", "local"),
}
"""Each service's module here, the library it runs on, and the extra that brings that."""

__all__ = ["FasterWhisper", "Hibari", "Llama", "Moonshine", "SileroVAD", "SmartTurn", "ThoughtJudge"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, library, extra = _HOMES[name]
    if find_spec(library) is None:
        raise ServiceError(f"{name} needs {library}: pip install 'antiphon[{extra}]'", fatal=True)
    return getattr(import_module(f"{__name__}.{module}"), name)
