"""The page in Firefox, which draws, connects and hears in its own way."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from .firefox import started
from .page import SCREENSHOTS
from .serving import Served

pytestmark = [pytest.mark.slow, pytest.mark.alone]

TYPE = """{
  const field = document.querySelector("#text");
  field.value = "How is the weather?";
  field.dispatchEvent(new Event("input"));
  document.querySelector("#composer").requestSubmit();
}"""


def test_a_call_in_firefox(server: Served, tmp_path: Path) -> None:
    path = shutil.which("firefox") or shutil.which("firefox-esr")
    if path is None:
        pytest.skip("There is no Firefox here.")
    profile = tmp_path / "profile"
    profile.mkdir()
    with started(path, profile) as firefox:
        firefox.open(f"{server.url}/")
        assert firefox.wait("document.querySelector('#status').textContent === 'Ready when you are'")
        firefox.run("document.querySelector('#call').click()")
        firefox.wait("!document.querySelector('#mute').hidden")
        firefox.run("document.querySelector('#mute').click()")
        firefox.run(TYPE)
        answer = "document.querySelector('.bot .heard')?.textContent"
        assert firefox.wait(f"{answer} === 'Blue skies all day.' && {answer}")
        assert firefox.run("document.querySelector('#voice').currentTime") > 0
        firefox.picture(Path(os.environ.get(SCREENSHOTS, tmp_path)) / "firefox.png")
        firefox.run("document.querySelector('#call').click()")
        assert firefox.wait("document.querySelector('#call').textContent.includes('Talk again')")
        assert firefox.run("document.querySelector('#problem').hidden") is True
