"""Two services, of which the quicker one is heard; nothing of the other is left behind."""

from __future__ import annotations

import asyncio

import pytest
from combinator_kit import QUESTION, answer, broken, now, said
from hypothesis import given
from hypothesis import strategies as st

from antiphon.clock import run_virtual
from antiphon.services.base import ServiceError, TextDelta
from antiphon.services.combinators import Hedge
from antiphon.testing import Answer, Fail, FakeLLM, FakeTTS, Hang, check_llm, check_tts


def after(seconds: float, text: str) -> FakeLLM:
    return FakeLLM(otherwise=text, ttft=seconds)


@given(first=st.floats(0, 3), second=st.floats(0, 3), wait=st.floats(0, 2))
def test_the_first_that_begins_is_heard(first: float, second: float, wait: float) -> None:
    a, b = after(first, "I am first."), after(second, "I am second.")

    async def run() -> tuple[str, float]:
        items = Hedge(a, b, after=wait).generate(QUESTION)
        pieces = [(item.text, now()) async for item in items if isinstance(item, TextDelta)]
        return "".join(text for text, _ in pieces), pieces[0][1]

    text, begun = run_virtual(run())
    assert begun == pytest.approx(min(first, wait + second), abs=1e-6)
    if abs(first - wait - second) > 1e-6:
        assert text == ("I am first." if first < wait + second else "I am second.")
    if first < wait - 1e-6:
        assert b.contexts == [], "nobody else was needed"
    assert a.closed_early + b.closed_early == len(a.contexts) + len(b.contexts) - 1


def test_where_the_first_fails_the_second_is_asked_at_once() -> None:
    async def run() -> tuple[str, list[str], float]:
        return *await answer(Hedge(broken(), after(0.3, "Here I am."), after=5.0)), now()

    text, told, took = run_virtual(run())
    assert text == "Here I am."
    assert told == ["FakeLLM failed, FakeLLM is asked instead: out of order"]
    assert took < 1.0


def test_where_the_second_fails_the_first_is_waited_for() -> None:
    text, told = run_virtual(answer(Hedge(after(3.0, "Slow."), broken(), after=0.5)))
    assert text == "Slow."
    assert told == ["FakeLLM failed, FakeLLM is asked instead: out of order"]


def test_where_both_fail_it_is_raised() -> None:
    with pytest.raises(ServiceError, match="second"):
        run_virtual(answer(Hedge(broken(message="first"), broken(message="second"))))


def test_a_failure_in_the_middle_is_raised() -> None:
    with pytest.raises(ServiceError, match="out of order"):
        run_virtual(answer(Hedge(broken(at=2), after(0.0, "Never asked."))))


def test_a_second_voice_says_the_same() -> None:
    slow = FakeTTS(ttfa=9.0)
    words, timings, _ = run_virtual(said(Hedge(slow, FakeTTS(), after=0.5), "One two.", "Three."))
    assert words == ["One", "two.", "Three."] == [timing.word for timing in timings]
    assert slow.closed_early == 1


def test_two_of_one_kind_are_needed() -> None:
    with pytest.raises(TypeError, match="two language models or two voices"):
        Hedge(FakeLLM(), FakeTTS())  # type: ignore[call-overload]


def test_who_listens_no_longer_leaves_nothing_behind() -> None:
    async def run() -> int:
        items = Hedge(after(0.1, "one two three"), after(0.1, "four"), after=0.0).generate(QUESTION)
        await anext(items)
        await items.aclose()
        return len(asyncio.all_tasks())

    assert run_virtual(run()) == 1


def test_it_conforms() -> None:
    for fault in (None, Fail(0), Hang(0)):
        first = Answer("Hello to you.", fault=fault)
        report = run_virtual(
            check_llm(lambda first=first: Hedge(FakeLLM(otherwise=first), after(0.1, "Hi."), after=0.1))
        )
        assert report.cancellations > 2
    report = run_virtual(check_tts(lambda: Hedge(FakeTTS(ttfa=1.0), FakeTTS(), after=0.3)))
    assert report.cancellations > 10
