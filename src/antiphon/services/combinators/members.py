"""What all combinators have in common: services inside, which are got ready and set up together."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from antiphon.services.base import Local, ServiceError, Warmable
from antiphon.services.fulfils import fulfils
from antiphon.services.settings import apply_settings

S = TypeVar("S")


class Members(Generic[S]):
    """The services that a combinator is made of."""

    def __init__(self, services: Sequence[S]) -> None:
        if not services:
            raise ValueError("There is no service to ask: give at least one.")
        self.services = tuple(services)

    @property
    def local(self) -> bool:
        """Whether all of them run on this machine: then an answer in vain costs nobody money."""
        return all(fulfils(service, Local) and service.local for service in self.services)

    async def warm(self) -> None:
        """Get all ready, side by side. Raises what the first that fails raises."""
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(len(self.services)):
                    group.create_task(self._warm(number), name=f"warm {number}")
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None

    async def _warm(self, number: int) -> None:
        service = self.services[number]
        if fulfils(service, Warmable):
            await service.warm()

    def update_settings(self, settings: Mapping[str, Any]) -> None:
        """Change the settings of all that have them. Raises ServiceError if none has."""
        errors: list[ServiceError] = []
        for service in self.services:
            try:
                apply_settings(service, settings)
            except ServiceError as error:
                errors.append(error)
        if len(errors) == len(self.services):
            raise errors[0]
