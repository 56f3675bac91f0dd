"""What a voice must keep: whole samples, one rate, words in order and inside the sound, any text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from antiphon.services.base import TTS, Audio, ServiceError, WordTiming
from antiphon.testing.conformance.checker import POINTS, UNICODE, Checker, Report, Stream, drain, given

TAIL_SECONDS = 0.05
"""How far behind the end of the sound a word's time may be: rounding, not more."""


async def check_tts(
    factory: Callable[[], TTS], texts: Sequence[str] = ("Hello there.", "How are you today?"), *,
    points: int = POINTS,
) -> Report:  # fmt: skip
    """Hold a voice to its promises. `texts` are clauses that it can say."""
    checker = Checker(factory())

    def say(*what: str) -> Stream[Audio | WordTiming]:
        return cast("Stream[Audio | WordTiming]", factory().speak(given(what)))

    def once() -> Stream[Audio | WordTiming]:
        return say(*texts)

    await checker.check("speaks", _speaks(checker, once()))
    await checker.check("nothing to say", _says_nothing(checker, say()))
    for text in ("", " ", *UNICODE):
        await checker.check(f"the text {text!r}", _any_text(checker, say(text)))
    await checker.check("cancelled at every point", checker.cancelled_everywhere(once, points))
    await checker.check("closed after every item", checker.closed_everywhere(once, points))
    await checker.check("works after that", _speaks(checker, once()))
    return checker.report


async def _speaks(checker: Checker, stream: Stream[Audio | WordTiming]) -> None:
    checker.need(_judge_speech(checker, await drain(stream)) > 0, "gave no sound")


async def _says_nothing(checker: Checker, stream: Stream[Audio | WordTiming]) -> None:
    checker.need(not await drain(stream), "spoke without a text")


async def _any_text(checker: Checker, stream: Stream[Audio | WordTiming]) -> None:
    try:
        _judge_speech(checker, await drain(stream))
    except ServiceError as error:
        checker.need(bool(str(error)), "raised a ServiceError that says nothing")


def _judge_speech(checker: Checker, items: Sequence[Audio | WordTiming]) -> float:
    """Whole samples, one rate, words in order and inside the sound. Returns the length in seconds."""
    sounds = [item for item in items if isinstance(item, Audio)]
    for sound in sounds:
        checker.need(sound.rate > 0 and sound.channels > 0, f"a rate of {sound.rate} is none")
        checker.need(len(sound.pcm) % (2 * sound.channels) == 0, "a piece holds half a sample")
    checker.need(len({(sound.rate, sound.channels) for sound in sounds}) < 2, "changed its rate on the way")
    seconds = sum(sound.seconds for sound in sounds)
    last = 0.0
    for timing in (item for item in items if isinstance(item, WordTiming)):
        checker.need(last <= timing.start <= timing.end, f"{timing} goes back in time (after {last})")
        checker.need(timing.end <= seconds + TAIL_SECONDS, f"{timing} is behind the end at {seconds:.3f}")
        last = timing.start
    return seconds
