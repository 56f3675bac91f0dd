"""Moonshine's networks: sound in, tokens out, one at a time.

Two layouts of the same model exist. `Published` is what Moonshine AI ships (an encoder and one decoder that
also computes the keys and values of the cross attention at its first step); it is quick for the tiny model.
`Converted` is what `antiphon.models` makes of the base model (those keys and values come from a network of
their own). Decoding is greedy: the likeliest token, until the model ends the sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from antiphon.services.base import ServiceError
from antiphon.services.local.abort import Abort
from antiphon.services.local.arrays import Array, Floats
from antiphon.services.local.moonshine_tokens import END, START
from antiphon.services.local.onnx import Model, open_model

_NAMED_PAST = "past_key_values"
_NAMED_PRESENT = "present"


class Networks(Protocol):
    """A Moonshine model, shared by all sessions; a run's state lives in the generator."""

    def tokens(self, samples: Floats, abort: Abort) -> Iterator[int]:
        """Read samples [n] at 16 kHz in -1..1, token by token, without end: the caller caps it.

        Stops at the model's end token, which is not given. Raises `Aborted` soon after a request.
        """
        ...


def open_networks(folder: Path) -> Networks:
    """The model in this folder, whichever layout it has. Raises `ServiceError` if it has neither."""
    if (folder / "cross_kv.onnx").is_file():
        return Converted(folder)
    if (folder / "decoder_model_merged.ort").is_file():
        return Published(folder)
    raise ServiceError(
        f"The folder {folder} holds no Moonshine model (cross_kv.onnx or decoder_model_merged.ort).",
        fatal=True,
    )


class Converted:
    """encoder.onnx, cross_kv.onnx and decoder.onnx."""

    def __init__(self, folder: Path) -> None:
        self._encoder = open_model(folder / "encoder.onnx")
        self._cross = open_model(folder / "cross_kv.onnx")
        self._decoder = open_model(folder / "decoder.onnx")
        self._own = _named(self._decoder, ".decoder.")
        self._results = ["logits", *map(_as_present, self._own)]

    def tokens(self, samples: Floats, abort: Abort) -> Iterator[int]:
        [hidden] = self._encoder.run({"input_values": samples[None]}, abort=abort)
        seen = {"input_ids": _one(START), "encoder_hidden_states": hidden}
        cross = self._cross.run(seen, abort=abort)
        feeds = _no_past(self._decoder, self._own)
        feeds |= zip(map(_as_past, self._cross.outputs), cross, strict=True)
        token = START
        while True:
            feeds["input_ids"] = _one(token)
            logits, *past = self._decoder.run(feeds, self._results, abort)
            if (token := _likeliest(logits)) == END:
                return
            yield token
            feeds.update(zip(self._own, past, strict=True))


class Published:
    """encoder_model.ort and decoder_model_merged.ort.

    The attention masks count samples, not frames: the networks subsample them themselves, and a mask in
    frames fails on longer speech.
    """

    def __init__(self, folder: Path) -> None:
        self._encoder = open_model(folder / "encoder_model.ort")
        self._decoder = open_model(folder / "decoder_model_merged.ort")
        self._own = _named(self._decoder, ".decoder.")
        self._all = _named(self._decoder, _NAMED_PAST)

    def tokens(self, samples: Floats, abort: Abort) -> Iterator[int]:
        mask = np.ones((1, len(samples)), np.int64)
        sound = _accepted(self._encoder, {"input_values": samples[None], "attention_mask": mask})
        [hidden] = self._encoder.run(sound, abort=abort)
        feeds: dict[str, Array] = {"encoder_hidden_states": hidden, **_no_past(self._decoder, self._all)}
        feeds |= _accepted(self._decoder, {"encoder_attention_mask": mask})
        renewed, token = self._all, START
        while True:
            feeds |= {"input_ids": _one(token), "use_cache_branch": np.array([token != START])}
            logits, *past = self._decoder.run(feeds, ["logits", *map(_as_present, renewed)], abort)
            if (token := _likeliest(logits)) == END:
                return
            yield token
            feeds.update(zip(renewed, past, strict=True))
            renewed = self._own


def _named(model: Model, part: str) -> list[str]:
    return [name for name in model.inputs if part in name]


def _accepted(model: Model, feeds: dict[str, Array]) -> dict[str, Array]:
    return {name: value for name, value in feeds.items() if name in model.inputs}


def _no_past(model: Model, names: Sequence[str]) -> dict[str, Array]:
    """Keys and values of no tokens at all: [1, heads, 0, size]."""
    shapes = {name: model.inputs[name] for name in names}
    return {name: np.zeros((1, int(s[1] or 0), 0, int(s[3] or 0)), np.float32) for name, s in shapes.items()}


def _as_past(present: str) -> str:
    return present.replace(_NAMED_PRESENT, _NAMED_PAST)


def _as_present(past: str) -> str:
    return past.replace(_NAMED_PAST, _NAMED_PRESENT)


def _one(token: int) -> Array:
    return np.array([[token]], np.int64)


def _likeliest(logits: Array) -> int:
    return int(logits[0, -1].argmax())
