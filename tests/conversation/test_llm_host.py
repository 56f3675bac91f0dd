"""The host of a language model: streaming, silence, failure, an answer that is empty."""

from __future__ import annotations

import pytest

from antiphon.context import Context, ToolCall, UserMessage
from antiphon.frames import (
    FunctionCallInProgressFrame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMPrimeFrame,
    LLMTextFrame,
    MetricsFrame,
    Outcome,
    ResponseEndedFrame,
)
from antiphon.routing import Tee
from antiphon.services.llm_host import LLMHost
from antiphon.session import Ended, Session
from antiphon.testing import Answer, Fail, FakeLLM, Hang
from conversation.kit import Act, Stage, play

QUESTION = Context().append(UserMessage.of("Well?"))


def _ask(
    llm: FakeLLM, *, cancel_at: float | None = None, silence: float = 30.0
) -> tuple[Stage, list[object]]:
    seen: list[object] = []
    kinds = (
        LLMFullResponseStartFrame,
        LLMTextFrame,
        FunctionCallInProgressFrame,
        LLMFullResponseEndFrame,
        ResponseEndedFrame,
    )

    def acts(session: Session) -> list[Act]:
        ask: Act = (0.1, lambda: session.receive(LLMContextFrame(QUESTION)))
        return (
            [ask]
            if cancel_at is None
            else [ask, (cancel_at, lambda: session.responses.cancel_all(reason="x"))]
        )

    stage = play([LLMHost(llm, silence=silence), Tee(seen.append, *kinds)], acts, end_at=100.0)
    return stage, seen


def _text(seen: list[object]) -> str:
    return "".join(frame.text for frame in seen if isinstance(frame, LLMTextFrame))


def _outcomes(seen: list[object]) -> list[Outcome]:
    return [frame.outcome for frame in seen if isinstance(frame, ResponseEndedFrame)]


def test_text_leaves_piece_by_piece_within_a_response() -> None:
    with FakeLLM(["One two three."]) as llm:
        _, seen = _ask(llm)
    assert [type(frame).__name__ for frame in seen] == [
        "LLMFullResponseStartFrame",
        "LLMTextFrame",
        "LLMTextFrame",
        "LLMTextFrame",
        "LLMFullResponseEndFrame",
        "ResponseEndedFrame",
    ]
    assert _text(seen) == "One two three."
    assert _outcomes(seen) == [Outcome.COMPLETED]
    assert llm.contexts == [QUESTION]


def test_the_time_to_first_token_is_measured_once() -> None:
    stage, _ = _ask(FakeLLM(["One two three."], ttft=0.35))
    metrics = [timed.frame for timed in stage.of(MetricsFrame)]
    values = [m.value for f in metrics if isinstance(f, MetricsFrame) for m in f.data if m.kind == "ttfb"]
    assert values == [pytest.approx(0.35)]


@pytest.mark.parametrize("at", [0.15, 0.31, 0.33, 0.9])
def test_cancelling_closes_the_request(at: float) -> None:
    llm = FakeLLM(["One two three four five six seven."], per_token=0.1)
    _, seen = _ask(llm, cancel_at=at)
    assert llm.closed_early == 1
    assert llm.wasted == len([frame for frame in seen if isinstance(frame, LLMTextFrame)])
    assert _outcomes(seen) == [Outcome.INTERRUPTED]


def test_a_failure_half_way_fails_the_response_and_the_session_goes_on() -> None:
    with FakeLLM([Answer("One two three.", fault=Fail(2, "the line broke"))]) as llm:
        stage, seen = _ask(llm)
    assert _outcomes(seen) == [Outcome.FAILED]
    assert [error.error for error in stage.result.errors] == ["the line broke"]
    assert stage.result.ended is Ended.ENDED


def test_a_wrong_key_ends_the_session() -> None:
    stage, _ = _ask(FakeLLM([Answer("x", fault=Fail(0, "set the key", fatal=True))]))
    assert stage.result.ended is Ended.FAILED
    assert stage.result.reason == "set the key"
    assert stage.session.now() < 15.0


def test_a_model_that_hangs_is_given_up() -> None:
    llm = FakeLLM([Answer("One two.", fault=Hang(1))])
    stage, seen = _ask(llm, silence=5.0)
    assert _outcomes(seen) == [Outcome.FAILED]
    assert [error.error for error in stage.result.errors] == ["FakeLLM wrote nothing for 5 s"]
    assert llm.closed_early == 1


def test_f18_a_model_that_answers_nothing_is_asked_again() -> None:
    with FakeLLM([Answer(), "Now something."]) as llm:
        stage, seen = _ask(llm)
    assert _text(seen) == "Now something."
    assert stage.result.errors == ()


def test_f18_one_that_answers_nothing_twice_has_failed_and_everybody_knows() -> None:
    with FakeLLM([Answer(), Answer()]) as llm:
        stage, seen = _ask(llm)
    assert _outcomes(seen) == [Outcome.FAILED]
    assert [error.error for error in stage.result.errors] == ["FakeLLM answered nothing, twice"]


def test_tool_calls_are_passed_on() -> None:
    call = ToolCall("1", "look", {"at": "sky"})
    _, seen = _ask(FakeLLM([Answer("Let me look.", tools=(call,))]))
    assert [frame.call for frame in seen if isinstance(frame, FunctionCallInProgressFrame)] == [call]


def test_a_context_may_be_read_ahead() -> None:
    llm = FakeLLM()
    play(
        [LLMHost(llm)], lambda session: [(0.1, lambda: session.receive(LLMPrimeFrame(QUESTION)))], end_at=1.0
    )
    assert llm.primed == [QUESTION]
