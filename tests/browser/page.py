"""The server's own page, as somebody with a browser uses it; and what went over the network meanwhile."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, expect

SCREENSHOTS = "ANTIPHON_SCREENSHOTS"
"""Names a folder for pictures of the page, to be looked at."""

WAIT_MS = 30_000
expect.set_options(timeout=WAIT_MS)

IGNORED = ("Failed to load resource", "WebSocket connection")


class TalkPage:
    """The page in a context of its own. `complaints` are what the browser's console says is wrong."""

    def __init__(self, browser: Browser, url: str, *, microphone: bool = True, **options: Any) -> None:
        permissions = ["microphone"] if microphone else []
        self.context: BrowserContext = browser.new_context(permissions=permissions, **options)
        self.context.set_default_timeout(WAIT_MS)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type != "log" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(f"{url}/")
        self.call = self.page.locator("#call")
        self.mute = self.page.locator("#mute")
        self.status = self.page.get_by_role("status")
        self.transcript = self.page.get_by_role("log", name="Conversation")
        self.problem = self.page.get_by_role("alert")

    def talk(self) -> None:
        """Press the button, and wait until the bot is there."""
        self.call.click()
        expect(self.call).to_have_text("Hang up")
        expect(self.mute).to_be_visible(timeout=WAIT_MS)

    def type(self, text: str) -> None:
        self.page.get_by_label("Type to the bot").fill(text)
        self.page.keyboard.press("Enter")

    def picture(self, name: str) -> None:
        """Take a picture of the whole page, if a folder for them is given."""
        folder = os.environ.get(SCREENSHOTS)
        if folder:
            self.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)

    def close(self) -> None:
        self.context.close()
