"""The test kit: whole conversations as ordinary tests, in virtual time, without a model or a network.

- `run_call` holds a call between a bot and a scripted caller (`Say`, `MakeNoise`, `Type`, `HangUp`, `End`).
- `FakeVAD`, `FakeSTT`, `FakeTurnModel`, `FakeLLM`, `FakeTTS` are services with behaviour: they work on tagged
  audio (`Utterance`, `decode`), so that a test reads from the recording itself what was heard.
- `check_stt`, `check_llm`, `check_tts` hold any service, yours too, to what hosts rely on.
"""

from antiphon.testing.bots import voice_bot
from antiphon.testing.call import BotTurn, Call, Spoken, Timed, recording
from antiphon.testing.caller import Bot, CallerGaveUp, hold_call, run_call
from antiphon.testing.conformance import ConformanceError, Report, check_llm, check_stt, check_tts
from antiphon.testing.delays import Delay, LogNormal, Steps
from antiphon.testing.fake_llm import Answer, FakeLLM
from antiphon.testing.fake_stt import FakeSTT
from antiphon.testing.fake_tts import FakeTTS
from antiphon.testing.fake_turn_model import FakeTurnModel
from antiphon.testing.fake_vad import FakeVAD
from antiphon.testing.microphone import Microphone
from antiphon.testing.scripted import Fail, Hang, Scripted
from antiphon.testing.steps import (
    Cue,
    End,
    HangUp,
    MakeNoise,
    Say,
    Step,
    Type,
    When,
    after,
    at,
    bot_starts,
    bot_stops,
)
from antiphon.testing.tagged import (
    Block,
    Found,
    HeardWord,
    Kind,
    Noise,
    Span,
    TagReader,
    Utterance,
    blocks,
    decode,
    text_of,
    words_of,
)

__all__ = [
    "Answer",
    "Block",
    "Bot",
    "BotTurn",
    "Call",
    "CallerGaveUp",
    "ConformanceError",
    "Cue",
    "Delay",
    "End",
    "Fail",
    "FakeLLM",
    "FakeSTT",
    "FakeTTS",
    "FakeTurnModel",
    "FakeVAD",
    "Found",
    "Hang",
    "HangUp",
    "HeardWord",
    "Kind",
    "LogNormal",
    "MakeNoise",
    "Microphone",
    "Noise",
    "Report",
    "Say",
    "Scripted",
    "Span",
    "Spoken",
    "Step",
    "Steps",
    "TagReader",
    "Timed",
    "Type",
    "Utterance",
    "When",
    "after",
    "at",
    "blocks",
    "bot_starts",
    "bot_stops",
    "check_llm",
    "check_stt",
    "check_tts",
    "decode",
    "hold_call",
    "recording",
    "run_call",
    "text_of",
    "voice_bot",
    "words_of",
]
