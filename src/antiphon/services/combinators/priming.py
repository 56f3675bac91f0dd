"""Lets a language model read ahead, if it can."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from antiphon.context import Context


@runtime_checkable
class _Primable(Protocol):
    async def prime(self, context: Context) -> None: ...


async def primed(model: object, context: Context) -> None:
    """Have it read the context. Nothing happens with a model that cannot."""
    if isinstance(model, _Primable):
        await model.prime(context)
