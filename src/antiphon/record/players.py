"""Players of an exact replay: each call of a service gives what the same call gave, in its turn."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from contextlib import suppress

from antiphon.record.deliveries import Deliveries
from antiphon.record.listener import PRIME, SUMMARY, WARM
from antiphon.record.records import AnyRecord, Called, Finished, Gave, Judged, Progressed, Refused
from antiphon.record.steps import Step, Steps


class Programme:
    """The recorded calls and judgements of all parts, in order. `unanswered` calls had not been recorded."""

    def __init__(self, records: Iterable[AnyRecord], deliveries: Deliveries) -> None:
        self.unanswered = 0
        self.deliveries = deliveries
        self.calls: defaultdict[int, deque[Called]] = defaultdict(deque)
        self.judged: defaultdict[int, deque[Judged]] = defaultdict(deque)
        self.refused: defaultdict[int, dict[int, str]] = defaultdict(dict)
        self.progress: dict[int, Callable[[str], object]] = {}
        for record in records:
            if isinstance(record, Called):
                self.calls[record.part].append(record)
            elif isinstance(record, Judged):
                self.judged[record.part].append(record)
            elif isinstance(record, Refused):
                self.refused[record.part][record.number] = record.error

    def progressed(self, record: Progressed, step: Step) -> None:
        """A tool told how far it is."""
        tell = self.progress.get(record.call)
        if tell is not None:
            step.steps.stage.run(step, tell, record.text)


def _is_summary(request: str) -> bool:
    """Summaries are asked for beside the other calls of their processor."""
    return request.startswith(SUMMARY)


class PartPlayer:
    """The recorded results of one processor's service, and of its tools."""

    def __init__(self, programme: Programme, part: int, steps: Steps | None) -> None:
        self._programme = programme
        self._calls = programme.calls[part]
        self._judged = programme.judged[part]
        self._refused = programme.refused[part]
        self._changes = 0
        self._steps = steps

    def begin(self, request: str) -> int | None:
        if request in (WARM, PRIME) and not (self._calls and self._calls[0].request == request):
            return None
        called = next(
            (each for each in self._calls if _is_summary(each.request) == _is_summary(request)), None
        )
        if called is None:
            self._programme.unanswered += 1
            return None
        self._calls.remove(called)
        return called.call

    async def next(self, call: int | None) -> Gave | Finished:
        if call is None:
            await asyncio.get_running_loop().create_future()
        result = await self._programme.deliveries.next(call or 0, self._steps)
        assert isinstance(result, Gave | Finished)
        return result

    async def leave(self, call: int | None) -> None:
        if self._steps is not None and call is not None:
            with suppress(asyncio.CancelledError):
                await self._programme.deliveries.next(call, self._steps)

    def progressing(self, call: int | None, tell: Callable[[str], object]) -> None:
        if call is not None:
            self._programme.progress[call] = tell

    def probability(self) -> float:
        return self._judged.popleft().probability if self._judged else 0.0

    def refusal(self) -> str:
        number, self._changes = self._changes, self._changes + 1
        return self._refused.get(number, "")


class TimedProbabilities:
    """The probabilities of one detector by their time, for a run that goes another way."""

    def __init__(self, judged: Iterable[Judged]) -> None:
        self._left = deque(judged)

    def at(self, now: float) -> float:
        """The next one of this time; 0 if none was recorded (the user was not listened to)."""
        while self._left and self._left[0].at < now - 1e-9:
            self._left.popleft()
        if self._left and self._left[0].at <= now + 1e-9:
            return self._left.popleft().probability
        return 0.0


class TimedPlayer(PartPlayer):
    """The same, for a run that goes another way."""

    def __init__(self, programme: Programme, part: int) -> None:
        super().__init__(programme, part, None)
        self._probabilities = TimedProbabilities(programme.judged[part])

    def probability(self) -> float:
        return self._probabilities.at(asyncio.get_running_loop().time())
