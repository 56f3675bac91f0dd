"""Near and far with a real voice and the real detector: a muffled voice is told from a near one in time."""

from __future__ import annotations

import statistics
from typing import NamedTuple

import pytest

from antiphon.frames import (
    VADUserLevelFrame,
    VADUserPausedFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from antiphon.services.local.hibari import Hibari
from antiphon.services.local.silero import SileroVAD
from antiphon.testing import FakeLLM, Say, after, run_call, voice_bot
from antiphon.turns.nearness import Nearness
from antiphon.turns.state import Policy

pytestmark = pytest.mark.slow

TEXTS = (
    "No.",
    "Stop.",
    "Hello?",
    "Never mind, go on.",
    "No, I meant Tuesday.",
    "Let us talk about something else.",
    "What is the weather going to be like in Seattle tomorrow?",
    "My name is Peter Miller.",
    "Which city is the capital of Australia?",
    "Turn off the lights in the kitchen.",
)
MEASURED = (
    VADUserStartedSpeakingFrame,
    VADUserLevelFrame,
    VADUserPausedFrame,
    VADUserStoppedSpeakingFrame,
)


class Told(NamedTuple):
    """A level in dBFS, so many seconds after the onset of the speech."""

    after: float
    level: float


def utterances(*, muffled: bool) -> list[list[Told]]:
    """What the detector's host told of each text, spoken by a synthetic voice."""
    script = [Say(text, after(1.5), muffled=muffled) for text in TEXTS]
    call = run_call(voice_bot(FakeLLM(otherwise=""), vad=SileroVAD()), script, voice=Hibari())
    found: list[list[Told]] = []
    onset, open_ = 0.0, False
    for at, frame in call.frames:
        if isinstance(frame, VADUserStartedSpeakingFrame):
            if not open_:
                found.append([])
                onset = at - frame.ago
            open_ = True
        if isinstance(frame, MEASURED) and frame.level is not None:
            found[-1].append(Told(at - onset, frame.level))
        open_ = open_ and not isinstance(frame, VADUserStoppedSpeakingFrame)
    return found


def test_a_muffled_voice_is_far_and_a_near_one_is_not_when_the_bot_would_pause() -> None:
    near, muffled = utterances(muffled=False), utterances(muffled=True)
    assert len(near) >= len(TEXTS)
    assert len(muffled) >= len(TEXTS), "the detector hears them all"
    known = (statistics.median(told[-1].level for told in near),)
    judged = Nearness()
    for told in near:
        early = [each.level for each in told if each.after <= Policy().overlap_after]
        assert not judged.far(known, early[-1])
        assert not judged.far(known, told[-1].level)
    for told in muffled:
        assert all(judged.far(known, level) for _, level in told)
