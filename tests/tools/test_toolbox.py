"""Running tools: whatever goes wrong becomes an honest result."""

from __future__ import annotations

import asyncio
import enum
import sys
import threading
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.clock import run_virtual
from antiphon.context import Context, ToolCall, ToolMessage
from antiphon.tools import Tool, Toolbox, ToolContext, ToolError, ToolKind, ToolOutcome, tool


class Unit(enum.Enum):
    CELSIUS = "c"


@dataclass
class Guest:
    name: str


def call(name: str, **arguments: Any) -> ToolCall:
    return ToolCall("c1", name, arguments)


def run(function: Any, timed_in_virtual: bool = True, **arguments: Any) -> ToolOutcome:
    box = Toolbox([function])
    name = box.specs[0].name
    runner = run_virtual if timed_in_virtual else asyncio.run
    return runner(box.run(call(name, **arguments)))


def get_weather(city: str, unit: Unit = Unit.CELSIUS) -> str:
    """Say what the weather is like now."""
    return f"sunny in {city}, {unit.name}"


async def add(one: int, two: int = 1) -> int:
    await asyncio.sleep(5)
    return one + two


def test_the_specs_go_into_the_context() -> None:
    box = Toolbox([get_weather, add])
    assert [spec.name for spec in Context().with_tools(box.specs).tools] == ["get_weather", "add"]


def test_a_sync_function_and_typed_arguments() -> None:
    assert run(get_weather, city="Paris", unit="c") == ToolOutcome(
        call("get_weather", city="Paris", unit="c"), "sunny in Paris, CELSIUS"
    )


def test_an_async_function_takes_virtual_time() -> None:
    assert run(add, one=2, two=3).content == "5"


def test_defaults_are_the_functions_own() -> None:
    assert run(add, one=2).content == "3"


def test_structured_arguments_arrive_as_objects() -> None:
    def invite(guest: Guest, others: list[Guest]) -> str:
        return " ".join([guest.name, *(other.name for other in others)])

    assert run(invite, guest={"name": "Ann"}, others=[{"name": "Bob"}]).content == "Ann Bob"


def test_a_sync_function_runs_beside_the_loop() -> None:
    def where() -> bool:
        return threading.current_thread() is threading.main_thread()

    assert run(where, timed_in_virtual=False).content == "false"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "parameter city is missing (string)"),
        ({"city": 3}, "city: Expected `str`, got `int`"),
        ({"city": "Oslo", "unit": "k"}, "unit: Invalid enum value 'k'"),
        ({"city": "Oslo", "country": "no"}, "no parameter country (there is: city, unit)"),
    ],
)
def test_wrong_arguments_are_named(arguments: dict[str, Any], words: str) -> None:
    outcome = run(get_weather, **arguments)
    assert outcome.is_error
    assert outcome.content.startswith("Wrong arguments for get_weather: ")
    assert words in outcome.content


def test_an_unknown_tool_lists_the_others() -> None:
    box = Toolbox([get_weather, add])
    outcome = run_virtual(box.run(call("fly")))
    assert (outcome.is_error, outcome.content) == (
        True,
        "There is no tool named fly. Tools: get_weather, add.",
    )
    assert box.kind("fly") is ToolKind.PURE
    assert box.kind("add") is ToolKind.EFFECTFUL


def divide(by: int) -> float:
    return 1 / by


async def leave() -> None:
    sys.exit(3)


def exhausted() -> None:
    next(iter(()))


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def unspeakable() -> None:
    raise Unspeakable


async def gives_up() -> None:
    raise asyncio.CancelledError


async def its_own_timeout() -> None:
    raise TimeoutError("the bank did not answer")


async def full() -> None:
    raise ToolError("No table is free tonight.")


@pytest.mark.parametrize(
    ("function", "arguments", "words"),
    [
        (divide, {"by": 0}, "divide failed: ZeroDivisionError: division by zero"),
        (leave, {}, "leave failed: SystemExit: 3"),
        (exhausted, {}, "exhausted failed: RuntimeError: coroutine raised StopIteration"),
        (unspeakable, {}, "unspeakable failed: Unspeakable"),
        (gives_up, {}, "gives_up failed: it was cancelled."),
        (full, {}, "No table is free tonight."),
        (its_own_timeout, {}, "its_own_timeout failed: TimeoutError: the bank did not answer"),
    ],
)
@pytest.mark.parametrize("virtual", [True, False])
def test_an_exception_is_an_honest_result(function: Any, arguments: Any, words: str, virtual: bool) -> None:
    outcome = run(function, virtual, **arguments)
    assert (outcome.is_error, outcome.content) == (True, words)


def test_too_slow() -> None:
    @tool(timeout=3)
    async def sleepy() -> None:
        await asyncio.sleep(60)

    outcome = run(sleepy)
    assert (outcome.is_error, outcome.content) == (True, "sleepy did not finish within 3 s.")


def test_no_limit_of_time() -> None:
    @tool(timeout=None)
    async def patient() -> str:
        await asyncio.sleep(9999)
        return "there"

    assert run(patient).content == "there"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is", "as it is"),
        (None, "done"),
        ({"a": [1, True]}, '{"a":[1,true]}'),
        (Guest("Ann"), '{"name":"Ann"}'),
    ],
)
def test_results_become_text(value: Any, text: str) -> None:
    def give() -> Any:
        return value

    assert run(give).content == text


def test_a_result_that_is_no_json() -> None:
    def give() -> object:
        return object()

    outcome = run(give)
    assert outcome.is_error
    assert outcome.content == "give has run, but its result cannot be shown: object is no JSON."


def test_a_long_result_is_cut_and_says_so() -> None:
    def book() -> str:
        return "x" * 50

    outcome = run_virtual(Toolbox([book], max_characters=20).run(call("book")))
    assert outcome.content == "x" * 20 + "\n[cut: 30 of 50 characters are left out]"


@pytest.mark.parametrize("asynchronous", [True, False])
def test_progress_and_the_calls_id(asynchronous: bool) -> None:
    def plain(context: ToolContext, what: str) -> str:
        context.progress(f"looking for {what}")
        return context.call_id

    async def awaiting(context: ToolContext, what: str) -> str:
        return plain(context, what)

    heard: list[str] = []

    async def main() -> ToolOutcome:
        function = awaiting if asynchronous else plain
        box = Toolbox([function])
        outcome = await box.run(call(box.specs[0].name, what="keys"), ToolContext("c1", heard.append))
        await asyncio.sleep(0)
        return outcome

    assert run_virtual(main()).content == "c1"
    assert heard == ["looking for keys"]


def test_cancelling_passes_through() -> None:
    async def main() -> None:
        task = asyncio.create_task(Toolbox([add]).run(call("add", one=1)))
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    run_virtual(main())


def test_two_tools_of_one_name() -> None:
    with pytest.raises(ValueError, match="Two tools are named add"):
        Toolbox([add, add])


def test_a_tool_from_elsewhere() -> None:
    async def invoke(arguments: dict[str, Any], context: ToolContext, /) -> object:
        return arguments

    outcome = run_virtual(Toolbox([Tool(Toolbox([add]).specs[0], invoke)]).run(call("add", any="thing")))
    assert outcome.message == ToolMessage("c1", "add", '{"any":"thing"}')


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(
    st.dictionaries(st.sampled_from(["city", "unit", "x"]), values), st.sampled_from(["get_weather", "add"])
)
def test_whatever_the_model_writes_there_is_a_result(arguments: dict[str, Any], name: str) -> None:
    outcome = run_virtual(Toolbox([get_weather, add]).run(ToolCall("c1", name, arguments)))
    assert outcome.content
