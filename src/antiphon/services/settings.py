"""Settings of a service, changed while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from antiphon.services.base import ServiceError


def apply_settings(service: object, settings: Mapping[str, Any]) -> None:
    """Set public attributes of a service, or call its own `update_settings(settings)` if it has that.

    Raises ServiceError for a setting that the service does not have; then none is changed.
    """
    update = getattr(service, "update_settings", None)
    if callable(update):
        update(settings)
        return
    for name in settings:
        if name.startswith("_") or not hasattr(service, name) or callable(getattr(service, name)):
            known = ", ".join(sorted(key for key in vars(service) if not key.startswith("_"))) or "none"
            raise ServiceError(f"{type(service).__name__} has no setting {name!r}; it has: {known}.")
    for name, value in settings.items():
        setattr(service, name, value)
