"""The page in a real browser: its script runs under its own policy, and nothing is reported as wrong."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from antiphon.observe.timeline_html import write_timeline

from .kit import recorded
from .test_timeline_html import tone

pytestmark = pytest.mark.slow


def chromium() -> str:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("There is no Chromium here: install it to see the page tested in a browser.")
    return found


def test_the_page_runs_in_chromium(tmp_path: Path) -> None:
    call, timeline = recorded()
    page = tmp_path / "call.html"
    write_timeline(page, timeline, tone(call.seconds))
    done = subprocess.run(
        [
            chromium(),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--enable-logging=stderr",
            "--virtual-time-budget=2000",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )
    assert "--at: 0" in done.stdout
    assert "CONSOLE" not in done.stderr
    assert "Content Security Policy" not in done.stderr
