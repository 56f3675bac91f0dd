"""The bot of a scenario: the usual voice bot, with answers, delays and failures as written, drawn by seed."""

from __future__ import annotations

from antiphon.context import Context, UserMessage
from antiphon.services.base import ServiceError
from antiphon.services.turns import Turns
from antiphon.testing.bots import voice_bot
from antiphon.testing.caller import Bot
from antiphon.testing.delays import Delay, LogNormal, seconds
from antiphon.testing.fake_llm import Answer, FakeLLM, last_said
from antiphon.testing.fake_stt import FakeSTT
from antiphon.testing.fake_tts import FakeTTS
from antiphon.testing.fake_turn_model import FakeTurnModel, by_punctuation
from antiphon.testing.scenario import AnswerScript, BotScript, DelayScript, FaultScript, PolicyScript, Spread
from antiphon.testing.scripted import Fail, Fault, Hang
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
    faults = script.faults
    stt = {fault.call: fault for fault in faults if fault.service == "stt"}
    first = min(stt, default=None)
    model = _model(faults, _delay(delays.model, 4 * seed + 3)) if script.policy.model else None
    return voice_bot(
        FakeLLM(otherwise=_Answers(script), ttft=_delay(delays.llm, 4 * seed + 1)),
        stt=FakeSTT(
            delay=_delay(delays.stt, 4 * seed),
            fault=None if first is None else _fault(stt[first], at=first),
        ),
        tts=FakeTTS(
            ttfa=_delay(delays.tts, 4 * seed + 2),
            faults={fault.call: _fault(fault, at=fault.at) for fault in faults if fault.service == "tts"},
        ),
        turns=Turns(model=model, policy=turn_policy(script.policy)),
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
        reminders=tuple(Reminder(each.after, each.text, each.end) for each in script.reminders),
    )


class _Answers:
    """Chooses by what was said, never by how often it was asked: a speculation uses nothing up."""

    def __init__(self, script: BotScript) -> None:
        self._otherwise = script.otherwise
        self._fitting = [each for each in script.answers if isinstance(each, AnswerScript)]
        self._by_place = [each for each in script.answers if isinstance(each, str)]
        self._faults = {fault.call: fault for fault in script.faults if fault.service == "llm"}
        self._requests = 0

    def __call__(self, context: Context) -> Answer:
        fault = self._faults.get(self._requests)
        self._requests += 1
        return Answer(self._text(context), fault=None if fault is None else _fault(fault, at=fault.at))

    def _text(self, context: Context) -> str:
        said = last_said(context).casefold()
        for each in self._fitting:
            if each.when.casefold() in said:
                return each.text
        place = sum(isinstance(message, UserMessage) for message in context.messages) - 1
        return self._by_place[place] if 0 <= place < len(self._by_place) else self._otherwise


def _model(faults: tuple[FaultScript, ...], delay: Delay) -> FakeTurnModel:
    """An end-of-turn model that breaks when it is told to."""
    by_call = {fault.call: fault for fault in faults if fault.service == "model"}
    begun = ended = 0

    def wait() -> float:
        nonlocal begun
        fault = by_call.get(begun)
        begun += 1
        return _FOREVER if fault is not None and fault.kind == "hang" else seconds(delay)

    def judge(said: str) -> float:
        nonlocal ended
        fault = by_call.get(ended)
        ended += 1
        if fault is not None and fault.kind == "fail":
            raise ServiceError("the fake was told to fail", fatal=fault.fatal)
        return by_punctuation(said)

    return FakeTurnModel(rule=judge, delay=wait)


def _fault(script: FaultScript, *, at: int) -> Fault:
    return Hang(at) if script.kind == "hang" else Fail(at, fatal=script.fatal)


def _delay(script: DelayScript, seed: int) -> Delay:
    return LogNormal(script.median, script.p95, seed=seed) if isinstance(script, Spread) else script
