"""A bot that shows a blue picture at once and, whatever is typed, a white square that wanders over it."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from antiphon import Pipeline, Session
from antiphon.dispatch import on
from antiphon.frames import Frame, InputTextRawFrame, OutputImageRawFrame, SpriteFrame, StartFrame
from antiphon.processor import Processor

SIZE = (320, 240)
PLACES = (40, 120, 200, 280)
"""Where the middle of the square is, in pixels from the left."""

BLUE = (20, 60, 200)


def picture(place: int | None = None) -> OutputImageRawFrame:
    """Blue pixels, with a white square of 60 pixels around this place."""
    width, height = SIZE
    pixels = np.full((height, width, 3), BLUE, np.uint8)
    if place is not None:
        pixels[90:150, place - 30 : place + 30] = 255
    return OutputImageRawFrame(pixels.tobytes(), SIZE)


class Screen(Processor):
    """Shows pictures to whoever calls."""

    @on(StartFrame)
    def start(self, frame: StartFrame) -> Generator[Frame, None, None]:
        yield picture()

    @on(InputTextRawFrame)
    def typed(self, frame: InputTextRawFrame) -> SpriteFrame:
        return SpriteFrame(tuple(picture(place) for place in PLACES), frames_per_second=8, loop=True)


async def bot(session: Session) -> Pipeline:
    return Pipeline([session.transport.input(), Screen(), session.transport.output()])
