"""The command line."""

import sys


def main() -> None:
    """Entry point of the `antiphon` command. Ctrl-C is answered also while its parts are being loaded."""
    try:
        from antiphon.cli.app import app

        app()
    except KeyboardInterrupt:
        sys.stderr.write("antiphon: stopped\n")
        sys.exit(130)
