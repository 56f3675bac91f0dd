"""`make demo`: fetch what is missing, start the server with the local bot, open the page."""

from __future__ import annotations

import socket
import sys

from antiphon import models
from antiphon.cli.app import app

PORT = 7860


def main() -> None:
    """Run the demo until Ctrl-C; any error has been told when this ends."""
    if models.missing(models.DEFAULT_SET):
        print("Fetching the local models (about 600 MB, once) ...")
        _antiphon("models", "fetch")
    print("Starting the local bot. Everything it needs runs on this machine. Ctrl-C ends it.")
    _antiphon("run", "--open", "--drain", "2", "--port", str(_free_port()))


def _free_port() -> int:
    """The usual port, or any other if somebody has it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", PORT))
        except OSError:
            return 0
        return PORT


def _antiphon(*arguments: str) -> None:
    """One command after the other; one that fails, and has told why, is the last."""
    try:
        code = app(list(arguments), standalone_mode=False)
    except SystemExit as ended:
        code = ended.code
    if code:
        sys.exit(code)


if __name__ == "__main__":
    sys.exit(main())
