"""A simulated caller: holds a whole call with a bot, in virtual time.

`run_call(bot, script)` connects a bot to a caller who speaks, interrupts, types and hangs up as scripted, or
as a `Persona` makes it up, and returns what became of it. The bot is what it would be in production: a
function of a session that gives a pipeline, with `session.transport` at its ends. Give it fakes for services;
they are exact and cost no time.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from antiphon.clock import run_virtual
from antiphon.frames import BotStartedSpeakingFrame, BotStoppedSpeakingFrame, InputDTMFFrame, TalkKeyFrame
from antiphon.pipeline import Pipeline
from antiphon.services.base import TTS
from antiphon.services.turns import Turns
from antiphon.session import Ended, Session, SessionResult
from antiphon.testing.call import BotTurn, Call, Spoken, Timed, heard_words
from antiphon.testing.garbage import collected_seldom
from antiphon.testing.listening import ProbeEar
from antiphon.testing.microphone import PACKET_SECONDS, Microphone
from antiphon.testing.patience import PATIENCE, CallerGaveUp
from antiphon.testing.persona import Persona
from antiphon.testing.probe import Probe
from antiphon.testing.steps import (
    Cue,
    DropLine,
    End,
    HangUp,
    MakeNoise,
    Press,
    PressTalkKey,
    ReleaseTalkKey,
    Say,
    Step,
    Type,
    When,
)
from antiphon.testing.tagged import kind_at, text_of
from antiphon.testing.voice import SpokenVoice, TaggedVoice, Voice
from antiphon.transports.memory import MemoryTransport, Written

Bot = Callable[[Session], "object | Awaitable[object]"]
"""What `async def bot(session)` is: it returns a pipeline, or a list of its parts."""

LOOK_SECONDS = 0.3
"""How often somebody who waits for the end looks whether all is quiet."""

ROUNDING = 0.001
"""Words lie at whole samples of the recording, which may be a little before the bot began to speak."""


class Caller:
    """Performs a script on a running session."""

    def __init__(
        self,
        session: Session,
        transport: MemoryTransport,
        probe: Probe,
        script: Sequence[Step],
        quiet: float,
        persona: Persona | None = None,
        voice: Voice | None = None,
        packet: float = PACKET_SECONDS,
    ) -> None:
        self.session = session
        self.transport = transport
        self.probe = probe
        self.left = list(script)
        self.quiet = quiet
        self.persona = persona
        self.voice = voice or TaggedVoice()
        self.packet = packet
        self.ear = ProbeEar(session, probe)
        self.spoken: list[Spoken] = []
        self.typed: list[Type] = []
        self.pressed: list[Press] = []
        self._began = 0.0
        self._microphone: Microphone | None = None

    async def perform(self) -> None:
        """Do every step; then, unless the script ended the call, wait until all is quiet and end it."""
        self._began = self.session.now()
        microphone = self._microphone = Microphone(self._hear, self.session.clock, packet=self.packet)
        microphone.start()
        ended = False
        try:
            while (step := await self._next()) is not None:
                await self._wait(step.when)
                ended = isinstance(step, End | HangUp)
                await self._do(step, microphone)
                self.left.pop(0)
            if not ended:
                await self._until_quiet()
                self.session.end("the script is over")
            await asyncio.get_running_loop().create_future()
        finally:
            microphone.stop()

    async def _next(self) -> Step | None:
        """What the script says, and after it the persona."""
        if not self.left and self.persona is not None:
            self.left += await self.persona.go_on(self.ear)
        return self.left[0] if self.left else None

    def _hear(self, pcm: bytes) -> None:
        if not self.transport.sink.gone:
            self.transport.source.receive_audio(pcm, 16000)

    async def _wait(self, when: When) -> None:
        match when.cue:
            case Cue.CALL_BEGAN:
                await asyncio.sleep(self._began + when.offset - self.session.now())
                return
            case Cue.STEP_DONE:
                pass
            case Cue.BOT_STARTED | Cue.BOT_STOPPED:
                try:
                    await asyncio.wait_for(self.probe.next(when.cue), PATIENCE)
                except TimeoutError:
                    raise CallerGaveUp(
                        f"waited {PATIENCE:g} s for {when.cue.value}, before {self.left[0]}"
                    ) from None
        await asyncio.sleep(when.offset)

    async def _do(self, step: Step, microphone: Microphone) -> None:
        number = len(self.spoken)
        match step:
            case Say():
                pcm = await self.voice.say(step, number)
                self.spoken.append(Spoken(step, *await microphone.say(pcm)))
            case MakeNoise():
                pcm = self.voice.make_noise(step, number)
                self.spoken.append(Spoken(step, *await microphone.say(pcm)))
            case Type():
                self.typed.append(step)
                self.transport.source.receive_text(step.text)
            case Press():
                self.pressed.append(step)
                self.transport.source.receive(InputDTMFFrame(step.button))
            case PressTalkKey() | ReleaseTalkKey():
                self.transport.source.receive(TalkKeyFrame(isinstance(step, PressTalkKey)))
            case DropLine():
                self.transport.sink.break_off()
            case HangUp():
                self.session.cancel("the caller hung up")
            case End():
                self.session.end("the caller was done")

    async def _until_quiet(self) -> None:
        """Wait until nobody's turn has been under way for a while."""
        until = self.session.now() + PATIENCE
        calm = self.session.now()
        while self.session.now() - calm < self.quiet:
            await asyncio.sleep(min(LOOK_SECONDS, self.quiet))
            if self.probe.busy:
                calm = self.session.now()
            if self.session.now() > until and self.probe.busy:
                raise CallerGaveUp(f"waited {PATIENCE:g} s for the end of the last turn")


def run_call(
    bot: Bot,
    script: Sequence[Step] = (),
    *,
    persona: Persona | None = None,
    voice: TTS | None = None,
    seed: int | None = None,
    quiet: float = 2.0,
    packet: float = PACKET_SECONDS,
    transport: MemoryTransport | None = None,
) -> Call:
    """Hold a call in virtual time. `seed` shuffles the order of ready tasks.

    First the script is performed, then `persona` goes on if there is one. When both are done and nobody's
    turn has been under way for `quiet` seconds, the session ends gracefully. The caller's sound comes in
    pieces of `packet` seconds; it is tagged, unless a service is given as their `voice`. Raises CallerGaveUp
    when a step waits for something that does not happen.
    """
    held = hold_call(
        bot, script, persona=persona, voice=voice, quiet=quiet, packet=packet, transport=transport
    )
    with collected_seldom():
        return run_virtual(held, seed=seed)


async def hold_call(
    bot: Bot,
    script: Sequence[Step] = (),
    *,
    persona: Persona | None = None,
    voice: TTS | None = None,
    quiet: float = 2.0,
    packet: float = PACKET_SECONDS,
    transport: MemoryTransport | None = None,
) -> Call:
    """`run_call` on the running loop, whatever its time is."""
    spoken = TaggedVoice() if voice is None else SpokenVoice(voice)
    await spoken.prepare(script)
    line = transport or MemoryTransport()
    session = Session(transport=line)
    made = bot(session)
    pipeline = await made if inspect.isawaitable(made) else made
    probe = Probe()
    caller = Caller(session, line, probe, script, quiet, persona, spoken, packet)
    before = asyncio.all_tasks()
    running = asyncio.create_task(session.run(Pipeline([pipeline, probe])), name="session")
    result = await _together(running, caller)
    leftover = tuple(task.get_name() for task in asyncio.all_tasks() - before)
    return _call(result, caller, leftover)


async def _together(running: asyncio.Task[SessionResult], caller: Caller) -> SessionResult:
    """Run both until the session has ended; a caller that gives up ends it."""
    started = asyncio.create_task(caller.probe.started.wait())
    await asyncio.wait((running, started), return_when=asyncio.FIRST_COMPLETED)
    started.cancel()
    performing = asyncio.create_task(caller.perform(), name="caller")
    await asyncio.wait((running, performing), return_when=asyncio.FIRST_COMPLETED)
    if performing.done() and not running.done():
        caller.session.cancel("the caller gave up", ended=Ended.FAILED)
    result = await running
    performing.cancel()
    with suppress(asyncio.CancelledError):
        await performing
    return result


def _call(result: SessionResult, caller: Caller, leftover: tuple[str, ...]) -> Call:
    sink, session, frames = caller.transport.sink, caller.session, caller.probe.frames
    words = heard_words(sink.packets, sink.rate)
    turns = [part for part in session.processors if isinstance(part, Turns)]
    bot_turns: list[BotTurn] = []
    for started, stopped in _spells(frames, session.now()):
        number = started.frame.id if isinstance(started.frame, BotStartedSpeakingFrame) else None
        said = text_of(word for word in words if started.at <= word.start + ROUNDING and word.start < stopped)
        bot_turns.append(BotTurn(started.at, stopped, number, said))
    return Call(
        result=result,
        rate=sink.rate,
        packets=tuple(sink.packets),
        words=words,
        tagged=bool(words) or not _untagged(sink.packets),
        spoken=tuple(caller.spoken),
        typed=tuple(caller.typed),
        pressed=tuple(caller.pressed),
        bot_turns=tuple(bot_turns),
        frames=tuple(frames),
        messages=turns[0].conversation.messages if turns else (),
        ledger=session.ledger,
        undone=tuple(caller.left),
        leftover=leftover,
        seconds=session.now(),
    )


def _untagged(packets: Sequence[Written]) -> bool:
    """Whether there is sound that no fake made."""
    loud = [pcm for _, pcm in packets if any(pcm)]
    return bool(loud) and not any(kind_at(pcm) for pcm in loud)


def _spells(frames: Sequence[Timed], end: float) -> list[tuple[Timed, float]]:
    """From when to when the bot spoke."""
    spells: list[tuple[Timed, float]] = []
    started: Timed | None = None
    for timed in frames:
        if isinstance(timed.frame, BotStartedSpeakingFrame):
            started = timed
        elif isinstance(timed.frame, BotStoppedSpeakingFrame) and started is not None:
            spells.append((started, timed.at))
            started = None
    return spells if started is None else [*spells, (started, end)]
