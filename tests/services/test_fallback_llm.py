"""A language model with reserves: who is asked, when the first one is tried again, what is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest
from combinator_kit import QUESTION, answer, broken, drained
from hypothesis import given
from hypothesis import strategies as st

from antiphon.clock import run_virtual
from antiphon.context import Context
from antiphon.services.base import LLM, Picture, ServiceError, TextDelta
from antiphon.services.combinators import Fallback
from antiphon.services.combinators.reserves import Reserves
from antiphon.services.openai import OpenAI
from antiphon.testing import Answer, Fail, FakeLLM, FakeSTT, FakeTTS, Hang, Stall, check_llm


def good(text: str = "I am here.") -> FakeLLM:
    return FakeLLM(otherwise=text)


@pytest.mark.parametrize("fatal", [False, True])
def test_where_one_fails_the_next_answers_and_it_is_told_once(fatal: bool) -> None:
    async def run() -> list[tuple[str, list[str]]]:
        model = Fallback([broken(message="the key is wrong", fatal=fatal), good()])
        return [await answer(model), await answer(model)]

    first, second = run_virtual(run())
    assert first == ("I am here.", ["FakeLLM failed, FakeLLM is asked instead: the key is wrong"])
    assert second == ("I am here.", [])


def test_it_is_tried_again_after_its_rest_with_the_reserve_behind_it() -> None:
    preferred = FakeLLM([Answer("no", fault=Fail(0)), Answer("no", fault=Fail(0)), "back again"])

    async def run() -> list[str]:
        model, texts = Fallback([preferred, good()], rest=10.0), list[str]()
        for _ in range(4):
            texts.append((await answer(model))[0])
            await asyncio.sleep(7.0)
        texts.append((await answer(model))[0])
        return texts

    with preferred:
        assert run_virtual(run()) == ["I am here."] * 4 + ["back again"]


def test_a_fatal_failure_is_not_tried_again() -> None:
    wrong = broken(fatal=True)

    async def run() -> None:
        model = Fallback([wrong, good()], rest=1.0)
        for _ in range(3):
            await answer(model)
            await asyncio.sleep(5.0)

    run_virtual(run())
    assert len(wrong.contexts) == 1


@pytest.mark.parametrize("fault", [Hang(0), Stall(0, 60.0)])
def test_one_that_is_silent_for_too_long_is_followed_by_the_next(fault: Hang | Stall) -> None:
    async def run() -> tuple[str, list[str], float]:
        silent = FakeLLM([Answer("too late", fault=fault)])
        text, told = await answer(Fallback([silent, good()], patience=2.0))
        assert silent.closed_early == 1
        return text, told, asyncio.get_running_loop().time()

    text, told, took = run_virtual(run())
    assert text == "I am here."
    assert told == ["FakeLLM failed, FakeLLM is asked instead: FakeLLM gave nothing for 2 s"]
    assert took == pytest.approx(2.2, abs=0.1)


def test_one_that_answers_nothing_is_followed_by_the_next() -> None:
    text, told = run_virtual(answer(Fallback([FakeLLM([""]), good()])))
    assert text == "I am here."
    assert "answered nothing" in told[0]


def test_the_last_one_is_waited_for() -> None:
    slow = FakeLLM(["slow but sure"], ttft=60.0)
    assert run_virtual(answer(Fallback([broken(), slow], patience=1.0)))[0] == "slow but sure"


def test_a_failure_in_the_middle_is_raised_and_the_next_request_goes_elsewhere() -> None:
    """Another model would give another answer, from its beginning."""

    async def run() -> str:
        model = Fallback([broken(at=2), good()])
        with pytest.raises(ServiceError, match="out of order"):
            await answer(model)
        return (await answer(model))[0]

    assert run_virtual(run()) == "I am here."


def test_the_last_failure_is_raised_and_all_are_asked_again_the_next_time() -> None:
    first, second = broken(message="first"), broken(message="second")

    async def run() -> None:
        model = Fallback([first, second])
        for _ in range(2):
            with pytest.raises(ServiceError, match="second"):
                await answer(model)

    run_virtual(run())
    assert (len(first.contexts), len(second.contexts)) == (2, 2)


@pytest.mark.parametrize(("first", "second"), [(False, True), (True, True), (True, False), (False, False)])
def test_it_is_fatal_only_if_it_is_so_for_all(first: bool, second: bool) -> None:
    """A session ends over what is fatal; here the next request may well be answered."""
    model = Fallback([broken(fatal=first), broken(fatal=second)])
    with pytest.raises(ServiceError) as failed:
        run_virtual(answer(model))
    assert failed.value.fatal == (first and second)


def test_all_get_ready_and_one_that_cannot_is_told_of_with_the_first_answer() -> None:
    class Cold(FakeLLM):
        async def warm(self) -> None:
            await asyncio.sleep(1.0)
            raise ServiceError("the key is wrong", fatal=True)

    async def run() -> tuple[str, list[str]]:
        model = Fallback([Cold(), good()])
        await model.warm()
        return await answer(model)

    assert run_virtual(run()) == ("I am here.", ["Cold failed: the key is wrong"])
    with pytest.raises(ServiceError, match="the key is wrong"):
        run_virtual(Fallback([Cold(), Cold()]).warm())


def test_the_model_that_would_be_asked_reads_ahead() -> None:
    first, second = broken(), good()

    async def run() -> None:
        model = Fallback([first, second])
        await model.prime(QUESTION)
        await answer(model)
        await model.prime(QUESTION)

    run_virtual(run())
    assert (len(first.primed), len(second.primed)) == (1, 1)


def test_it_is_local_if_all_are() -> None:
    class Here(FakeLLM):
        local = True

    assert Fallback([Here(), Here()]).local
    assert not Fallback([Here(), FakeLLM()]).local


def test_settings_reach_those_that_have_them() -> None:
    class Tuned(FakeLLM):
        temperature = 0.0

    tuned = Tuned()
    model = Fallback([FakeLLM(), tuned])
    model.update_settings({"temperature": 0.7})
    assert tuned.temperature == 0.7
    with pytest.raises(ServiceError, match="has no setting 'pitch'"):
        model.update_settings({"pitch": 3})


def test_services_of_several_kinds_are_refused() -> None:
    for mixed in ([FakeLLM(), FakeTTS()], [FakeSTT(), FakeLLM()], [], [object()]):
        with pytest.raises(TypeError, match="Fallback takes services of one kind"):
            Fallback(mixed)  # type: ignore[call-overload]


def test_models_of_one_class_are_told_apart() -> None:
    at_once = FakeLLM(otherwise="I am here.", ttft=0.0, per_token=0.0)
    model = Fallback([OpenAI("big", api_key="k", base_url="http://127.0.0.1:9/v1"), at_once])
    _, told = asyncio.run(answer(model))
    assert told[0].startswith("OpenAI (big) failed, FakeLLM is asked instead:")


def test_pictures_have_reserves_too() -> None:
    class Painter:
        def __init__(self, *pictures: bytes) -> None:
            self.pictures = pictures

        async def draw(self, prompt: str) -> AsyncGenerator[Picture, None]:
            for picture in self.pictures:
                yield Picture(data=picture)
            if not self.pictures:
                raise ServiceError("no paint")

    items = run_virtual(drained(Fallback([Painter(), Painter(b"cat")]).draw("a cat")))
    assert items[-1] == Picture(data=b"cat")


def test_it_conforms_whatever_the_first_does() -> None:
    def reserved(fault: Fail | Hang | None) -> LLM:
        first = FakeLLM(otherwise=Answer("Hello to you.", fault=fault))
        return Fallback([first, FakeLLM(otherwise="Good day.")], patience=1.0)

    for fault in (None, Fail(0), Hang(0)):
        report = run_virtual(check_llm(lambda fault=fault: reserved(fault)))
        assert report.cancellations > 2


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.floats(0, 9)), max_size=20))
def test_who_rests_comes_last_and_the_rest_keep_their_order(acts: list[tuple[int, bool, float]]) -> None:
    reserves, time, until = Reserves(3, rest=5.0), 0.0, [0.0] * 3
    for number, works, pause in acts:
        time += pause
        if works:
            reserves.worked(number)
            until[number] = 0.0
        else:
            reserves.failed(number, time)
            until[number] = time + 5.0
        awake = [each for each in range(3) if until[each] <= time]
        order = reserves.order(time)
        assert order[: len(awake)] == awake
        assert sorted(order) == [0, 1, 2]


def test_text_alone_begins_an_answer() -> None:
    """An empty piece can still be taken back."""

    class Hesitant(FakeLLM):
        async def generate(self, context: Context) -> AsyncGenerator[TextDelta, None]:
            yield TextDelta("")
            raise ServiceError("lost the thread")

    assert run_virtual(answer(Fallback([Hesitant(), good()])))[0] == "I am here."
