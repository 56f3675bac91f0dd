"""The options of `antiphon run`: what each is called, what it takes, and what its help says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from antiphon.server.settings import Auth

SCHEMES = ("stun:", "stuns:", "turn:", "turns:")
"""What the address of an ICE server begins with (RFC 7064, RFC 7065)."""


def _ice_servers(addresses: list[str] | None) -> list[str] | None:
    for address in addresses or ():
        if not address.startswith(SCHEMES):
            raise typer.BadParameter(f"{address!r} is not like stun:stun.example.com:3478 or turn:...")
    return addresses


BotFile = Annotated[
    Path | None, typer.Argument(help="A Python file with `async def bot(session)`; else the local bot.")
]
Host = Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 for all.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes any free one.")]
Reload = Annotated[
    bool, typer.Option("--reload", help="Start anew whenever a Python file beside the bot changes.")
]
OpenPage = Annotated[bool, typer.Option("--open", help="Open the page in a browser.")]
AllowedOrigins = Annotated[
    list[str] | None,
    typer.Option("--allowed-origins", help="A web page elsewhere that may use it, or *; repeatable."),
]
Admission = Annotated[Auth, typer.Option(help="token: only who got one from POST /start.")]
MaxSessions = Annotated[int, typer.Option(min=1, help="Calls at the same time.")]
MaxMinutes = Annotated[float | None, typer.Option(min=0.01, help="The longest that a call may last.")]
Drain = Annotated[float, typer.Option(min=0, help="Seconds that calls may go on after a SIGTERM.")]
IceServers = Annotated[
    list[str] | None,
    typer.Option("--ice-server", callback=_ice_servers, help="A STUN or TURN server for WebRTC; repeatable."),
]
TrustProxy = Annotated[
    str, typer.Option(help="Proxies whose X-Forwarded headers count; addresses with commas, or *.")
]
Watch = Annotated[
    bool | None,
    typer.Option(
        "--watch/--no-watch", help="Show on the page what goes on inside; by default if --host is local."
    ),
]
Record = Annotated[
    Path | None,
    typer.Option(help="Keep a log of every call in this folder; `antiphon replay` runs them again."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Log in JSON, one object per line.")]
