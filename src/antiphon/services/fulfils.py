"""Which protocol a service fulfils, asked often: every session asks two dozen times.

It is what `isinstance` answers for a runtime-checkable protocol, at a tenth of the price: Python 3.11 looks
up the members of the protocol anew each time.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from typing_extensions import TypeIs

T = TypeVar("T")


def fulfils(thing: object, protocol: type[T]) -> TypeIs[T]:
    """Whether `thing` has every member that `protocol` names."""
    return all(getattr(thing, name, None) is not None for name in _members(protocol))


@lru_cache(maxsize=64)
def _members(protocol: type) -> tuple[str, ...]:
    """The public members of a protocol, with those of the protocols that it extends."""
    names: dict[str, None] = {}
    for base in protocol.__mro__:
        if base is not object and base is not Protocol:
            names |= dict.fromkeys((*vars(base), *vars(base).get("__annotations__", ())))
    return tuple(name for name in names if not name.startswith("_"))
