"""Wiring mistakes that can be seen before a session starts, each told in one sentence."""

from __future__ import annotations

from antiphon.forgetting import forgotten
from antiphon.frames import Frame
from antiphon.pipeline import Branching, Pipeline
from antiphon.processor import Processor


class WiringError(ValueError):
    """The pipeline cannot work as it is put together."""


class _Stream:
    """The kinds of frames known to flow at one point. `open` means: there may be others."""

    def __init__(self, kinds: frozenset[type[Frame]] = frozenset(), *, open_: bool = False) -> None:
        self.kinds = kinds
        self.open = open_

    def carries(self, kinds: tuple[type[Frame], ...]) -> bool:
        return self.open or any(issubclass(have, want) for have in self.kinds for want in kinds)

    def plus(self, processor: Processor) -> _Stream:
        gives = processor.gives
        if gives is None:
            return _Stream(self.kinds, open_=self.open or bool(processor._handlers))
        return _Stream(self.kinds | frozenset(gives), open_=self.open)


def check_wiring(pipeline: Processor) -> None:
    """Refuse what cannot work. Raises WiringError."""
    seen: dict[int, str] = {}
    for part in pipeline._parts():
        if part._node.attached:
            raise WiringError(
                f"{part.name} has been in a session before: make new processors for each session."
            )
        for thing in part._exclusive():
            if id(thing) in seen:
                raise WiringError(
                    f"{part.name} is in the pipeline twice (also as {seen[id(thing)]}): "
                    "make one instance for each place."
                )
            seen[id(thing)] = part.name
    _walk(pipeline, _Stream(), "the start of the pipeline")
    for mistake in forgotten(pipeline):
        raise WiringError(str(mistake))


def _walk(processor: Processor, stream: _Stream, after: str) -> _Stream:
    if isinstance(processor, Pipeline):
        for inner in processor.processors:
            stream = _walk(inner, stream, after)
            after = inner.name
        return stream
    if isinstance(processor, Branching):
        ends = [_walk(branch, stream, after) for branch in processor.branches]
        kinds = frozenset(kind for end in ends for kind in end.kinds)
        return _Stream(kinds, open_=any(end.open for end in ends))
    if processor.needs and not stream.carries(processor.needs):
        wanted = " or ".join(kind.__name__ for kind in processor.needs)
        raise WiringError(
            f"{processor.name} needs {wanted}, but nothing before it (up to {after}) gives that. "
            f"{processor.hint}".strip()
        )
    return stream.plus(processor)
