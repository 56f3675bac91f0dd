"""HTML from Python values: every text is escaped, unless it is already markup.

`tag("p", "1 < 2", cls="sum")` gives ``<p class="sum">1 &lt; 2</p>`` as `Markup`. Text that HTML cannot hold
(control characters, halves of surrogate pairs) becomes the replacement character.
"""

from __future__ import annotations

import re
from html import escape

_VOID = frozenset({"br", "hr", "img", "input", "link", "meta"})
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\r]")


class Markup(str):
    """HTML that is safe as it is: made by `tag`, `joined`, or from a file of the package."""

    __slots__ = ()


Child = Markup | str | None


def text(value: str) -> Markup:
    """Plain text as HTML, good inside elements and inside quoted attributes."""
    return Markup(escape(_UNFIT.sub("\ufffd", value), quote=True))


def joined(*children: Child) -> Markup:
    """Children one after the other; None is nothing."""
    parts = (child if isinstance(child, Markup) else text(child) for child in children if child is not None)
    return Markup("".join(parts))


def tag(name: str, *children: Child, **attributes: str | float | bool | None) -> Markup:
    """An element. ``cls`` is ``class``, ``_`` a hyphen; True is bare, None and False are left out."""
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{joined(*children)}</{name}>")


def _attribute(key: str, value: str | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    key = "class" if key == "cls" else key.replace("_", "-")
    if value is True:
        return f" {key}"
    return f' {key}="{text(value if isinstance(value, str) else f"{value:g}")}"'
