"""A recogniser with reserves: no word is lost or said twice, whichever of them breaks off, and when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.clock import run_virtual
from antiphon.services.base import STT, Audio, EndTurn, Flush, Notice, ServiceError, Transcript
from antiphon.services.combinators import Fallback
from antiphon.services.unanswered import SpeechItem
from antiphon.services.unbroken import Recognised, Unbroken
from antiphon.testing import Delay, Fail, FakeSTT, Hang, Utterance, check_stt
from effort import examples

TURNS = ("one two three", "four five", "six", "seven eight nine ten")


async def speech(turns: Sequence[str], pause: float = 3.0) -> AsyncIterator[SpeechItem]:
    """Turn after turn in pieces of 100 ms, at the pace of speech."""
    for number, text in enumerate(turns):
        utterance = Utterance(text, id=number)
        step = round(utterance.rate * 0.2)
        for at in range(0, len(utterance.pcm), step):
            await asyncio.sleep(0.1)
            yield Audio(utterance.pcm[at : at + step], utterance.rate)
        yield Flush()
        yield EndTurn()
        await asyncio.sleep(pause)


def recognised(stt: STT, pause: float = 3.0) -> list[Recognised]:
    async def run() -> list[Recognised]:
        return [item async for item in stt.transcribe(speech(TURNS, pause))]

    return run_virtual(run())


def finals(items: Sequence[Recognised]) -> list[str]:
    """The final text of each segment."""
    texts = {item.segment: item.text for item in items if isinstance(item, Transcript) and item.final}
    return [text for _, text in sorted(texts.items())]


def notices(items: Sequence[Recognised]) -> list[str]:
    return [item.text for item in items if isinstance(item, Notice)]


@pytest.mark.parametrize("fatal", [False, True])
def test_the_next_hears_the_turn_again_in_which_the_first_broke_off(fatal: bool) -> None:
    items = recognised(Fallback([FakeSTT(fault=Fail(1, "the line broke", fatal=fatal)), FakeSTT()]))
    assert finals(items) == list(TURNS)
    assert notices(items) == ["FakeSTT failed, FakeSTT is asked instead: the line broke"]


class Counting(FakeSTT):
    """Knows how often it was listened to."""

    streams = 0

    def transcribe(self, audio: AsyncIterable[SpeechItem]) -> AsyncGenerator[Transcript, None]:
        self.streams += 1
        return super().transcribe(audio)


def test_after_its_rest_the_first_is_listened_to_again_from_the_beginning_of_a_turn() -> None:
    first, second = Counting(fault=Fail(0)), Counting()
    items = recognised(Fallback([first, second], rest=5.0))
    assert finals(items) == list(TURNS)
    assert (first.streams, second.streams) == (2, 1)
    assert second.finals == list(TURNS[:2])
    assert first.finals == list(TURNS[2:])


def test_where_it_fails_again_the_reserve_goes_on() -> None:
    first, second = Counting(fault=[Fail(0), Fail(1)]), Counting()
    items = recognised(Fallback([first, second], rest=4.0))
    assert finals(items) == list(TURNS)
    assert first.streams > 1
    assert len(notices(items)) == 2


def test_one_that_does_not_answer_in_time_is_followed_by_the_next() -> None:
    first = FakeSTT(fault=Hang(0))
    items = recognised(Fallback([first, FakeSTT()], patience=2.0))
    assert finals(items) == list(TURNS)
    assert notices(items) == ["FakeSTT failed, FakeSTT is asked instead: FakeSTT gave nothing for 2 s"]


def test_the_last_one_is_waited_for() -> None:
    items = recognised(Fallback([FakeSTT(fault=Fail(0, fatal=True)), FakeSTT(delay=9.0)], patience=1.0), 9.0)
    assert finals(items) == list(TURNS)


def test_where_all_have_failed_the_last_failure_is_raised() -> None:
    faults = [Fail(0, "no line")]
    with pytest.raises(ServiceError, match="no line"):
        recognised(Fallback([FakeSTT(fault=faults), FakeSTT(fault=faults)]))


def test_in_a_host_it_is_tried_again_when_one_could_do_better() -> None:
    """The second one is of no use, but the first was only cut off."""
    stt = Unbroken(Fallback([FakeSTT(fault=Fail(0)), FakeSTT(fault=Fail(0, "no key", fatal=True))]))
    items = recognised(stt)
    assert finals(items) == list(TURNS)
    assert notices(items)[1:] == ["no key"]


def test_it_wants_speech_only_if_one_of_them_does() -> None:
    assert Fallback([FakeSTT(gated=False), FakeSTT(gated=True)]).gated
    assert not Fallback([FakeSTT(gated=False), FakeSTT(gated=False)]).gated


faults = st.lists(st.builds(Fail, at=st.integers(0, 5)), max_size=3, unique_by=lambda fault: fault.at)


@given(
    first=faults,
    second=faults,
    rest=st.sampled_from([0.5, 4.0, 60.0]),
    delay=st.sampled_from([0.05, 0.7]),
    partials=st.sampled_from([None, 0.15]),
    seed=st.integers(0, 99),
)
@examples(150)
def test_whoever_fails_and_when(
    first: list[Fail], second: list[Fail], rest: float, delay: Delay, partials: float | None, seed: int
) -> None:
    """A third one that never fails stands behind them."""
    services = [FakeSTT(fault=fault, delay=delay, partial_every=partials) for fault in (first, second, [])]

    async def run() -> list[Recognised]:
        return [item async for item in Fallback(services, rest=rest).transcribe(speech(TURNS))]

    items = run_virtual(run(), seed=seed)
    assert finals(items) == list(TURNS)
    asked = [item.segment for item in items if isinstance(item, Transcript) and item.final]
    assert len(asked) == len(TURNS), "each Flush is answered once"


@pytest.mark.parametrize("fault", [None, Fail(0), Hang(0)])
def test_it_conforms_whatever_the_first_does(fault: Fail | Hang | None) -> None:
    def reserved() -> STT:
        return Fallback([FakeSTT(fault=fault), FakeSTT()], patience=1.0)

    assert run_virtual(check_stt(reserved)).cancellations > 0
