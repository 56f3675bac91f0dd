"""The command line."""


def main() -> None:
    """Entry point of the `antiphon` command."""
    from antiphon.cli.app import app

    app()
