"""The bot hangs up: one REST request per provider, with a deadline, tried twice.

Closing the socket alone lets most providers go on with whatever the call's instructions say next. Exotel ends
the call by itself when the socket closes. A call that is already over counts as hung up.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from antiphon.certificates import trusted
from antiphon.clock import Clock
from antiphon.services.base import ServiceError
from antiphon.transports.telephony.credentials import (
    Credentials,
    PlivoCredentials,
    TelnyxCredentials,
    TwilioCredentials,
    VonageCredentials,
    find_credentials,
)
from antiphon.transports.telephony.events import CallInfo
from antiphon.transports.telephony.tokens import epoch_seconds, vonage_token

if TYPE_CHECKING:
    import httpx

log = logging.getLogger("antiphon")

DEADLINE = 3.0
"""Seconds for both attempts together."""

ATTEMPTS = 2

ALREADY_OVER = frozenset({404, 410, 422})
"""Answers about a call that is over: unknown (Twilio, Plivo), gone, not in progress (Telnyx)."""

BASE_URLS = {
    "twilio": "https://api.twilio.com",
    "telnyx": "https://api.telnyx.com",
    "plivo": "https://api.plivo.com",
    "vonage": "https://api.nexmo.com",
}

_ID = re.compile(r"[\w:=+~-][\w:=+~.-]{0,255}", re.ASCII)


class HangUpError(Exception):
    """The call could not be ended. The message is one sentence, without secrets."""


class Ending(msgspec.Struct, frozen=True):
    """A request that ends a call. `path` begins with a slash."""

    method: str
    path: str
    headers: dict[str, str]
    content: bytes = b""


def ending(call: CallInfo, credentials: Credentials, now: float) -> Ending:
    """The request that ends this call; `now` is Unix time in seconds. HangUpError for an unusable id."""
    if _ID.fullmatch(call.call_id) is None:
        raise HangUpError(f"{call.provider} gave no id by which the call could be ended")
    call_id = quote(call.call_id, safe=":")
    match credentials:
        case TwilioCredentials(account, token):
            path = f"/2010-04-01/Accounts/{quote(account, safe='')}/Calls/{call_id}.json"
            headers = _basic(account, token) | {"Content-Type": "application/x-www-form-urlencoded"}
            return Ending("POST", path, headers, b"Status=completed")
        case TelnyxCredentials(key):
            headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
            return Ending("POST", f"/v2/calls/{call_id}/actions/hangup", headers, b"{}")
        case PlivoCredentials(account, token):
            path = f"/v1/Account/{quote(account, safe='')}/Call/{call_id}/"
            return Ending("DELETE", path, _basic(account, token))
        case VonageCredentials(application, key):
            token = vonage_token(application, key, now)
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            return Ending("PUT", f"/v1/calls/{call_id}", headers, b'{"action":"hangup"}')


class HangUp:
    """Call it to end the call. `base_url` and `client` are for other regions and for tests."""

    def __init__(
        self,
        call: CallInfo,
        credentials: Credentials,
        *,
        base_url: str | None = None,
        client: httpx.AsyncClient | None = None,
        deadline: float = DEADLINE,
    ) -> None:
        self._call = call
        self._credentials = credentials
        self._base_url = (base_url or BASE_URLS[call.provider]).rstrip("/")
        self._client = client
        self._deadline = deadline

    async def __call__(self) -> None:
        """Raises HangUpError, ServiceError when a package is missing."""
        request = ending(self._call, self._credentials, epoch_seconds(Clock(asyncio.get_running_loop())))
        try:
            async with asyncio.timeout(self._deadline):
                await self._send(request)
        except TimeoutError:
            raise HangUpError(
                f"{self._call.provider} did not answer the hang-up within {self._deadline:g} s"
            ) from None

    async def _send(self, request: Ending) -> None:
        import httpx

        if self._client is not None:
            await self._insist(self._client, request)
            return
        async with httpx.AsyncClient(timeout=self._deadline, verify=trusted()) as client:
            await self._insist(client, request)

    async def _insist(self, client: httpx.AsyncClient, request: Ending) -> None:
        problem: str | None = ""
        for _ in range(ATTEMPTS):
            problem = await self._problem(client, request)
            if problem is None:
                return
        raise HangUpError(problem or "")

    async def _problem(self, client: httpx.AsyncClient, request: Ending) -> str | None:
        """Try once. What is worth another attempt is returned; what is not raises HangUpError."""
        import httpx

        provider = self._call.provider
        try:
            answer = await client.request(
                request.method,
                self._base_url + request.path,
                headers=request.headers,
                content=request.content,
            )
        except httpx.HTTPError as error:
            return f"{provider} could not be reached for the hang-up ({type(error).__name__})"
        if answer.is_success or answer.status_code in ALREADY_OVER:
            return None
        if answer.status_code in (401, 403):
            raise HangUpError(f"{provider} refused the credentials for the hang-up ({answer.status_code})")
        if answer.status_code == 429 or answer.status_code >= 500:
            return f"{provider} failed to hang up ({answer.status_code})"
        raise HangUpError(f"{provider} refused to hang up ({answer.status_code})")


def hang_up_from_environment(call: CallInfo, environ: Mapping[str, str] = os.environ) -> HangUp | None:
    """How to end this call with the credentials in the environment. None, and a line in the log, without."""
    try:
        credentials = find_credentials(call, environ)
    except ServiceError as error:
        log.info("the call will be ended by closing its socket only: %s", error)
        return None
    return None if credentials is None else HangUp(call, credentials)


def _basic(name: str, password: str) -> dict[str, str]:
    """RFC 7617."""
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}
