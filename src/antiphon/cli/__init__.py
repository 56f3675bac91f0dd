"""The command line."""


def main() -> None:
    """Entry point of the `antiphon` command."""
