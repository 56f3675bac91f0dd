"""Bot files: every mistake is told in one line that says what to change."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from antiphon import Pipeline, Session
from antiphon.bots import BotError, BotFailed, build, load_bot

GOOD = "from antiphon import Pipeline\nasync def bot(session):\n    return Pipeline([])\n"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "my_bot.py"
    path.write_text(text)
    return path


def made(tmp_path: Path, text: str) -> object:
    bot = load_bot(written(tmp_path, text))
    return asyncio.run(build(bot, Session()))


def test_a_good_bot(tmp_path: Path) -> None:
    assert isinstance(made(tmp_path, GOOD), Pipeline)


def test_a_bot_may_return_a_list(tmp_path: Path) -> None:
    text = "from antiphon import Processor\nasync def bot(session):\n    return [Processor()]\n"
    assert isinstance(made(tmp_path, text), Pipeline)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("async def bot(session)\n    pass\n", r"my_bot.py, line 1: expected ':'"),
        ("x = 1\n", "has no bot: define `async def bot"),
        ("def bot(session):\n    return None\n", "a plain function"),
        ("bot = 3\n", "of type int"),
        ("import no_such_module_at_all\n", "No module named 'no_such_module_at_all'.*my_bot.py, line 1"),
        ("raise SystemExit(3)\n", "failed when it was loaded: SystemExit"),
        ("async def bot(session):\n    return None\n", "returned nothing"),
        ("async def bot(session):\n    return 5\n", "must return a pipeline: .*not of 5"),
        ("async def bot(session):\n    return [3]\n", "processors and services, not of 3"),
        ("async def bot(session):\n    return 1 / 0\n", r"ZeroDivisionError: .*my_bot.py, line 2"),
        ("async def bot():\n    pass\n", "bot.. takes 0 positional arguments"),
    ],
)
def test_mistakes(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BotError, match=said) as caught:
        made(tmp_path, text)
    assert "\n" not in str(caught.value)


def test_a_bot_that_fails_is_told_apart_from_one_that_gives_something_else(tmp_path: Path) -> None:
    with pytest.raises(BotFailed):
        made(tmp_path, "async def bot(session):\n    return session.data['name']\n")
    with pytest.raises(BotError) as caught:
        made(tmp_path, "async def bot(session):\n    return 5\n")
    assert not isinstance(caught.value, BotFailed)


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ("[transport.output(), transport.input()]", "transport.output.. stands before transport.input"),
        ("[transport.input(), FakeTTS()]", "Nobody hears FakeTTS, .* put transport.output.. after it"),
    ],
)
def test_a_transport_in_the_wrong_place(tmp_path: Path, order: str, said: str) -> None:
    text = (
        "from antiphon.testing import FakeTTS\nfrom antiphon.transports.memory import MemoryTransport\n"
        f"async def bot(session):\n    transport = MemoryTransport()\n    return {order}\n"
    )
    with pytest.raises(BotError, match=said):
        made(tmp_path, text)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(BotError, match="There is no bot file"):
        load_bot(tmp_path / "absent.py")


def test_the_built_in_bot_needs_no_file() -> None:
    assert load_bot(None).__name__ == "bot"
