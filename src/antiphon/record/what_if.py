"""What-if runs: the same inputs at the same times, but another machine takes the turns.

The recogniser and the detector give the same at the same times; models, voices and tools give what they gave
for the same request (see `antiphon.record.guesses`). The recorded user does not react to what the bot does
differently.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from antiphon.record.guesses import Guesser, Library
from antiphon.record.log import LogError
from antiphon.record.played import play_services
from antiphon.record.players import TimedPlayer
from antiphon.record.recorded import Recorded
from antiphon.record.records import Called, Checkpoint, Entry, Finished, Gave, Heard, Received
from antiphon.record.replay_loop import ReplayLoop
from antiphon.record.running import CUT, Run
from antiphon.services.base import TurnModel
from antiphon.services.stt_host import STTHost
from antiphon.services.tts_host import TTSHost
from antiphon.services.turns import Turns
from antiphon.services.vad_host import VADHost
from antiphon.session import Observer, SessionResult
from antiphon.turns.events import TurnMachine

Machine = Callable[[TurnModel | None], TurnMachine[Any]]
"""Makes a turn machine, given the end-of-turn model that it may ask."""


class WhatIf(Run):
    """A run that may go another way than the recorded one."""

    def __init__(
        self, loop: ReplayLoop, recorded: Recorded, observers: Sequence[Observer], machine: Machine
    ) -> None:
        super().__init__(loop, recorded, observers, exact=False)
        self._machine = machine
        self._guessers: list[Guesser] = []
        self._left: deque[Entry] = deque()

    def checkpoints(self) -> list[Checkpoint]:
        """There is nothing to compare with: it is meant to differ."""
        return []

    def prepare(self) -> None:
        turns = [part for part in self.parts if isinstance(part, Turns)]
        if not turns:
            raise LogError("This bot has no Turns processor: there is no turn policy to change.")
        for part in turns:
            part.machine = self._machine(part.model)
            part.state = part.machine.initial()
        library = Library(self.recorded.records)
        for number, part in enumerate(self.parts):
            if isinstance(part, STTHost | VADHost):
                play_services(part, TimedPlayer(self.programme, number))
                continue
            voice = self.recorded.began.rate_out if isinstance(part, TTSHost) else None
            self._guessers.append(Guesser(library, number, voice))
            play_services(part, self._guessers[-1])

    async def run(self) -> SessionResult:
        self._left = deque(self._entries())
        self._await_next()
        return await self.session.run(self.pipeline)

    def counts(self) -> tuple[int, int, int]:
        return 0, 0, sum(guesser.guessed for guesser in self._guessers)

    def _entries(self) -> list[Entry]:
        """What comes by the clock: all but what is guessed."""
        listening = {number for number, part in enumerate(self.parts) if isinstance(part, STTHost | VADHost)}
        heard = {
            record.call
            for record in self.recorded.records
            if isinstance(record, Called) and record.part in listening
        }
        entries = [record for record in self.recorded.records if isinstance(record, Entry)]
        return [r for r in entries if not isinstance(r, Gave | Finished) or r.call in heard]

    def _await_next(self) -> None:
        if self._left:
            self.loop.call_at(max(self._left[0].at, self.loop.time()), self._give)
        else:
            self.end_afterwards()

    def end_afterwards(self) -> None:
        closed = self.recorded.closed
        if closed is not None and closed.at > self.loop.time():
            self.loop.call_at(closed.at, super().end_afterwards)
        elif closed is not None:
            super().end_afterwards()
        else:
            self.session.cancel(CUT)

    def _give(self) -> None:
        entry = self._left.popleft()
        self.loop.played()
        if isinstance(entry, Gave | Finished):
            self.deliveries.give(entry)
        elif isinstance(entry, Heard | Received) and entry.part >= 0:
            self.transport.source.receive(self.recorded.frame_of(entry))
        else:
            self.let_in(entry)
        self._await_next()
