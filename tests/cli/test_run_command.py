"""`antiphon run`, as far as it goes without a server: its options, its log, its listening socket."""

from __future__ import annotations

import json
import logging
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from antiphon.cli.app import app
from antiphon.cli.run import JsonLines
from antiphon.server.listening import ServeError, address_of, bind


def test_the_help_shows_what_can_be_chosen() -> None:
    shown = CliRunner().invoke(app, ["run", "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"}).output
    for option in ("--host", "--port", "--reload", "--open", "--allowed-origins", "--auth", "--max-sessions"):
        assert option in shown


def test_a_bad_option_is_told() -> None:
    result = CliRunner().invoke(app, ["run", "--port", "70000"])
    assert result.exit_code == 2


def test_an_ice_server_must_look_like_one() -> None:
    result = CliRunner().invoke(app, ["run", "--ice-server", "example.com"], env={"COLUMNS": "200"})
    assert result.exit_code == 2
    assert "'example.com' is not like stun:" in result.stderr


def test_a_bot_that_gives_no_pipeline_is_not_served(tmp_path: Path) -> None:
    bot = tmp_path / "bot.py"
    bot.write_text("async def bot(session):\n    return 1\n")
    result = CliRunner().invoke(app, ["run", str(bot), "--port", "0"])
    assert result.exit_code == 2
    assert "must return a pipeline" in result.stderr
    assert "Talk to the bot" not in result.stdout


def test_a_log_line_is_one_json_object() -> None:
    record = logging.LogRecord("antiphon", logging.ERROR, "x.py", 1, "it %s", ("broke\nhere",), None)
    line = JsonLines().format(record)
    assert json.loads(line) == {"level": "error", "logger": "antiphon", "message": "it broke\nhere"}
    assert "\n" not in line


def test_a_free_port_is_found_and_its_address_is_one_that_browsers_trust() -> None:
    with bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        assert address_of(listener) == f"http://localhost:{port}"
        with pytest.raises(ServeError, match=f"Port {port} is in use"):
            bind("127.0.0.1", port)


@pytest.mark.skipif(not hasattr(socket, "TCP_NOTSENT_LOWAT"), reason="Linux and macOS only")
def test_connections_keep_little_unsent_sound_in_the_kernel() -> None:
    with bind("127.0.0.1", 0) as listener:
        client = socket.create_connection(listener.getsockname())
        listener.setblocking(True)
        server, _ = listener.accept()
        with client, server:
            assert server.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT) == 16 * 1024
