"""The parameters of a Python function, as JSON Schema and as a strict decoder of what a model wrote. Pure.

Both come from one msgspec Struct made of the signature, so they cannot disagree.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec

_NAMELESS = {
    inspect.Parameter.VAR_POSITIONAL: "*",
    inspect.Parameter.VAR_KEYWORD: "**",
    inspect.Parameter.POSITIONAL_ONLY: "positional-only ",
}


class ToolDefinitionError(TypeError):
    """A function cannot be offered to a model. The message says which part, and what to change."""


class ArgumentError(ValueError):
    """The model's arguments do not fit. The message names the parameter and what was expected."""


@dataclass(frozen=True)
class Parameters:
    """`schema` is a JSON Schema object for the model; `decode` checks what the model made of it."""

    schema: dict[str, Any]
    struct: type[msgspec.Struct]

    def decode(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The keyword arguments, typed. Parameters left out are left out. Raises ArgumentError."""
        properties: dict[str, dict[str, Any]] = self.schema["properties"]
        for name in arguments:
            if name not in properties:
                raise ArgumentError(
                    f"there is no parameter {name} (there is: {', '.join(properties) or 'none'})"
                )
        for name in self.schema.get("required", ()):
            if name not in arguments:
                raise ArgumentError(f"the parameter {name} is missing ({_expected(properties[name])})")
        try:
            decoded = msgspec.convert(dict(arguments), self.struct, strict=True)
        except msgspec.ValidationError as error:
            raise ArgumentError(_told(str(error))) from error
        return {name: getattr(decoded, name) for name in arguments}


def annotations_of(function: Callable[..., Any], name: str) -> dict[str, Any]:
    """The types of a function's parameters. Raises ToolDefinitionError when a name in them is unknown."""
    try:
        return get_type_hints(_annotated(function), include_extras=True)
    except (NameError, TypeError) as error:
        raise ToolDefinitionError(
            f"The types of the tool {name} cannot be resolved ({error}): import them where the module runs, "
            "not only for type checkers."
        ) from error


def parameters_of(
    function: Callable[..., Any], name: str, descriptions: Mapping[str, str], *, skip_first: bool = False
) -> Parameters:
    """Describe a function's parameters; `descriptions` hold where an annotation brings none of its own.

    `skip_first` leaves the first one out. Raises ToolDefinitionError.
    """
    hints = annotations_of(function, name)
    found = list(inspect.signature(function).parameters.values())[int(skip_first) :]
    for parameter in found:
        _check(parameter, hints, name)
    struct = _struct(found, hints, name)
    schema = _schema(struct, name)
    for parameter in found:
        _complete(schema["properties"][parameter.name], parameter, hints, descriptions)
    return Parameters(schema, struct)


def _annotated(function: Callable[..., Any]) -> Callable[..., Any]:
    """Where the annotations are: on the function inside a partial, on `__call__` of an object."""
    inner = inspect.unwrap(getattr(function, "func", function))
    return inner if inspect.isroutine(inner) else type(inner).__call__


def _check(parameter: inspect.Parameter, hints: Mapping[str, Any], name: str) -> None:
    if parameter.kind in _NAMELESS:
        shown = f"{_NAMELESS[parameter.kind]}{parameter.name}"
        raise ToolDefinitionError(f"The tool {name} has the parameter {shown}: give it named ones only.")
    if parameter.name not in hints:
        raise ToolDefinitionError(
            f"The parameter {parameter.name} of the tool {name} needs a type annotation."
        )


def _struct(found: list[inspect.Parameter], hints: Mapping[str, Any], name: str) -> type[msgspec.Struct]:
    """A field per parameter. Defaults stay with the function: a field left out is never read."""
    fields: list[Any] = []
    for parameter in found:
        _try_schema(hints[parameter.name], parameter.name, name)
        required = parameter.default is inspect.Parameter.empty
        fields.append(
            (
                parameter.name,
                hints[parameter.name],
                msgspec.field(default=msgspec.NODEFAULT if required else None),
            )
        )
    return msgspec.defstruct(name, fields, kw_only=True, forbid_unknown_fields=True)


def _try_schema(hint: Any, parameter: str, name: str) -> None:
    try:
        msgspec.json.schema(hint)
    except (TypeError, NameError) as error:
        shown = getattr(hint, "__name__", None) or str(hint)
        raise ToolDefinitionError(
            f"The parameter {parameter} of the tool {name} has a type that cannot be described to a model "
            f"({shown}): use text, numbers, lists, dicts, Literal, Enum, dataclasses or msgspec Structs."
        ) from error


def _schema(struct: type[msgspec.Struct], name: str) -> dict[str, Any]:
    (reference,), components = msgspec.json.schema_components([struct], ref_template="#/$defs/{name}")
    own: dict[str, Any] = components.pop(reference["$ref"].removeprefix("#/$defs/"))
    schema = {"type": "object", "properties": own.get("properties", {}), "required": own.get("required", [])}
    return schema | ({"$defs": components} if components else {})


def _complete(
    schema: dict[str, Any],
    parameter: inspect.Parameter,
    hints: Mapping[str, Any],
    descriptions: Mapping[str, str],
) -> None:
    described = _annotated_description(hints[parameter.name]) or descriptions.get(parameter.name)
    if described:
        schema.setdefault("description", described)
    schema.pop("default", None)
    if parameter.default is not inspect.Parameter.empty:
        with suppress(TypeError):  # a sentinel of the author's: the model may leave it out all the same
            schema["default"] = msgspec.to_builtins(parameter.default)


def _annotated_description(hint: Any) -> str | None:
    if get_origin(hint) is not Annotated:
        return None
    return next((extra for extra in get_args(hint)[1:] if isinstance(extra, str)), None)


def _expected(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type") or schema.get("enum") or "a value"
    described = schema.get("description")
    return f"{kind}: {described}" if described else str(kind)


def _told(error: str) -> str:
    """msgspec says "Expected `int`, got `str` - at `$.minutes`"; the parameter's name comes first here."""
    match = re.fullmatch(r"(.*) - at `\$\.?(.*)`", error, re.S)
    return f"{match[2]}: {match[1]}" if match else error
