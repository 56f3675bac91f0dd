"""How quick and how right the local ears are on this machine, on speech that hibari makes.

Run `python bench/local_ears.py` for a table, with `--json` for numbers. Times are medians in milliseconds of
one core while nothing else of the bench runs; other load on the machine shows. Synthetic speech is easy to
understand: the word error rates say that nothing is broken, not how well people are understood.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import time
from collections.abc import AsyncIterator, Callable

import numpy as np

from antiphon.audio.resample import StreamResampler
from antiphon.services.base import Audio, Flush
from antiphon.services.local import Hibari, Moonshine, SileroVAD, SmartTurn
from antiphon.services.local.abort import Abort
from antiphon.services.local.agreement import bare

RATE = 16_000
QUESTIONS = (
    "What is the weather going to be like in Seattle tomorrow afternoon?",
    "Can you tell me how to get to the train station?",
    "How long does it take to boil an egg?",
    "What time does the museum open on Sunday?",
    "Could you please repeat the last sentence for me?",
    "Which city is the capital of Australia?",
    "I would like to book a table for four people.",
    "Do you know a good recipe with tomatoes and rice?",
    "Please remind me to call my mother this evening.",
    "Why is the sky blue during the day?",
)
MODELS = ("moonshine-base-en-int8", "moonshine-tiny-en")


async def spoken(text: str) -> Audio:
    async def one() -> AsyncIterator[str]:
        yield text

    sound = [piece async for piece in Hibari().speak(one()) if isinstance(piece, Audio)]
    resampler = StreamResampler(sound[0].rate, RATE)
    return Audio(b"".join(resampler.process(piece.pcm) for piece in sound) + resampler.flush(), RATE)


def median_ms(work: Callable[[], object], times: int) -> float:
    work()
    taken: list[float] = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken) * 1000


def word_errors(said: str, heard: str) -> tuple[int, int]:
    """Words put in, left out or replaced (Levenshtein), and words said."""
    mine, theirs = ([bare(word) for word in text.replace("-", " ").split()] for text in (said, heard))
    row = list(range(len(theirs) + 1))
    for i, word in enumerate(mine, start=1):
        before, row = row, [i]
        for j, other in enumerate(theirs, start=1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (word != other)))
    return row[-1], len(mine)


def error_rate(model: Moonshine, sounds: list[Audio]) -> float:
    counts = [
        word_errors(text, model.read(np.frombuffer(sound.pcm, np.int16), Abort()))
        for text, sound in zip(QUESTIONS, sounds, strict=True)
    ]
    return sum(wrong for wrong, _ in counts) / sum(words for _, words in counts)


async def flush_to_final(service: Moonshine, sound: Audio) -> float:
    """Milliseconds from a Flush to its answer while speech came in at its own pace: interim readings run."""
    flushed = 0.0

    async def line() -> AsyncIterator[Audio | Flush]:
        nonlocal flushed
        for at in range(0, len(sound.pcm), 1024):
            yield Audio(sound.pcm[at : at + 1024], RATE)
            await asyncio.sleep(512 / RATE)
        yield Audio(bytes(2048), RATE)
        flushed = time.perf_counter()
        yield Flush()

    async for transcript in service.transcribe(line()):
        if transcript.final:
            return (time.perf_counter() - flushed) * 1000
    raise AssertionError("no final transcript")


def measure() -> dict[str, float]:
    sounds = [asyncio.run(spoken(text)) for text in QUESTIONS]
    sound = sounds[0]
    pcm = np.frombuffer(sound.pcm, np.int16)
    detector, turn = SileroVAD(), SmartTurn()
    window, paused = sound.pcm[32_000:33_024], Audio(sound.pcm + bytes(6400), RATE)
    results = {
        "utterance, seconds": sound.seconds,
        "Silero VAD, microseconds a window": median_ms(lambda: detector.probability(window), 2000) * 1000,
        "smart-turn, ms": median_ms(lambda: asyncio.run(turn.predict(paused)), 20),
    }
    for name in MODELS:
        model = Moonshine(name)
        started = time.perf_counter()
        asyncio.run(model.warm())
        results[f"{name}, load, ms"] = (time.perf_counter() - started) * 1000
        results[f"{name}, whole utterance, ms"] = median_ms(lambda m=model: m.read(pcm, Abort()), 15)
        latencies = [asyncio.run(flush_to_final(model, each)) for each in sounds[:5]]
        results[f"{name}, flush to final, live, ms"] = statistics.median(latencies)
        results[f"{name}, word error rate, percent"] = error_rate(model, sounds) * 100
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="numbers for a program")
    arguments = parser.parse_args()
    results = measure()
    if arguments.json:
        print(json.dumps(results, indent=2))
        return
    print(f"load average of the machine: {os.getloadavg()[0]:.1f}")
    for name, value in results.items():
        print(f"{name:<50} {value:10.1f}")


if __name__ == "__main__":
    main()
