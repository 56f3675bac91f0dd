"""What combinators have in common: their names, what they refuse, how they get ready."""

from __future__ import annotations

import asyncio
import math

import pytest
from combinator_kit import answer

from antiphon.clock import run_virtual
from antiphon.services import combinators
from antiphon.services.base import ServiceError
from antiphon.services.combinators import Cache, Fallback, Hedge, Retry
from antiphon.testing import FakeLLM, FakeTTS


def test_public_names() -> None:
    assert set(combinators.__all__) == {"Cache", "Fallback", "Hedge", "Retry"}
    assert all(callable(getattr(combinators, name)) for name in combinators.__all__)
    assert not hasattr(combinators, "Recorded")


def test_times_and_sizes_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="patience more than 0"):
        Fallback([FakeLLM(), FakeLLM()], patience=0.0)
    with pytest.raises(ValueError, match="rest must be 0"):
        Fallback([FakeLLM(), FakeLLM()], rest=-1.0)
    with pytest.raises(ValueError, match="after must be 0"):
        Hedge(FakeLLM(), FakeLLM(), after=-0.1)
    with pytest.raises(ValueError, match="max_bytes"):
        Cache(FakeTTS(), max_bytes=0)


def test_patience_may_be_endless() -> None:
    slow = FakeLLM(otherwise="At last.", ttft=1000.0)
    assert run_virtual(answer(Fallback([slow, FakeLLM()], patience=math.inf))) == ("At last.", [])


class Cold(FakeLLM):
    """Takes a second to get ready."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__(otherwise="Ready.")
        self.error = error
        self.warmed = 0

    async def warm(self) -> None:
        await asyncio.sleep(1.0)
        if self.error is not None:
            raise self.error
        self.warmed += 1


def test_all_get_ready_at_the_same_time_however_they_are_nested() -> None:
    models = [Cold() for _ in range(4)]

    async def run() -> float:
        await Fallback([Hedge(models[0], models[1]), Retry(models[2]), models[3]]).warm()
        return asyncio.get_running_loop().time()

    assert run_virtual(run()) == pytest.approx(1.0)
    assert [model.warmed for model in models] == [1] * 4


@pytest.mark.parametrize("error", [ServiceError("no key"), OSError("no disk")])
def test_what_keeps_one_from_getting_ready_is_raised_as_it_is(error: Exception) -> None:
    with pytest.raises(type(error), match=str(error)):
        run_virtual(Retry(Hedge(Cold(), Cold(error))).warm())
    with pytest.raises(type(error), match=str(error)):
        run_virtual(Fallback([Cold(error)]).warm())
