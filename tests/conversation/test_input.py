"""The input transport: whatever the rate, mono at the session's rate; nothing before the start is lost."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from antiphon.audio.pcm import samples
from antiphon.clock import run_virtual
from antiphon.frames import Frame, InputAudioRawFrame, InputTextRawFrame, InputTransportMessageFrame
from antiphon.pipeline import Pipeline
from antiphon.routing import Tee
from antiphon.session import Session
from antiphon.transports.memory import MemoryTransport

PACKETS = 100


def _received(rate: int, channels: int, *, early: bool) -> list[Frame]:
    """Two seconds of sound in packets of 20 ms."""
    seen: list[Frame] = []

    async def run() -> None:
        line = MemoryTransport()
        session = Session(transport=line)
        packet = np.full(channels * rate // 50, 1200, dtype="<i2").tobytes()

        def speak() -> None:
            for _ in range(PACKETS):
                line.source.receive_audio(packet, rate, channels)
            line.source.receive_text("hello", run=False)
            line.source.receive_message({"a": 1})
            session.end()

        if early:
            speak()
        else:
            asyncio.get_running_loop().call_at(1.0, speak)
        await session.run(Pipeline([line.input(), Tee(seen.append), line.output()]))

    run_virtual(run())
    return seen


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize(
    ("rate", "channels"), [(16000, 1), (48000, 2), (8000, 1), (44100, 1), (22050, 1), (11111, 1)]
)
def test_sound_of_any_rate_becomes_mono_at_the_rate_of_the_session(
    rate: int, channels: int, early: bool
) -> None:
    frames = [
        frame for frame in _received(rate, channels, early=early) if isinstance(frame, InputAudioRawFrame)
    ]
    assert {(frame.sample_rate, frame.num_channels) for frame in frames} == {(16000, 1)}
    sound = samples(b"".join(frame.audio for frame in frames))
    assert len(sound) == pytest.approx(2 * 16000, abs=1700)
    assert np.median(sound) == pytest.approx(1200, abs=2)


def test_usual_rates_come_out_at_once() -> None:
    for rate in (8000, 24000, 48000):
        frames = [frame for frame in _received(rate, 1, early=False) if isinstance(frame, InputAudioRawFrame)]
        late = 2 * 16000 - sum(len(frame.audio) // 2 for frame in frames)
        assert late <= 100


def test_text_and_messages_come_in_order() -> None:
    frames = _received(16000, 1, early=True)
    kept = [frame for frame in frames if isinstance(frame, (InputTextRawFrame, InputTransportMessageFrame))]
    assert kept == [InputTextRawFrame("hello", run=False), InputTransportMessageFrame({"a": 1})]
