"""Making tools of functions: what the model is told, and what is refused."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Optional

import msgspec
import pytest

from antiphon.tools import ToolContext, ToolKind, as_tool, tool
from antiphon.tools.docstring import describe_docstring
from antiphon.tools.parameters import ToolDefinitionError


class Size(enum.Enum):
    SMALL = "small"
    LARGE = "large"


@dataclass
class Guest:
    name: str
    age: int = 30


class Address(msgspec.Struct):
    street: str


@tool
def set_timer(minutes: int, label: str = "timer") -> str:
    """Start a timer.

    Args:
        minutes: How long, in minutes.
        label (str): What to call it, when there
            are several.

    Returns:
        What to tell the user.
    """
    return f"{label}: {minutes}"


def test_name_description_and_schema_come_from_the_function() -> None:
    assert set_timer.spec.name == "set_timer"
    assert set_timer.spec.description == "Start a timer."
    assert set_timer.spec.parameters == {
        "type": "object",
        "properties": {
            "minutes": {"type": "integer", "description": "How long, in minutes."},
            "label": {
                "type": "string",
                "description": "What to call it, when there are several.",
                "default": "timer",
            },
        },
        "required": ["minutes"],
    }


def test_a_decorated_function_can_still_be_called() -> None:
    assert set_timer(3, label="eggs") == "eggs: 3"


def test_defaults_and_options() -> None:
    assert (set_timer.kind, set_timer.timeout) == (ToolKind.EFFECTFUL, 30.0)

    @tool(kind=ToolKind.PURE, timeout=2, name="clock", description="Tell the time.")
    def now() -> str:
        return "noon"

    assert (now.kind, now.timeout, now.name, now.spec.description) == (
        ToolKind.PURE,
        2,
        "clock",
        "Tell the time.",
    )
    assert now.spec.parameters == {"type": "object", "properties": {}, "required": []}


def properties_of(function: Any) -> dict[str, Any]:
    return as_tool(function).spec.parameters["properties"]


def test_every_type_that_json_can_carry() -> None:
    def order(
        count: int,
        price: float,
        gift: bool,
        tags: list[str],
        extra: dict[str, int],
        speed: Literal["slow", "fast"],
        size: Size,
        note: Optional[str] = None,  # noqa: UP045
        city: Annotated[str, "Where to."] = "Oslo",
        stars: Annotated[int, msgspec.Meta(ge=1, le=5)] = 3,
    ) -> None: ...

    assert properties_of(order) == {
        "count": {"type": "integer"},
        "price": {"type": "number"},
        "gift": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "extra": {"type": "object", "additionalProperties": {"type": "integer"}},
        "speed": {"enum": ["fast", "slow"]},
        "size": {"$ref": "#/$defs/Size"},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        "city": {"type": "string", "description": "Where to.", "default": "Oslo"},
        "stars": {"type": "integer", "minimum": 1, "maximum": 5, "default": 3},
    }


def test_structured_parameters_are_described_beside() -> None:
    def invite(guest: Guest, address: Address) -> None: ...

    parameters = as_tool(invite).spec.parameters
    assert parameters["properties"]["guest"] == {"$ref": "#/$defs/Guest"}
    assert parameters["$defs"]["Guest"]["properties"]["age"] == {"type": "integer", "default": 30}
    assert parameters["$defs"]["Address"]["required"] == ["street"]


def test_the_context_is_not_part_of_the_schema() -> None:
    def search(context: ToolContext, words: str) -> str:
        return words

    assert list(properties_of(search)) == ["words"]


def test_a_bound_method_is_a_tool() -> None:
    class Shop:
        def buy(self, item: str) -> str:
            """Buy something."""
            return item

    assert as_tool(Shop().buy).spec.description == "Buy something."
    assert list(properties_of(Shop().buy)) == ["item"]


def untyped(city) -> None: ...  # type: ignore[no-untyped-def]  # pyright: ignore


def variadic(*cities: str) -> None: ...


def keywords(**cities: str) -> None: ...


def by_place(city: str, /) -> None: ...


def machine(engine: object) -> None: ...


def unknown(place: Nowhere) -> None: ...  # type: ignore[name-defined]  # noqa: F821  # pyright: ignore


def context_second(city: str, context: ToolContext) -> None: ...


REFUSED: list[tuple[Any, str]] = [
    (untyped, "parameter city of the tool untyped needs a type"),
    (variadic, r"\*cities"),
    (keywords, r"\*\*cities"),
    (by_place, "positional-only city"),
    (machine, "parameter engine of the tool machine.*cannot be described"),
    (unknown, "Nowhere"),
    (context_second, "ToolContext must be the first"),
    (lambda: None, "has no name"),
]


@pytest.mark.parametrize(("function", "words"), REFUSED)
def test_what_cannot_be_described_is_refused_in_one_sentence(function: Any, words: str) -> None:
    with pytest.raises(ToolDefinitionError, match=words) as caught:
        as_tool(function)
    assert "\n" not in str(caught.value)


def test_a_sphinx_docstring() -> None:
    described = describe_docstring(
        """Book a table.

        It is held for
        an hour.

        :param people: How many
            people.
        :param str when: At what time.
        :returns: A number.
        """
    )
    assert described.summary == "Book a table.\n\nIt is held for an hour."
    assert described.parameters == {"people": "How many people.", "when": "At what time."}


def test_no_docstring() -> None:
    assert describe_docstring(None).summary == ""
    assert describe_docstring("One line.").parameters == {}
