"""What a bot shows is seen: a picture, then an animation, as pixels of the page in Chromium."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect

from .chromium import MICROPHONE, chromium
from .page import TalkPage
from .picture_bot import BLUE, PLACES
from .serving import served

pytestmark = [pytest.mark.slow, pytest.mark.alone]

BOT = Path(__file__).with_name("picture_bot.py")
FRAMES = 20
LOOKS = 5
"""A busy machine shows only some of the frames: then the steps are longer, and it is looked at again."""

PIXELS = """(places) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 240 });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(document.querySelector("#picture"), 0, 0, 320, 240);
  return places.map((x) => [...pen.getImageData(x, 120, 1, 1).data.slice(0, 3)]);
}"""

EACH_FRAME = f"""async ([places, count]) => {{
  const video = document.querySelector("#picture"), pixels = {PIXELS}, seen = [];
  while (seen.length < count) {{
    await new Promise((shown) => video.requestVideoFrameCallback(shown));
    seen.push(pixels(places));
  }}
  return seen;
}}"""

Colour = list[int]


def blue(colour: Colour) -> bool:
    """Near enough, after a lossy codec."""
    return all(abs(got - want) < 40 for got, want in zip(colour, BLUE, strict=True))


def squares(colours: list[Colour]) -> list[int]:
    """The places that are white."""
    return [place for place, colour in enumerate(colours) if min(colour) > 180]


def wanders(where: list[int]) -> bool:
    """Has it been everywhere, and went to the next place on the right more often than anywhere else?"""
    steps = [(after - before) % len(PLACES) for before, after in pairwise(where) if after != before]
    everywhere = set(where) == set(range(len(PLACES)))
    return everywhere and len(steps) >= FRAMES // 4 and steps.count(1) > len(steps) / 2


def look(page: TalkPage) -> list[int]:
    """Where the square was, in as many frames as show that it wanders; at last, in the last ones."""
    where: list[int] = []
    for _ in range(LOOKS):
        shown = page.page.evaluate(EACH_FRAME, [[*PLACES], FRAMES])
        where = [white[0] for white in map(squares, shown) if len(white) == 1]
        if wanders(where):
            break
    return where


def test_a_picture_is_shown_and_then_a_sprite_moves(playwright: Playwright) -> None:
    with served(BOT) as server, chromium(playwright, *MICROPHONE) as browser:
        page = TalkPage(browser, server.url)
        picture = page.page.locator("#picture")
        expect(picture).to_be_hidden()
        page.talk()
        expect(picture).to_be_visible()
        page.page.wait_for_function(f"(places) => ({PIXELS})(places)[0][2] > 150", arg=[*PLACES])
        assert all(map(blue, page.page.evaluate(PIXELS, [*PLACES])))
        page.picture("picture")
        page.type("Move!")
        page.page.wait_for_function(f"(places) => ({PIXELS})(places).some((c) => c[0] > 180)", arg=[*PLACES])
        where = look(page)
        page.picture("sprite")
        assert wanders(where), where
        page.call.click()
        expect(picture).to_be_hidden()
        assert page.complaints == []
        page.close()
