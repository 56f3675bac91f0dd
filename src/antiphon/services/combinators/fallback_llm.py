"""A language model with reserves."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, suppress
from typing import cast

from antiphon.context import Context
from antiphon.services.base import LLM, ServiceError
from antiphon.services.combinators.attempt import is_result, label
from antiphon.services.combinators.fallback_base import FallbackBase
from antiphon.services.combinators.patience import Patience
from antiphon.services.combinators.priming import primed
from antiphon.services.judging import Written

LLM_PATIENCE = 5.0
"""Seconds to the first token."""


class FallbackLLM(FallbackBase[LLM]):
    """An LLM service. One that fails, writes nothing, or has not begun in time is followed by the next.

    Once a model has written something its failure is raised, for another would write another answer; from
    the next request on it rests.
    """

    def __init__(self, services: Sequence[LLM], *, rest: float, patience: float | None = None) -> None:
        super().__init__(services, rest=rest, patience=LLM_PATIENCE if patience is None else patience)

    def generate(self, context: Context) -> AsyncGenerator[Written, None]:
        """Answer with the first model that can. Raises ServiceError if none can."""
        return self._in_turn(lambda model, patience: _asked(model, context, patience))

    async def prime(self, context: Context) -> None:
        """Let the model read ahead that would be asked now. If it fails, the request will tell."""
        with suppress(ServiceError):
            await primed(self.services[self._preferred()], context)


async def _asked(model: LLM, context: Context, patience: Patience) -> AsyncIterator[Written]:
    """One answer; nothing is none."""
    patience.begin()
    wrote = False
    async with aclosing(cast(AsyncGenerator[Written, None], model.generate(context))) as items:
        async for item in items:
            wrote = wrote or is_result(item)
            yield item
    if not wrote:
        raise ServiceError(f"{label(model)} answered nothing")
