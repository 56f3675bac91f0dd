"""Is the thought complete? The service in front of a language model, scripted, and (slow) real models."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from thoughts import FINISHED, UNFINISHED

from antiphon.context import AssistantMessage, Context, UserMessage
from antiphon.judgement import Judgement
from antiphon.models import missing
from antiphon.services.base import LLM, Local, ServiceError, TextDelta, Warmable
from antiphon.services.llm_host import Primable
from antiphon.services.local.llama_engine import Chunk
from antiphon.services.local.thought_judge import DEFAULT_MODEL, ThoughtJudge

JUDGEMENT = Judgement()
SAID = (
    Context.of("Be brief.").append(AssistantMessage("With what?")).append(UserMessage.of("I want a pizza."))
)


class Answering:
    """Answers "Yes." and keeps what it was asked."""

    local = True

    def __init__(self) -> None:
        self.asked: list[Context] = []
        self.primed: list[Context] = []

    async def generate(self, context: Context) -> AsyncIterator[TextDelta]:
        self.asked.append(context)
        yield TextDelta("Yes.")

    async def prime(self, context: Context) -> None:
        self.primed.append(context)


class Completing:
    """Gives these probabilities of the next token."""

    def __init__(self, **tokens: float) -> None:
        self.tokens = tokens
        self.prompts: list[str] = []

    def complete(self, request: dict[str, object]) -> Chunk:
        self.prompts.append(str(request["prompt"]))
        top = [{"token": token, "logprob": math.log(p)} for token, p in self.tokens.items()]
        return {"choices": [{"logprobs": {"content": [{"top_logprobs": top}]}}]}


class Silent:
    def complete(self, request: dict[str, object]) -> Chunk:
        return {"choices": []}


def judge(llm: Answering, engine: Completing | Silent, path: Path) -> ThoughtJudge:
    file = path / "model.gguf"
    file.write_bytes(b"GGUF" + bytes(64))
    return ThoughtJudge(llm, JUDGEMENT, model=file, load=lambda settings: engine)


def written(service: ThoughtJudge, context: Context) -> str:
    async def main() -> str:
        items = [item async for item in service.generate(context)]
        return "".join(item.text for item in items if isinstance(item, TextDelta))

    return asyncio.run(main())


def test_it_fits_the_protocols() -> None:
    service = ThoughtJudge(Answering(), JUDGEMENT)
    assert isinstance(service, LLM)
    assert isinstance(service, Warmable)
    assert isinstance(service, Primable)
    assert isinstance(service, Local)
    assert service.local


def test_an_unfinished_thought_gets_the_mark(tmp_path: Path) -> None:
    llm, engine = Answering(), Completing(**{" with": 0.9, ".": 0.02, "": 0.01})
    assert written(judge(llm, engine, tmp_path), JUDGEMENT.instruct(SAID)) == JUDGEMENT.short.text
    assert llm.asked == []
    assert engine.prompts[0].endswith("Assistant: With what?\nCaller: I want a pizza")


def test_a_finished_one_is_answered_without_the_instructions(tmp_path: Path) -> None:
    llm, engine = Answering(), Completing(**{" with": 0.8, ".": 0.03, "\n": 0.02, "?": 0.02})
    assert written(judge(llm, engine, tmp_path), JUDGEMENT.instruct(SAID)) == "Yes."
    assert llm.asked == [SAID]


@pytest.mark.parametrize("asked", [SAID, JUDGEMENT.insisting().instruct(SAID)])
def test_a_request_that_asks_for_no_judgement_gets_none(asked: Context, tmp_path: Path) -> None:
    llm, engine = Answering(), Completing(**{" with": 1.0})
    assert written(judge(llm, engine, tmp_path), asked) == "Yes."
    assert engine.prompts == []
    assert llm.asked == [asked]


def test_it_reads_ahead_what_it_will_be_asked(tmp_path: Path) -> None:
    llm = Answering()
    service = judge(llm, Completing(**{".": 1.0}), tmp_path)
    asyncio.run(service.prime(JUDGEMENT.instruct(SAID)))
    assert llm.primed == [SAID]


def test_instructions_alone_leave_nothing_behind() -> None:
    bare = Context().append(UserMessage.of("Hello."))
    assert JUDGEMENT.untold(JUDGEMENT.instruct(bare)) == bare
    assert JUDGEMENT.untold(bare) is None


def test_a_model_without_probabilities_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="gives no probabilities"):
        written(judge(Answering(), Silent(), tmp_path), JUDGEMENT.instruct(SAID))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "false_waits", "missed"),
    [(DEFAULT_MODEL, 2, 6), ("qwen2.5-coder-0.5b-instruct", 5, 4)],
)
def test_a_real_model_knows_what_can_end(model: str, false_waits: int, missed: int) -> None:
    """Measured: 0 and 4, 3 and 2, of forty each."""
    if model in missing([model]):
        pytest.skip(f"the model {model} is not here")
    service = ThoughtJudge(Answering(), JUDGEMENT, model=model)

    async def waits(sentences: tuple[str, ...]) -> list[str]:
        return [each for each in sentences if await service.chance(each) < service.finished]

    waited, understood = asyncio.run(waits(FINISHED)), asyncio.run(waits(UNFINISHED))
    assert len(waited) <= false_waits, waited
    assert len(UNFINISHED) - len(understood) <= missed, set(UNFINISHED) - set(understood)
