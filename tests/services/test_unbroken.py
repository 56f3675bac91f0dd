"""A recogniser that breaks off is started anew, is told of, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable

import pytest

from antiphon.clock import run_virtual
from antiphon.services.base import Audio, EndTurn, Flush, Notice, ServiceError, Transcript
from antiphon.services.settings import apply_settings
from antiphon.services.unanswered import SpeechItem
from antiphon.services.unbroken import Recognised, Unbroken
from antiphon.testing import Fail, FakeSTT, Utterance, check_stt

SPEECH = Utterance("one two")


async def turn() -> AsyncGenerator[SpeechItem, None]:
    yield Audio(SPEECH.pcm, SPEECH.rate)
    yield Flush()
    yield EndTurn()


def recognised(stt: Unbroken) -> list[Recognised]:
    async def run() -> list[Recognised]:
        return [item async for item in stt.transcribe(turn())]

    return run_virtual(run())


def finals(items: list[Recognised]) -> list[str]:
    return [item.text for item in items if isinstance(item, Transcript) and item.final]


def test_it_conforms_whether_or_not_the_one_inside_breaks() -> None:
    assert run_virtual(check_stt(lambda: Unbroken(FakeSTT()))).cancellations > 0
    assert run_virtual(check_stt(lambda: Unbroken(FakeSTT(fault=Fail(0))))).cancellations > 0


@pytest.mark.parametrize("seed", range(5))
def test_no_word_is_lost_and_the_break_is_told(seed: int) -> None:
    async def run() -> list[Recognised]:
        return [item async for item in Unbroken(FakeSTT(fault=Fail(0, "broken"))).transcribe(turn())]

    items = run_virtual(run(), seed=seed)
    assert finals(items) == ["one two"]
    assert [item for item in items if isinstance(item, Notice)] == [Notice("broken")]


class Severed(FakeSTT):
    """Is cut off while it waits for more, as a network connection may be."""

    async def transcribe(self, audio: AsyncIterable[SpeechItem]) -> AsyncGenerator[Transcript, None]:
        items = aiter(audio)
        await anext(items)
        raise ServiceError("no route", fatal=self.finals != [])
        yield


def test_one_that_never_gets_anywhere_is_given_up_after_its_attempts() -> None:
    with pytest.raises(ServiceError, match="no route"):
        recognised(Unbroken(Severed()))


def test_a_fatal_break_is_the_end() -> None:
    stt = FakeSTT(fault=[Fail(0, "the key is wrong", fatal=True)])
    with stt, pytest.raises(ServiceError, match="the key is wrong"):
        recognised(Unbroken(stt))


def test_settings_reach_the_one_inside() -> None:
    inside = FakeSTT()
    apply_settings(Unbroken(inside), {"gated": False})
    assert inside.gated is False
