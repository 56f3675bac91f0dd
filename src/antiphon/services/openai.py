"""A language model behind an OpenAI-compatible endpoint: OpenAI itself, most other vendors, local servers.

Speaks ``POST {base_url}/chat/completions`` with a stream of server-sent events. Nothing is tried again here:
a request that fails raises one `ServiceError` that says what to do, and combinators decide about retries. For
the model that runs inside this process see `antiphon.services.local.llama`.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import httpx

from antiphon.certificates import trusted
from antiphon.context import Context, ToolCall
from antiphon.services.base import TextDelta, Usage
from antiphon.services.chat_format import to_messages, to_tools
from antiphon.services.chat_stream import ChatStream
from antiphon.services.openai_errors import no_key, not_a_completion, refusal, unreachable
from antiphon.services.sse import EventTooLong, SseDecoder

OPENAI_URL = "https://api.openai.com/v1"
KEEPALIVE_SECONDS = 120.0
CONNECT_SECONDS = 5.0


class OpenAI:
    """An LLM service.

    `model` is the vendor's name for it. `base_url` ends before ``/chat/completions``. `api_key` is taken from
    the environment variable OPENAI_API_KEY if not given, but only for api.openai.com, which needs one; no
    other address is sent it. `timeout` is how many seconds the server may stay silent, before and within an
    answer. `headers` are added to the request, `extra` to its JSON body (``{"reasoning_effort": "low"}``).

    All methods raise ServiceError; it is `fatal` when the key or the model is wrong.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str = OPENAI_URL,
        api_key: str | None = None,
        temperature: float | None = None,
        max_tokens: int | None = None,
        timeout: float = 20.0,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        self.model = model
        self.base_url = base_url.rstrip("/")
        self._official = urlsplit(base_url).hostname == "api.openai.com"
        self._key = api_key or (os.environ.get("OPENAI_API_KEY") if self._official else None)
        if self._official and not self._key:
            raise no_key()
        bearer = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        self._headers = {**bearer, "Content-Type": "application/json", **(headers or {})}
        self._timeout = httpx.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS))
        self._body = self._settings(temperature, max_tokens) | dict(extra or {})
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = WeakKeyDictionary()

    async def warm(self) -> None:
        """Open the connection and try the key, so that neither is left to the first answer (F30, F19)."""
        with self._kind_errors():
            response = await self._client().get(f"{self.base_url}/models")
        if response.status_code == 401:
            raise refusal(response, self.model, self.base_url, self._key)

    async def generate(self, context: Context) -> AsyncIterator[TextDelta | ToolCall | Usage]:
        """Stream one answer. Closing the generator ends the request. Tool calls come whole or not at all."""
        body = {**self._body, "messages": to_messages(context)}
        if context.tools:
            body["tools"] = to_tools(context)
        with self._kind_errors():
            url = f"{self.base_url}/chat/completions"
            async with self._client().stream("POST", url, content=json.dumps(body)) as response:
                if response.status_code != 200:
                    await response.aread()
                    raise refusal(response, self.model, self.base_url, self._key)
                answer = ChatStream()
                async for data in _events(response):
                    for item in self._decode(answer, data):
                        yield item
                for item in answer.finish():
                    yield item

    async def aclose(self) -> None:
        """Close the connections of this event loop."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    def _settings(self, temperature: float | None, max_tokens: int | None) -> dict[str, Any]:
        limit = "max_completion_tokens" if self._official else "max_tokens"
        chosen = {"temperature": temperature, limit: max_tokens}
        return {
            "model": self.model,
            "stream": True,
            "stream_options": {"include_usage": True},
            **{name: value for name, value in chosen.items() if value is not None},
        }

    def _client(self) -> httpx.AsyncClient:
        """One client per event loop. Kept open for long: people pause for more than httpx's 5 s."""
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            limits = httpx.Limits(keepalive_expiry=KEEPALIVE_SECONDS)
            self._clients[loop] = httpx.AsyncClient(
                headers=self._headers, timeout=self._timeout, limits=limits, verify=trusted()
            )
        return self._clients[loop]

    def _decode(self, answer: ChatStream, data: str) -> Iterator[TextDelta | ToolCall]:
        if data.strip() == "[DONE]":
            answer.done()
            return
        try:
            chunk = json.loads(data)
        except ValueError as error:
            raise not_a_completion(self.base_url) from error
        yield from answer.feed(chunk)

    @contextmanager
    def _kind_errors(self) -> Generator[None]:
        """Turn what the network does into errors that say what to do."""
        try:
            yield
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise unreachable(error, self.base_url, self._timeout) from error
        except EventTooLong as error:
            raise not_a_completion(self.base_url) from error


async def _events(response: httpx.Response) -> AsyncIterator[str]:
    decoder = SseDecoder()
    async for piece in response.aiter_bytes():
        for data in decoder.feed(piece):
            yield data
    for data in decoder.finish():
        yield data
