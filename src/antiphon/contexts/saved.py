"""Saving a context as JSON, with the name and the number of the format, and reading it back.

The envelope is ``{"format": "antiphon.context", "version": 1, "context": ...}``. Bytes (pictures, sound) are
base64 inside it. A file from a later version, or anything else, is told apart and refused in one sentence.
"""

from __future__ import annotations

import msgspec

from antiphon.context import Context

FORMAT = "antiphon.context"
VERSION = 1


class SavedContextError(ValueError):
    """This is not a context that can be read here; the message says why."""


class _Envelope(msgspec.Struct, frozen=True):
    format: str
    version: int
    context: msgspec.Raw


def save_context(context: Context) -> bytes:
    """`context` as JSON (UTF-8). Raises SavedContextError if a tool's arguments are not JSON values."""
    try:
        return msgspec.json.encode(_Envelope(FORMAT, VERSION, msgspec.Raw(context.to_json())))
    except (TypeError, ValueError) as error:
        raise SavedContextError(f"This context cannot be saved: {error}.") from error


def load_context(data: bytes | str) -> Context:
    """Read what `save_context` wrote. Raises SavedContextError on anything else."""
    envelope = _opened(data)
    if envelope.format != FORMAT:
        raise SavedContextError(
            f"This is not a saved context: its format is {envelope.format[:40]!r}, not {FORMAT!r}."
        )
    if envelope.version != VERSION:
        raise SavedContextError(
            f"This context was saved in version {envelope.version} of the format; version {VERSION} can be "
            "read here. Use the Antiphon that saved it, or a newer one."
        )
    try:
        return Context.from_json(bytes(envelope.context))
    except (msgspec.DecodeError, ValueError) as error:
        raise SavedContextError(f"This saved context is damaged: {error}.") from None


def _opened(data: bytes | str) -> _Envelope:
    try:
        return msgspec.json.decode(data, type=_Envelope)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise SavedContextError(
            "This is not a saved context: give the bytes that save_context wrote."
        ) from None
