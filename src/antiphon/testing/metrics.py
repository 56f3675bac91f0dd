"""How a call felt, in figures: the interaction metrics of tau-voice, computed from what could be heard. Pure.

The definitions are those of the metric panel of tau-voice (tau2-bench, `docs/interaction-metrics.md` and
`src/tau2/metrics/voice_interaction_metrics.py`, version 1.1): L_R and R_R, L_Y and R_Y, I_A, S_BC, S_VT,
S_ND, with the same windows. Where this differs:

- Times are exact (20 ms packets); tau-voice counts in ticks of 200 ms. `strict` is counted in ticks.
- A last turn that is never answered counts as unanswered (there it is left out), unless the caller
  hung up or typed.
- A turn with pauses inside is one turn; a bot that begins to speak in such a pause interrupts the user
  (there only a bot that begins during sound does).
- Selectivity is given twice. `strict` is theirs, tick by tick (`antiphon.testing.ticks`): a bot that is
  silent for one whole tick in the second after the signal's start has yielded, and that is an error even if
  it goes on by itself. `kept` asks whether the answer survived: a bot that falls silent for a moment to
  listen and then goes on with the same answer has not been stopped. How long those pauses last is given too.
- A backchannel while the bot is silent is counted as the other signals are (there it is left out).
- A bot that begins an answer which it owed when a signal came has not responded to the signal.
- Coughs and noise count as vocal tics.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import msgspec

from antiphon.frames import InterruptionFrame, Outcome, ResponseEndedFrame
from antiphon.session import Ended
from antiphon.testing.call import Call
from antiphon.testing.call_speech import (
    Signal,
    Stretch,
    UserTurn,
    bot_speech,
    signals,
    speaking_at,
    user_turns,
)
from antiphon.testing.ticks import responds, ticks_of, yields

NO_YIELD_SECONDS = 2.0
SIGNAL_RESPONSE_SECONDS = 2.0
HEARD_AS_ONE_SECONDS = 0.03
"""Silence that is shorter than this is inside a packet or between two."""

KINDS = ("backchannel", "tic", "side talk")


class Selectivity(msgspec.Struct, frozen=True):
    """How many signals of a kind there were, and how many were rightly ignored (`strict`: as tau-voice)."""

    total: int = 0
    kept: int = 0
    strict: int = 0

    def __add__(self, other: Selectivity) -> Selectivity:
        return Selectivity(self.total + other.total, self.kept + other.kept, self.strict + other.strict)

    @property
    def rate(self) -> float | None:
        return self.kept / self.total if self.total else None

    @property
    def strict_rate(self) -> float | None:
        return self.strict / self.total if self.total else None


class Metrics(msgspec.Struct, frozen=True):
    """Latencies in seconds. `turns` could have been answered; `interruptions` are the user's of the bot.

    `spoken_over` counts how often the bot began to speak inside a turn of the user, out of `user_turns`.
    `pauses` is how long the bot fell silent for each signal over an answer that went on; 0 if not at all.
    """

    response_latencies: tuple[float, ...] = ()
    turns: int = 0
    yield_latencies: tuple[float, ...] = ()
    interruptions: int = 0
    spoken_over: int = 0
    user_turns: int = 0
    signals: dict[str, Selectivity] = {}
    pauses: tuple[float, ...] = ()

    @property
    def response_rate(self) -> float | None:
        return len(self.response_latencies) / self.turns if self.turns else None

    @property
    def yield_rate(self) -> float | None:
        return len(self.yield_latencies) / self.interruptions if self.interruptions else None

    @property
    def interruption_rate(self) -> float | None:
        return self.spoken_over / self.user_turns if self.user_turns else None

    @property
    def selectivity(self) -> Selectivity:
        """All kinds together."""
        return sum(self.signals.values(), Selectivity())

    def summary(self) -> dict[str, float | int | None]:
        """The figures by name: latencies in milliseconds, rates from 0 to 1, None where nothing happened."""
        every = self.selectivity
        figures: dict[str, float | int | None] = {
            "response_latency_median_ms": _ms(percentile(self.response_latencies, 50)),
            "response_latency_p95_ms": _ms(percentile(self.response_latencies, 95)),
            "response_rate": self.response_rate,
            "turns": self.turns,
            "yield_latency_median_ms": _ms(percentile(self.yield_latencies, 50)),
            "yield_latency_p95_ms": _ms(percentile(self.yield_latencies, 95)),
            "yield_rate": self.yield_rate,
            "interruptions": self.interruptions,
            "interruption_rate": self.interruption_rate,
            "selectivity": every.rate,
            "selectivity_strict": every.strict_rate,
            "signals": every.total,
            "pause_median_ms": _ms(percentile(self.pauses, 50)),
            "pause_p95_ms": _ms(percentile(self.pauses, 95)),
            "pauses": len(self.pauses),
        }
        for kind, each in self.signals.items():
            figures[f"selectivity_{kind.replace(' ', '_')}"] = each.rate
            figures[f"signals_{kind.replace(' ', '_')}"] = each.total
        return figures


def measure(call: Call) -> Metrics:
    """The metrics of one call."""
    bot, turns = bot_speech(call), user_turns(call)
    spoken = ticks_of(bot_speech(call, HEARD_AS_ONE_SECONDS))
    latencies, answerable = _responses(call, bot, turns)
    overlapping = [(turn, over) for turn in turns if (over := speaking_at(bot, turn.start))]
    stops = [over.end - turn.start for turn, over in overlapping]
    counted: dict[str, Selectivity] = {}
    for signal in signals(call):
        counted[signal.kind] = counted.get(signal.kind, Selectivity()) + _ignored(call, bot, spoken, signal)
    return Metrics(
        response_latencies=tuple(latencies),
        turns=answerable,
        yield_latencies=tuple(stop for stop in stops if stop <= NO_YIELD_SECONDS),
        interruptions=len(overlapping),
        spoken_over=sum(any(turn.start < each.start < turn.end for turn in turns) for each in bot),
        user_turns=len(turns),
        signals=counted,
        pauses=tuple(_pauses(call, bot)),
    )


def together(many: Iterable[Metrics]) -> Metrics:
    """The metrics of many calls, as if they were one."""
    all_of = list(many)
    kinds = [kind for kind in KINDS if any(kind in each.signals for each in all_of)]
    return Metrics(
        response_latencies=tuple(t for each in all_of for t in each.response_latencies),
        turns=sum(each.turns for each in all_of),
        yield_latencies=tuple(t for each in all_of for t in each.yield_latencies),
        interruptions=sum(each.interruptions for each in all_of),
        spoken_over=sum(each.spoken_over for each in all_of),
        user_turns=sum(each.user_turns for each in all_of),
        signals={k: sum((e.signals.get(k, Selectivity()) for e in all_of), Selectivity()) for k in kinds},
        pauses=tuple(t for each in all_of for t in each.pauses),
    )


def percentile(values: Sequence[float], percent: float) -> float | None:
    """The smallest value that `percent` of all do not exceed (nearest rank); None if there are none."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def _responses(call: Call, bot: list[Stretch], turns: list[UserTurn]) -> tuple[list[float], int]:
    """The latencies of the turns that were answered, and how many could have been."""
    latencies: list[float] = []
    answerable = 0
    for number, turn in enumerate(turns):
        if speaking_at(bot, turn.end):
            continue
        answered = next((each.start for each in bot if each.start >= turn.end), None)
        spoke_again = turns[number + 1].start if number + 1 < len(turns) else None
        if answered is not None and (spoke_again is None or answered <= spoke_again):
            latencies.append(answered - turn.end)
            answerable += 1
        elif spoke_again is not None or not _cut_off(call):
            answerable += 1
    return latencies, answerable


def _cut_off(call: Call) -> bool:
    """The caller hung up or typed: what was said last may well not be answered aloud."""
    return bool(call.typed) or call.result.ended is Ended.CANCELLED


def _ignored(call: Call, bot: list[Stretch], spoken: list[int], signal: Signal) -> Selectivity:
    yielded = yields(spoken, signal.start)
    strict = not (responds(spoken, signal.start, signal.end) if yielded is None else yielded)
    if speaking_at(bot, signal.start) is not None:
        return Selectivity(1, int(_survived(call, signal)), int(strict))
    if _awaits_answer(call, bot, signal):
        survived = int(_survived(call, signal))
        return Selectivity(1, survived, survived)
    until = min(signal.until, signal.end + SIGNAL_RESPONSE_SECONDS)
    minded = any(signal.start <= each.start <= until for each in bot)
    return Selectivity(1, int(not minded), int(strict))


def _awaits_answer(call: Call, bot: list[Stretch], signal: Signal) -> bool:
    """Whether the bot owed an answer when the signal came."""
    ended = [turn.end for turn in user_turns(call) if turn.end <= signal.start]
    return bool(ended) and not any(ended[-1] <= each.start <= signal.start for each in bot)


def _survived(call: Call, signal: Signal) -> bool:
    """Whether the answer that was being given was not cancelled because of this signal."""
    until = min(signal.until, signal.end + NO_YIELD_SECONDS)
    for at, frame in call.frames:
        cut = isinstance(frame, InterruptionFrame) or (
            isinstance(frame, ResponseEndedFrame) and frame.outcome is Outcome.INTERRUPTED
        )
        if cut and signal.start <= at < until:
            return False
    return True


def _pauses(call: Call, bot: list[Stretch]) -> Iterator[float]:
    """How long the bot was silent because of each signal over an answer that survived it."""
    exact = bot_speech(call, HEARD_AS_ONE_SECONDS)
    for signal in signals(call):
        if speaking_at(bot, signal.start) is None or not _survived(call, signal):
            continue
        following = pairwise(exact)
        gaps = (after.start - before.end for before, after in following if before.end > signal.start)
        own = any(
            frame.decision == "PauseBot" and signal.start <= at < min(signal.until, signal.end + 1.0)
            for at, frame in call.decisions
        )
        yield next(gaps, 0.0) if own else 0.0


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(1000 * seconds, 1)
