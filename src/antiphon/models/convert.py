"""Convert Moonshine base as published (ONNX Runtime format) to three dynamic-int8 ONNX files.

The published files hold 8-bit weights that are turned into floats again at every step of the decoder: about
75 ms a token. Here they are folded to floats once and quantised anew, so that the matrix products themselves
run on 8-bit integers: on one core an utterance of 4 s takes 137 ms rather than 1058 ms, and the word error
rate stays the same.

The merged decoder holds two graphs under one `If`. They become two files, and the first is cut down to what
it alone gives: the cross-attention keys and values of an utterance. So the results are

- `encoder.onnx`: sound -> hidden states;
- `cross_kv.onnx`: hidden states -> keys and values of the cross attention, once per utterance;
- `decoder.onnx`: one token, with all keys and values -> the next token's logits;
- `tokenizer.bin`: as it was.

Needs the `onnx` package, takes 6 to 14 seconds and 1.1 GB of memory at its peak. Running the result needs
onnxruntime alone.
"""

from __future__ import annotations

import copy
import shutil
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

from antiphon.models.errors import ModelError

CONVERTED_FILES = ("encoder.onnx", "cross_kv.onnx", "decoder.onnx", "tokenizer.bin")


def convert_moonshine(source: Path, target: Path) -> None:
    """Read `encoder_model.ort`, `decoder_model_merged.ort` and `tokenizer.bin`; write `CONVERTED_FILES`.

    Raises `ModelError` when onnx or onnxruntime is not installed.
    """
    tools = _Tools.load()
    with tempfile.TemporaryDirectory(dir=target) as name:
        scratch = Path(name)
        encoder = tools.as_onnx(source / "encoder_model.ort", scratch)
        tools.quantise(encoder, target / "encoder.onnx", scratch)
        del encoder
        merged = tools.as_onnx(source / "decoder_model_merged.ort", scratch)
        first = tools.branch(merged, "else_branch")
        tools.quantise(tools.cross_attention(first, scratch), target / "cross_kv.onnx", scratch)
        del first
        tools.quantise(tools.branch(merged, "then_branch"), target / "decoder.onnx", scratch)
    shutil.copyfile(source / "tokenizer.bin", target / "tokenizer.bin")


class _Tools:
    """The typed seam to onnx and onnxruntime, which carry few types. A model is onnx's `ModelProto`."""

    def __init__(self, onnx: Any, utils: Any, ort: Any, quantization: Any) -> None:
        self._onnx = onnx
        self._utils = utils
        self._ort = ort
        self._quantization = quantization

    @classmethod
    def load(cls) -> _Tools:
        try:
            onnx = import_module("onnx")
            utils = import_module("onnx.utils")
            runtime = import_module("onnxruntime")
            quantization = import_module("onnxruntime.quantization")
        except ImportError as error:
            raise ModelError(
                f"Converting Moonshine needs the package {error.name}: run `pip install 'antiphon[local]'`."
            ) from error
        return cls(onnx, utils, runtime, quantization)

    def as_onnx(self, path: Path, scratch: Path) -> Any:
        """Load a model in onnxruntime's own format and give it as ONNX, not optimised."""
        written = scratch / f"{path.stem}.onnx"
        level = self._ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        self._rewrite(path, written, level, {"session.save_model_format": "ONNX"})
        model = self._load(written)
        model.graph.name = model.graph.name or path.stem
        return model

    def quantise(self, model: Any, target: Path, scratch: Path) -> None:
        """Fold the stored 8-bit weights to floats, then quantise matrix products and embeddings.

        The note in the model's metadata says that the folding was done; without it onnxruntime warns, and
        sets up logging for the whole process to do so.
        """
        raw, folded = scratch / f"{target.stem}_raw.onnx", scratch / f"{target.stem}_float.onnx"
        self._onnx.save(model, str(raw))
        self._rewrite(raw, folded, self._ort.GraphOptimizationLevel.ORT_ENABLE_BASIC, {})
        raw.unlink()
        floats = self._load(folded)
        floats.metadata_props.add(key="onnx.quant.pre_process", value="onnxruntime.quant")
        self._quantization.quantize_dynamic(
            floats,
            str(target),
            op_types_to_quantize=["MatMul", "Gather"],
            weight_type=self._quantization.QuantType.QInt8,
            extra_options={"MatMulConstBOnly": True},
        )

    def branch(self, merged: Any, attribute: str) -> Any:
        """The model that a merged decoder is when its `If` takes the branch of that name."""
        graph = merged.graph
        choice = next(node for node in graph.node if node.op_type == "If")
        inner = next(each.g for each in choice.attribute if each.name == attribute)
        nodes = [node for node in graph.node if node.op_type != "If"] + list(inner.node)
        used = {name for node in nodes for name in node.input}
        made = self._onnx.helper.make_graph(
            nodes,
            attribute,
            [each for each in graph.input if each.name in used],
            _outputs(graph, inner, nodes),
            [each for each in [*graph.initializer, *inner.initializer] if each.name in used],
        )
        return self._onnx.helper.make_model(
            made, opset_imports=merged.opset_import, ir_version=merged.ir_version
        )

    def cross_attention(self, first: Any, scratch: Path) -> Any:
        """The part of the decoder's first step that gives the keys and values of the cross attention."""
        whole, cut = scratch / "first.onnx", scratch / "cross.onnx"
        self._onnx.save(first, str(whole))
        self._utils.extract_model(
            str(whole),
            str(cut),
            ["input_ids", "encoder_hidden_states"],
            [output.name for output in first.graph.output if ".encoder." in output.name],
            check_model=False,
        )
        whole.unlink()
        return self._load(cut)

    def _load(self, path: Path) -> Any:
        """Read a model and remove its file, so that the work needs little disk."""
        model = self._onnx.load(str(path))
        path.unlink()
        return model

    def _rewrite(self, source: Path, target: Path, level: Any, config: dict[str, str]) -> None:
        """Let onnxruntime load a model, optimise it to `level` and write what it made of it."""
        options = self._ort.SessionOptions()
        options.log_severity_level = 3
        options.graph_optimization_level = level
        options.optimized_model_filepath = str(target)
        for key, value in config.items():
            options.add_session_config_entry(key, value)
        self._ort.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])


def _outputs(graph: Any, inner: Any, nodes: list[Any]) -> list[Any]:
    """The outputs of the branch with the types of the whole, without those that only pass an input on."""
    produced = {name for node in nodes for name in node.output}
    outputs: list[Any] = []
    for own, outer in zip(inner.output, graph.output, strict=True):
        if own.name in produced:
            typed = copy.deepcopy(outer)
            typed.name = own.name
            outputs.append(typed)
    return outputs
