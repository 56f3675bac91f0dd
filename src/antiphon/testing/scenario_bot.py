"""The bot of a scenario: the usual voice bot, with answers, delays and failures as written, drawn by seed."""

from __future__ import annotations

import msgspec

from antiphon.judgement import Judgement
from antiphon.services.base import ServiceError
from antiphon.services.combinators import Fallback
from antiphon.services.turns import Turns
from antiphon.testing.bot_script import BotScript, DelayScript, FaultScript, PolicyScript, Spread, ToolScript
from antiphon.testing.bots import voice_bot
from antiphon.testing.caller import Bot
from antiphon.testing.delays import Delay, LogNormal, seconds
from antiphon.testing.fake_llm import FakeLLM
from antiphon.testing.fake_stt import FakeSTT
from antiphon.testing.fake_tool import FakeTool
from antiphon.testing.fake_tts import FakeTTS
from antiphon.testing.fake_turn_model import FakeTurnModel, by_punctuation
from antiphon.testing.keypad import Keypad
from antiphon.testing.scenario_answers import Answers, fault_of
from antiphon.tools.tool import Tool, ToolKind
from antiphon.turns.overlap import WordJudge
from antiphon.turns.rules import MuteWhile, Reminder, StartByPhrase, StartBySpeech, StartByWords, StartRule
from antiphon.turns.state import Policy

_MUTES = {
    "always": MuteWhile.ALWAYS,
    "bot-speaks": MuteWhile.BOT_SPEAKS,
    "first-answer": MuteWhile.FIRST_ANSWER,
    "tools": MuteWhile.TOOLS,
}
_FOREVER = 1e6


def scenario_bot(script: BotScript, seed: int = 0) -> Bot:
    """A bot for one call. Twice the same seed: the same delays."""
    delays = script.delays
    model = _model(script.faults, _delay(delays.model, 4 * seed + 3)) if script.policy.model else None
    llm, stt, tts = _llm(script, seed), _stt(script, seed), _tts(script, seed)
    sound = msgspec.structs.replace(script, faults=())
    return voice_bot(
        Fallback([llm, _llm(sound, seed)]) if "llm" in script.reserves else llm,
        stt=Fallback([stt, _stt(sound, seed)]) if "stt" in script.reserves else stt,
        tts=Fallback([tts, _tts(sound, seed)]) if "tts" in script.reserves else tts,
        turns=Turns(
            model=model,
            policy=turn_policy(script.policy),
            tools=[_tool(tool, 4 * (seed + number + 1)) for number, tool in enumerate(script.tools)],
            filler=script.filler,
        ),
        before_turns=[Keypad(script.keys)] if script.keys else [],
    )


def turn_policy(script: PolicyScript) -> Policy:
    """The policy as turn-taking knows it."""
    start: StartRule = StartBySpeech()
    if script.wake:
        start = StartByPhrase(script.wake)
    elif script.start_words is not None:
        start = StartByWords(script.start_words)
    return Policy(
        language=script.language,
        start=start,
        judge=WordJudge(script.language, min_words=script.min_words),
        transcript=script.transcript,
        monologue=script.monologue,
        speculate=script.speculate,
        eager=script.eager,
        mute=frozenset(_MUTES[name] for name in script.mute),
        push_to_talk=script.push_to_talk,
        judgement=Judgement(aside=script.aside) if script.aside else None,
        reminders=tuple(Reminder(each.after, each.text, each.end) for each in script.reminders),
    )


def _llm(script: BotScript, seed: int) -> FakeLLM:
    return FakeLLM(otherwise=Answers(script), ttft=_delay(script.delays.llm, 4 * seed + 1))


def _stt(script: BotScript, seed: int) -> FakeSTT:
    faults = [fault_of(fault, at=fault.call) for fault in script.faults if fault.service == "stt"]
    return FakeSTT(delay=_delay(script.delays.stt, 4 * seed), fault=faults)


def _tts(script: BotScript, seed: int) -> FakeTTS:
    faults = {fault.call: fault_of(fault, at=fault.at) for fault in script.faults if fault.service == "tts"}
    return FakeTTS(ttfa=_delay(script.delays.tts, 4 * seed + 2), piece=0.2, faults=faults)


def _model(faults: tuple[FaultScript, ...], delay: Delay) -> FakeTurnModel:
    """An end-of-turn model that breaks when it is told to."""
    by_call = {fault.call: fault for fault in faults if fault.service == "model"}
    begun = ended = 0

    def wait() -> float:
        nonlocal begun
        fault = by_call.get(begun)
        begun += 1
        if fault is None or fault.kind == "fail":
            return seconds(delay)
        return _FOREVER if fault.kind == "hang" else fault.seconds

    def judge(said: str) -> float:
        nonlocal ended
        fault = by_call.get(ended)
        ended += 1
        if fault is not None and fault.kind == "fail":
            raise ServiceError("the fake was told to fail", fatal=fault.fatal)
        return by_punctuation(said)

    return FakeTurnModel(rule=judge, delay=wait)


def _tool(script: ToolScript, seed: int) -> Tool:
    delay = _delay(script.seconds, seed)
    kind, timeout = ToolKind(script.kind), script.timeout
    fake = FakeTool(script.name, script.result, kind=kind, delay=delay, error=script.error, timeout=timeout)
    return fake.tool


def _delay(script: DelayScript, seed: int) -> Delay:
    return LogNormal(script.median, script.p95, seed=seed) if isinstance(script, Spread) else script
