"""How soon and how well the local voice speaks: python bench/local_tts.py [--json]

For each text: milliseconds to the first piece of audio, seconds computed per second spoken, and the silence
around the sound and its level, as the model gives it and as the service gives it. Medians over seven runs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import AsyncIterator
from typing import Any

import numpy as np

from antiphon.audio.levels import Samples, rms_dbfs, silence_around
from antiphon.services.base import Audio
from antiphon.services.local.hibari import SEED, Hibari, load_voice

TEXTS = {
    "two words": "Sure thing,",
    "clause": "The capital of Australia is Canberra,",
    "sentence": "It lies between Sydney and Melbourne, and about half a million people live there.",
    "three sentences": "Good question. It depends on the season. In the winter, take a warm coat with you.",
}
RUNS = 7


async def once(text: str) -> AsyncIterator[str]:
    yield text


async def speak(tts: Hibari, text: str) -> tuple[float, float, Samples]:
    """Milliseconds to the first piece and to the last; the sound."""
    start = time.perf_counter()
    first, pieces = 0.0, []
    async for piece in tts.speak(once(text)):
        if isinstance(piece, Audio):
            first = first or 1000 * (time.perf_counter() - start)
            pieces.append(piece.pcm)
    whole = 1000 * (time.perf_counter() - start)
    return first, whole, (np.frombuffer(b"".join(pieces), "<i2") / 32767).astype(np.float32)


def described(samples: Samples, rate: int) -> dict[str, float]:
    head, tail = silence_around(samples)
    return {
        "head_ms": 1000 * head / rate,
        "tail_ms": 1000 * tail / rate,
        "rms_dbfs": rms_dbfs(samples),
        "peak": float(np.abs(samples).max()),
        "seconds": len(samples) / rate,
    }


async def measure(name: str, text: str) -> dict[str, Any]:
    tts, voice = Hibari(), load_voice("heart")
    await tts.warm()
    runs = [await speak(tts, text) for _ in range(RUNS)]
    raw = np.concatenate(list(voice.stream(text, 1.0, SEED)))
    after = described(runs[0][2], voice.sample_rate)
    return {
        "text": name,
        "first_ms": statistics.median(run[0] for run in runs),
        "real_time_factor": statistics.median(run[1] for run in runs) / 1000 / after["seconds"],
        "before": described(raw, voice.sample_rate),
        "after": after,
    }


def show(report: dict[str, Any]) -> None:
    print(
        f"{report['text']}: first audio {report['first_ms']:.0f} ms, factor {report['real_time_factor']:.3f}"
    )
    for state in ("before", "after"):
        sound = report[state]
        print(
            f"  {state:7} head {sound['head_ms']:4.0f} ms  tail {sound['tail_ms']:4.0f} ms  "
            f"{sound['rms_dbfs']:6.1f} dBFS  peak {sound['peak']:.2f}  {sound['seconds']:.2f} s"
        )


async def measure_all() -> list[dict[str, Any]]:
    return [await measure(name, text) for name, text in TEXTS.items()]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    reports = asyncio.run(measure_all())
    if options.json:
        print(json.dumps(reports, indent=2))
        return
    for report in reports:
        show(report)


if __name__ == "__main__":
    main()
