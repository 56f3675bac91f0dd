"""A service that is asked again: when, how often, and when not."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
from combinator_kit import answer, broken, drained, now, said

from antiphon.clock import run_virtual
from antiphon.services.base import Notice, Picture, ServiceError
from antiphon.services.combinators import Retry
from antiphon.testing import Answer, Fail, FakeLLM, FakeSTT, FakeTTS, check_llm, check_tts


def failing(times: int) -> FakeLLM:
    return FakeLLM([*[Answer("no", fault=Fail(0, "busy"))] * times, "yes"], ttft=0.0)


@pytest.mark.parametrize(("times", "took"), [(0, 0.0), (1, 0.5), (2, 1.5), (3, 3.5)])
def test_the_waits_double_and_each_failure_is_told(times: int, took: float) -> None:
    async def run() -> tuple[str, list[str], float]:
        model = Retry(failing(times), attempts=4, wait=0.5)
        return *await answer(model), now()

    text, told, seconds = run_virtual(run())
    assert text == "yes"
    assert told == ["FakeLLM failed and is asked again: busy"] * times
    assert seconds == pytest.approx(took)


def test_after_the_last_attempt_the_failure_is_raised() -> None:
    model = broken()
    with pytest.raises(ServiceError, match="out of order"):
        run_virtual(answer(Retry(model, attempts=3)))
    assert len(model.contexts) == 3


@pytest.mark.parametrize("model", [broken(fatal=True), broken(at=1)])
def test_what_is_fatal_or_has_begun_is_not_tried_again(model: FakeLLM) -> None:
    with pytest.raises(ServiceError, match="out of order"):
        run_virtual(answer(Retry(model)))
    assert len(model.contexts) == 1


def test_a_voice_is_given_the_same_text_again() -> None:
    voice = FakeTTS(faults={0: Fail(0, "busy"), 1: Fail(0, "busy")})
    words, _, told = run_virtual(said(Retry(voice), "One two.", "Three."))
    assert words == ["One", "two.", "Three."]
    assert len(told) == 2


def test_a_picture_is_asked_for_again() -> None:
    class Painter:
        asked = 0

        async def draw(self, prompt: str) -> AsyncGenerator[Picture, None]:
            self.asked += 1
            if self.asked == 1:
                raise ServiceError("no paint")
            yield Picture(data=prompt.encode())

    items = run_virtual(drained(Retry(Painter()).draw("a cat")))
    assert items == [Notice("Painter failed and is asked again: no paint"), Picture(data=b"a cat")]


def test_a_recogniser_needs_none() -> None:
    with pytest.raises(TypeError, match="a recogniser is started anew by its host"):
        Retry(FakeSTT())  # type: ignore[call-overload]


def test_there_is_at_least_one_attempt() -> None:
    with pytest.raises(ValueError, match="1 or more"):
        Retry(FakeLLM(), attempts=0)


def test_it_conforms() -> None:
    def model() -> FakeLLM:
        return FakeLLM([Answer("no", fault=Fail(0))], otherwise="Hello to you.")

    assert run_virtual(check_llm(lambda: Retry(model()))).cancellations > 2
    assert run_virtual(check_tts(lambda: Retry(FakeTTS(faults={0: Fail(0)})))).cancellations > 10
