"""How soon the local language model speaks: python bench/local_llm.py [--model NAME ...] [--json]

Four states of its memory, medians over five questions, in milliseconds from the request to the first token
and to the end of the sixth word (which is where a first clause may be cut):

- cold: nothing of the prompt has been read before;
- cached: the instructions (about 90 tokens) have been read, as in every turn of a conversation;
- primed: also 70 % of the user's words, read while the user was speaking;
- ready: also all the user's words, as when the last partial transcript was the final one.

`--busy N` runs N processes that compute without end beside it. To see what spinning threads do, set
OMP_WAIT_POLICY=ACTIVE (see `antiphon.services.local.llama_engine`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import statistics
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import psutil

from antiphon.context import Context, UserMessage
from antiphon.services.base import TextDelta
from antiphon.services.local.llama import Llama

RULES = (
    "You are Ada, a helpful voice assistant. Answer in one or two short sentences, in plain words that can "
    "be spoken aloud: no lists, no markdown, no emoji. If you do not know, say so. If the question is not "
    "clear, ask back. Never repeat the question. Be friendly, but do not praise the user. Numbers are "
    "spoken as words."
)
MODELS = ("smollm2-135m-instruct", "qwen2.5-coder-0.5b-instruct")
QUESTIONS = [
    "What is the capital of Australia, and is it nice there in the winter?",
    "Could you tell me a quick dish that I can make with eggs and tomatoes?",
    "Can you explain to me why the sky is blue in the daytime?",
    "What should I pack for a long weekend in the mountains in October?",
    "How do I get a red wine stain out of a white cotton shirt?",
]


def asked(rules: str, words: str) -> Context:
    return Context.of(rules).append(UserMessage.of(words))


async def timed(llm: Llama, context: Context) -> dict[str, float]:
    """Milliseconds to the first token and to the sixth word; tokens per second after the first."""
    start = time.perf_counter()
    text, tokens, found = "", 0, {}
    async for item in llm.generate(context):
        if isinstance(item, TextDelta):
            now = 1000 * (time.perf_counter() - start)
            text += item.text
            tokens += 1
            found.setdefault("first", now)
            if len(text.split()) > 6:
                found.setdefault("six_words", now)
            found["last"] = now
    rate = 1000 * (tokens - 1) / (found["last"] - found["first"]) if tokens > 1 else float("nan")
    return {"first": found["first"], "six_words": found.get("six_words", found["last"]), "rate": rate}


async def forget(llm: Llama, number: int) -> None:
    """Put something else into every slot's memory, which starts differently each time."""
    await llm.warm(Context((UserMessage.of(f"{number} apples."),)))


async def measure(model: str, threads: int | None) -> dict[str, Any]:
    llm = Llama(model, temperature=0.0, max_tokens=28, threads=threads)
    start = time.perf_counter()
    await llm.warm()
    seen: dict[str, list[dict[str, float]]] = {"cold": [], "cached": [], "primed": [], "ready": []}
    load, primes = time.perf_counter() - start, []
    for number, question in enumerate(QUESTIONS):
        await forget(llm, 2 * number)
        seen["cold"].append(await timed(llm, asked(f"Call {number}. {RULES}", question)))
        rules = f"Talk {number}. {RULES}"
        for state, share in (("cached", 0.0), ("primed", 0.7), ("ready", 1.0)):
            words = question.split()
            await forget(llm, 2 * number + 1)
            await llm.warm(Context.of(f"{rules} {state}"))
            begun = time.perf_counter()
            if share:
                await llm.prime(asked(f"{rules} {state}", " ".join(words[: int(share * len(words))])))
            if state == "primed":
                primes.append(1000 * (time.perf_counter() - begun))
            seen[state].append(await timed(llm, asked(f"{rules} {state}", question)))
    report: dict[str, Any] = {"model": model, "load_s": load, "prime_ms": statistics.median(primes)}
    for state, runs in seen.items():
        report[f"{state}_first_ms"] = statistics.median(run["first"] for run in runs)
        report[f"{state}_six_words_ms"] = statistics.median(run["six_words"] for run in runs)
    report["tokens_per_s"] = statistics.median(run["rate"] for runs in seen.values() for run in runs)
    report["rss_mib"] = psutil.Process().memory_info().rss / 2**20
    return report


def compute() -> None:
    while True:
        sum(range(10_000))


@contextmanager
def busy(count: int) -> Generator[None]:
    others = [multiprocessing.Process(target=compute, daemon=True) for _ in range(count)]
    for other in others:
        other.start()
    try:
        yield
    finally:
        for other in others:
            other.terminate()
            other.join()


def show(report: dict[str, Any]) -> None:
    print(
        f"{report['model']}: load {report['load_s']:.1f} s, {report['tokens_per_s']:.0f} tokens/s, "
        f"priming {report['prime_ms']:.0f} ms, {report['rss_mib']:.0f} MiB"
    )
    print(f"  {'':8}{'first token':>14}{'six words':>12}")
    for state in ("cold", "cached", "primed", "ready"):
        first, six = report[f"{state}_first_ms"], report[f"{state}_six_words_ms"]
        print(f"  {state:8}{first:11.0f} ms{six:9.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--model", nargs="+", default=["smollm2-135m-instruct", "qwen2.5-coder-0.5b-instruct"]
    )
    parser.add_argument("--threads", type=int)
    parser.add_argument("--busy", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with busy(options.busy):
        reports = [asyncio.run(measure(model, options.threads)) for model in options.model]
    if options.json:
        print(json.dumps(reports, indent=2))
        return
    for report in reports:
        show(report)


if __name__ == "__main__":
    main()
