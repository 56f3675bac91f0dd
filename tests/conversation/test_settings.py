"""Settings that change while a session runs, and pictures in their place."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from antiphon import Pipeline, Processor, Session, on
from antiphon.clock import run_virtual
from antiphon.frames import Frame, TextFrame, TTSUpdateSettingsFrame, URLImageRawFrame
from antiphon.services.base import Audio, Picture, ServiceError
from antiphon.services.settings import apply_settings
from antiphon.session import SessionResult


class Voice:
    """A voice with one setting."""

    def __init__(self) -> None:
        self.speed = 1.0

    async def speak(self, text: object) -> AsyncIterator[Audio]:
        yield Audio(bytes(480), 24000)


class Painter:
    """Draws every prompt as its own bytes."""

    async def draw(self, prompt: str) -> AsyncIterator[Picture]:
        yield Picture(data=prompt.encode())


class Giver(Processor):
    """Sends frames at the start of the stream."""

    gives = (TextFrame,)


class Keeper(Processor):
    """Keeps what arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Frame] = []

    @on(Frame)
    def keep(self, frame: Frame) -> None:
        self.kept.append(frame)


def through(service: object, *frames: Frame) -> tuple[SessionResult, list[Frame]]:
    keeper = Keeper()

    async def main() -> SessionResult:
        session = Session()
        for frame in frames:
            session.receive(frame)
        session.end()
        return await session.run(Pipeline([Giver(), service, keeper]))

    return run_virtual(main()), keeper.kept


def test_a_setting_is_changed_on_the_way() -> None:
    voice = Voice()
    result, _ = through(voice, TTSUpdateSettingsFrame({"speed": 1.5}))
    assert voice.speed == 1.5
    assert not result.errors


def test_an_unknown_setting_is_told_and_nothing_changes() -> None:
    voice = Voice()
    result, _ = through(voice, TTSUpdateSettingsFrame({"speed": 2.0, "pitch": 3}))
    assert voice.speed == 1.0
    assert "Voice has no setting 'pitch'; it has: speed." in result.errors[0].error


def test_what_is_not_a_setting_cannot_be_set() -> None:
    with pytest.raises(ServiceError):
        apply_settings(Voice(), {"speak": None})
    with pytest.raises(ServiceError):
        apply_settings(Voice(), {"__class__": None})


def test_a_picture_follows_its_text() -> None:
    _, kept = through(Painter(), TextFrame("a cat"), TextFrame("a dog"))
    seen = [
        frame.text if isinstance(frame, TextFrame) else frame.data
        for frame in kept
        if isinstance(frame, (TextFrame, URLImageRawFrame))
    ]
    assert seen == ["a cat", b"a cat", "a dog", b"a dog"]
