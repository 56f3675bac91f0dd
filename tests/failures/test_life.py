"""F23, F24, F29 and F30: how a call begins and ends, and how an answer is cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable

import numpy as np
import pytest
from numpy.typing import NDArray

from antiphon.audio.player import Player
from antiphon.context import Context, ToolCall
from antiphon.frames import OutputAudioRawFrame
from antiphon.services.base import Audio, TextDelta, TurnPrediction, Usage, WordTiming
from antiphon.services.turns import Turns
from antiphon.session import Ended, Session
from antiphon.testing import (
    Answer,
    Bot,
    Call,
    End,
    FakeLLM,
    FakeSTT,
    FakeTTS,
    FakeTurnModel,
    FakeVAD,
    Say,
    Type,
    Utterance,
    after,
    bot_starts,
    expect,
    recording,
    run_call,
    voice_bot,
)
from antiphon.testing.steps import Step
from antiphon.tools import ToolContext, ToolKind, tool
from antiphon.transports.input import EARLY_CAPACITY
from antiphon.transports.memory import MemoryTransport
from failures.kit import LONG, QUESTION, SEEDS, calls, decided, usual_turns


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("offset", [0.0, 0.4, 3.0])
def test_f23_an_end_lets_what_is_queued_be_heard(offset: float, seed: int | None) -> None:
    """All of the answer has been made, and most of it waits to be played, when the call is ended."""
    llm = FakeLLM([LONG], per_token=0.0)
    call = run_call(voice_bot(llm), [QUESTION, End(bot_starts(offset))], seed=seed)
    expect(call).heard(LONG).is_true().interruptions(False).ended(Ended.ENDED)
    assert call.packets[-1].at - decided(call, "Commit")[0][0] > 5.5


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", list(ToolKind))
def test_f23_a_tool_that_hangs_up_lets_the_goodbye_be_heard_and_leaves_no_task(
    kind: ToolKind, seed: int | None
) -> None:
    @tool(kind=kind)
    def hang_up(context: ToolContext) -> str:
        """End the call."""
        assert context.session is not None
        context.session.end("the bot hung up")
        return "say goodbye"

    llm = FakeLLM([Answer("One moment.", tools=calls("hang_up")), "Goodbye, and thank you."])
    call = run_call(voice_bot(llm, turns=usual_turns(hang_up)), [QUESTION], seed=seed)
    expect(call).heard("One moment. Goodbye, and thank you.").ended_because("the bot hung up")
    assert call.leftover == ()
    assert call.result.late == ()


def test_f23_an_end_goes_behind_sound_that_belongs_to_no_answer() -> None:
    """A jingle, an announcement: no answer keeps the session waiting, only what is still to be played."""
    sound = Utterance("thank you for calling", rate=24000, id=99)

    def bot(session: Session) -> object:
        session.receive(OutputAudioRawFrame(sound.pcm, 24000))
        return voice_bot()(session)

    call = run_call(bot, [End(after(0.2))])
    expect(call).heard("thank you for calling").ended(Ended.ENDED)


class SlowVAD(FakeVAD):
    """Takes three seconds to load."""

    async def warm(self) -> None:
        await asyncio.sleep(3.0)


@pytest.mark.parametrize("rate", [16000])
def test_f24_words_that_come_before_the_bot_is_ready_are_not_lost(rate: int) -> None:
    line = MemoryTransport()
    sound = Utterance("Are you already there?").pcm + bytes(2 * rate)
    packets = [sound[at : at + 640] for at in range(0, len(sound), 640)]
    assert len(packets) < EARLY_CAPACITY

    def bot(session: Session) -> object:
        for packet in packets:
            line.source.receive_audio(packet, rate)
        return voice_bot(FakeLLM(["Now I am."]), vad=SlowVAD())(session)

    call = run_call(bot, [], transport=line, quiet=3.0)
    expect(call).user_said("Are you already there?").heard("Now I am.").is_true()


def test_f24_the_beginning_of_the_first_word_is_not_cut() -> None:
    """A detector needs a moment to be sure: the recogniser gets what came before that."""
    stt = FakeSTT()
    call = run_call(voice_bot(FakeLLM(["Yes."]), stt=stt), [Say("I am here.", after(0.0), seconds=0.4)])
    expect(call).user_said("I am here.").is_true()
    assert stt.heard_seconds > 0.4


HERTZ, LEVEL = 220.0, 12000


class Hum:
    """A voice that hums: a smooth tone, in which every hard cut shows."""

    async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Audio | WordTiming, None]:
        async for words in text:
            at = np.arange(int(len(words) / 15 * 24000))
            wave = LEVEL * np.sin(2 * np.pi * HERTZ * at / 24000)
            yield Audio(wave.astype(np.int16).tobytes(), 24000)


SMOOTH = LEVEL * 2 * np.pi * HERTZ / 24000
"""The largest step between two samples that the tone itself has."""


def heard(call: Call) -> NDArray[np.int32]:
    """All that was played, from the first packet to the last, and half a second of silence."""
    sound = np.frombuffer(recording(call.packets, call.rate), np.int16).astype(np.int32)
    return np.concatenate((sound, np.zeros(call.rate // 2, np.int32)))


@pytest.mark.parametrize("offset", [0.5, 0.503, 0.511, 0.517, 0.8, 1.1])
@pytest.mark.parametrize("typed", [False, True])
def test_f29_an_interrupted_answer_fades_out(offset: float, typed: bool) -> None:
    words = "No, please stop that now."
    step: Step = Type(words, bot_starts(offset)) if typed else Say(words, bot_starts(offset))
    llm = FakeLLM([LONG, Answer("", ttft=30.0)], per_token=0.0)
    call = run_call(voice_bot(llm, tts=Hum()), [QUESTION, step, End(after(3.0))])
    sound = heard(call)
    assert np.abs(np.diff(sound)).max() < 2.5 * SMOOTH, "it was cut hard"
    when = min(at for kind in ("PauseBot", "Interrupt") for at, _ in decided(call, kind))
    last = int(np.flatnonzero(sound)[-1])
    assert last / call.rate - when < 0.02 + 0.005, "it goes on for longer than a packet and its fade"


def test_f29_neither_a_pause_nor_going_on_clicks() -> None:
    """A hard cut is a step from full amplitude to silence; with the fades no step is larger than usual."""
    wave = (8000 * np.sin(2 * np.pi * 440 * np.arange(9600) / 24000)).astype("<i2")
    player = Player(24000, 480)
    player.add(1, wave.tobytes())
    packets = [player.pull()]
    player.pause()
    fade = player.pull()
    assert fade is not None
    assert any(fade.pcm), "it stops without a fade"
    packets.append(fade)
    assert player.pull() is None
    player.resume()
    while (packet := player.pull()) is not None:
        packets.append(packet)
    sound = np.frombuffer(b"".join(one.pcm for one in packets if one is not None), "<i2").astype(np.int32)
    assert np.abs(np.diff(sound)).max() <= 1.1 * np.abs(np.diff(wave.astype(np.int32))).max()


class Cold:
    """Every service of a bot, each of which takes `load` seconds to load: in `warm`, or at its first use."""

    def __init__(self, load: float) -> None:
        self.load = load
        self.warmed: list[str] = []
        self.late: list[str] = []

    async def warm(self, name: str) -> None:
        """Load in time."""
        await asyncio.sleep(self.load)
        self.warmed.append(name)

    async def use(self, name: str) -> None:
        """Load now, if that was not done before."""
        if name not in self.warmed:
            self.late.append(name)
            await self.warm(name)


class ColdLLM(FakeLLM):
    def __init__(self, cold: Cold) -> None:
        super().__init__(otherwise="It is sunny.")
        self.cold = cold

    async def warm(self) -> None:
        await self.cold.warm("llm")

    async def generate(self, context: Context) -> AsyncGenerator[TextDelta | ToolCall | Usage, None]:
        await self.cold.use("llm")
        async for item in super().generate(context):
            yield item


class ColdTTS(FakeTTS):
    def __init__(self, cold: Cold) -> None:
        super().__init__()
        self.cold = cold

    async def warm(self) -> None:
        await self.cold.warm("tts")

    async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Audio | WordTiming, None]:
        await self.cold.use("tts")
        async for item in super().speak(text):
            yield item


class ColdTurnModel(FakeTurnModel):
    def __init__(self, cold: Cold) -> None:
        super().__init__()
        self.cold = cold

    async def warm(self) -> None:
        await self.cold.warm("model")

    async def predict(self, turn: Audio) -> TurnPrediction:
        await self.cold.use("model")
        return await super().predict(turn)


class ColdSTT(FakeSTT):
    def __init__(self, cold: Cold) -> None:
        super().__init__()
        self.cold = cold

    async def warm(self) -> None:
        await self.cold.warm("stt")


def cold_bot(cold: Cold, started: list[float]) -> Bot:
    """Takes note of when the session started."""

    class NotesStart(FakeVAD):
        async def warm(self) -> None:
            await cold.warm("vad")

        def probability(self, pcm: bytes) -> float:
            started.append(asyncio.get_running_loop().time())
            return super().probability(pcm)

    turns = Turns(model=ColdTurnModel(cold))
    return voice_bot(ColdLLM(cold), vad=NotesStart(), stt=ColdSTT(cold), tts=ColdTTS(cold), turns=turns)


def test_f30_everything_is_loaded_at_once_before_the_first_turn() -> None:
    cold, started = Cold(2.0), list[float]()
    call = run_call(cold_bot(cold, started), [QUESTION])
    assert started[0] == pytest.approx(2.0, abs=0.1), "they load side by side, and the call waits for that"
    assert sorted(cold.warmed) == ["llm", "model", "stt", "tts", "vad"]
    assert cold.late == []
    expect(call).heard("It is sunny.")


def test_f30_the_first_answer_is_as_quick_as_the_second() -> None:
    script = [Say("Is it sunny?", after(0.5)), Say("Is it sunny?", after(4.0))]
    call = run_call(cold_bot(Cold(2.0), []), script)
    waits = [turn.start - said.end for turn, said in zip(call.bot_turns, call.spoken, strict=True)]
    assert waits[0] == pytest.approx(waits[1], abs=0.05)
