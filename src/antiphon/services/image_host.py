"""Hosts a service that draws: a picture for each text frame, in its place in the stream."""

from __future__ import annotations

from collections.abc import AsyncIterator

from antiphon.dispatch import Direction, on
from antiphon.frames import LLMTextFrame, Metric, MetricsFrame, TextFrame, URLImageRawFrame
from antiphon.processor import Processor
from antiphon.services.base import ImageMaker, Notice, Warmable
from antiphon.services.fulfils import fulfils


class ImageHost(Processor):
    """Draws whole texts (TextFrame); the pieces that a model writes (LLMTextFrame) pass along.

    Put it beside the voice in a SyncParallelPipeline, behind something that gives whole sentences.
    """

    needs = (TextFrame,)
    gives = (URLImageRawFrame,)
    hint = "Put something that gives text before it."

    def __init__(self, maker: ImageMaker, name: str | None = None) -> None:
        super().__init__(name or type(maker).__name__)
        self.maker = maker

    def _exclusive(self) -> list[object]:
        return [self, self.maker]

    async def setup(self) -> None:
        if fulfils(self.maker, Warmable):
            await self.maker.warm()

    @on(LLMTextFrame)
    def piece(self, frame: LLMTextFrame) -> LLMTextFrame:
        return frame

    @on(TextFrame, direction=Direction.DOWNSTREAM)
    async def draw(self, frame: TextFrame) -> AsyncIterator[TextFrame | URLImageRawFrame | MetricsFrame]:
        yield frame
        began = self.session.now()
        async for image in self.maker.draw(frame.text):
            if isinstance(image, Notice):
                self.fail(image.text)
                continue
            yield MetricsFrame((Metric("ttfb", self.name, self.session.now() - began),))
            yield URLImageRawFrame(image.url, image.data, image.mime)
