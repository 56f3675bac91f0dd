"""What a small model reads of tools, and what it may write."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from antiphon.context import AssistantMessage, Context, ToolCall, ToolMessage, ToolSpec, UserMessage
from antiphon.services.local.tool_prompt import EXAMPLES, messages_with_tools, tool_grammar
from antiphon.tools import Toolbox


@dataclass
class Guest:
    name: str


def get_weather(city: str, unit: Literal["c", "f"] = "c") -> str:
    """Say what the weather
    is like.

    Args:
        city: Name of the city.
    """
    return city + unit


def invite(guest: Guest) -> None: ...


def greet(guest: Guest) -> None: ...


def end_call() -> None:
    """Hang up."""


SPECS = Toolbox([get_weather, invite, greet, end_call]).specs


def messages(context: Context) -> list[dict[str, Any]]:
    return messages_with_tools(context.with_tools(SPECS))


def test_the_functions_stand_with_the_instructions_and_not_as_json() -> None:
    (system, *rest) = messages(Context.of("Be brief."))
    assert system["role"] == "system"
    assert system["content"].startswith("Be brief.\n\n")
    assert (
        "- get_weather: Say what the weather is like. "
        "Arguments: city (string: Name of the city), unit (optional one of c, f)."
    ) in system["content"]
    assert "- end_call: Hang up. Arguments: none." in system["content"]
    assert rest == list(EXAMPLES)


def test_without_instructions() -> None:
    (system, *_) = messages(Context((UserMessage.of("Hi."),)))
    assert system["content"].startswith("Most of the time")


def test_calls_and_results_are_plain_messages() -> None:
    call = ToolCall("c1", "get_weather", {"city": "Åre"})
    context = Context().append(
        UserMessage.of("Weather in Åre?"),
        AssistantMessage("Let me see.", tool_calls=(call,)),
        ToolMessage("c1", "get_weather", "snow"),
        AssistantMessage("It snows."),
    )
    assert messages(context)[1 + len(EXAMPLES) :] == [
        {"role": "user", "content": "Weather in Åre?"},
        {
            "role": "assistant",
            "content": 'Let me see.\n{"name": "get_weather", "arguments": {"city": "Åre"}}',
        },
        {"role": "user", "content": "<tool_response>\nsnow\n</tool_response>"},
        {"role": "assistant", "content": "It snows."},
    ]


def test_the_conversation_only_grows_at_its_end() -> None:
    short = Context.of("Be brief.").append(UserMessage.of("Hi."))
    longer = short.append(AssistantMessage("Hello."), UserMessage.of("Bye."))
    assert messages(longer)[: len(messages(short))] == messages(short)


def schema_in(grammar: str) -> dict[str, Any]:
    (line,) = [line for line in grammar.splitlines() if line.startswith("call: %json ")]
    return json.loads(line.removeprefix("call: %json "))


def test_the_grammar_knows_every_tool() -> None:
    calls = schema_in(tool_grammar(SPECS))["anyOf"]
    assert [call["properties"]["name"]["const"] for call in calls] == [spec.name for spec in SPECS]
    assert calls[0]["properties"]["arguments"]["required"] == ["city"]


def test_definitions_of_different_tools_do_not_meet() -> None:
    schema = schema_in(tool_grammar(SPECS))
    references = [
        call["properties"]["arguments"]["properties"]["guest"]["$ref"] for call in schema["anyOf"][1:3]
    ]
    assert references == ["#/$defs/tool1_Guest", "#/$defs/tool2_Guest"]
    assert set(schema["$defs"]) == {"tool1_Guest", "tool2_Guest"}


def test_a_tool_without_a_schema_of_its_parameters() -> None:
    spec = ToolSpec("ping", "Ping.", {"type": "object"})
    assert "- ping: Ping. Arguments: none." in messages_with_tools(Context(tools=(spec,)))[0]["content"]
    assert schema_in(tool_grammar([spec]))["anyOf"][0]["properties"]["name"] == {"const": "ping"}
