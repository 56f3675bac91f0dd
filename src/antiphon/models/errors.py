"""The one error that everything about model files raises."""

from __future__ import annotations

from antiphon.services.base import ServiceError


class ModelError(ServiceError):
    """A model cannot be had. The message is one sentence that says what to do; trying again is pointless."""

    def __init__(self, message: str) -> None:
        super().__init__(message, fatal=True)
