"""What an OpenAI-compatible endpoint's refusals mean, in one sentence each. Keys are never part of it."""

from __future__ import annotations

from typing import Any, cast

import httpx

from antiphon.services.base import ServiceError
from antiphon.services.chat_stream import error_text

LONGEST_QUOTE = 300


class RateLimited(ServiceError):
    """Too many requests. `retry_after` is how many seconds to wait, when the server says."""

    def __init__(self, message: str, retry_after: float | None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


def no_key() -> ServiceError:
    return ServiceError(
        "OpenAI needs a key: set the environment variable OPENAI_API_KEY, or pass api_key=...; "
        "for a server of your own, pass base_url=...",
        fatal=True,
    )


def not_a_completion(base_url: str) -> ServiceError:
    return ServiceError(
        f"{base_url} sent something that is not a streamed chat completion: "
        "check base_url (it often ends in /v1)."
    )


def refusal(response: httpx.Response, model: str, base_url: str, key: str | None) -> ServiceError:
    """The error for a status other than 200. The response must have been read."""
    said = _quote(response, key)
    match response.status_code:
        case 401 | 403:
            return ServiceError(
                f"{base_url} refused the key: check OPENAI_API_KEY or api_key=... ({said})", fatal=True
            )
        case 404:
            return ServiceError(
                f"{base_url} does not know the model {model!r}, or is not the right address: "
                f"check both ({said})",
                fatal=True,
            )
        case 429:
            wait = _seconds(response.headers.get("retry-after"))
            when = f"try again in {wait:g} s" if wait is not None else "try again later"
            return RateLimited(f"{base_url} takes no more requests for now: {when} ({said})", wait)
        case 400 | 422:
            return ServiceError(f"{base_url} does not accept the request: {said}", fatal=True)
        case status:
            return ServiceError(f"{base_url} failed with status {status}: try again later ({said})")


def unreachable(error: Exception, base_url: str, timeout: httpx.Timeout) -> ServiceError:
    """The error for a connection that failed, timed out or broke."""
    match error:
        case httpx.ConnectError() | httpx.ConnectTimeout():
            return ServiceError(
                f"Nothing answers at {base_url}: start the server there, or check base_url and the network."
            )
        case httpx.TimeoutException():
            return ServiceError(
                f"{base_url} was silent for {timeout.read:g} s: try again, or raise timeout=..."
            )
        case httpx.InvalidURL() | httpx.UnsupportedProtocol():
            return ServiceError(
                f"{base_url!r} is not an address: base_url looks like https://host/v1.", fatal=True
            )
        case _:
            reason = str(error) or type(error).__name__
            return ServiceError(f"The connection to {base_url} broke in the middle: try again ({reason}).")


def _quote(response: httpx.Response, key: str | None) -> str:
    """What the server said, shortened, and without the key, which some servers repeat whole or in part."""
    try:
        body = response.json()
    except ValueError:
        words = response.text.strip() or response.reason_phrase
    else:
        words = error_text(cast("dict[str, Any]", body)) if isinstance(body, dict) else str(body)
    kept = [word for word in words.split() if "sk-" not in word and not (key and key in word)]
    return " ".join(kept)[:LONGEST_QUOTE] or "no reason given"


def _seconds(value: str | None) -> float | None:
    """A Retry-After in seconds; the form with a date is not understood."""
    try:
        return max(0.0, float(value or ""))
    except ValueError:
        return None
