"""The OpenAI-compatible service against a stand-in server that can fail in every way real ones do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.context import Context, ToolCall, ToolSpec, UserMessage
from antiphon.services.base import LLM, ServiceError, TextDelta, Usage, Warmable
from antiphon.services.openai import OpenAI
from antiphon.services.openai_errors import RateLimited
from effort import examples

CONTEXT = Context.of("Be brief.").append(UserMessage.of("Hi."))
KEY = "sk-very-secret"
Item = TextDelta | ToolCall | Usage


def event(finish: str | None = None, **delta: Any) -> bytes:
    chunk = {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    return f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n".encode()


def call(written: str) -> bytes:
    function = {"name": "look", "arguments": written}
    return event(tool_calls=[{"index": 0, "id": "c1", "function": function}])


STOP = event("stop")
DONE = b"data: [DONE]\n\n"
HELLO = event(content="Hel") + event(content="lo ÿ.") + STOP + DONE


@dataclass
class StandIn:
    """Answers every request alike. `cut` breaks the connection after so many bytes of the body; `silent`
    keeps it open without another byte; `chunk` is how many bytes are sent at a time."""

    body: bytes = HELLO
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])
    cut: int | None = None
    silent: bool = False
    chunk: int = 1 << 16
    connections: int = 0
    requests: list[tuple[str, dict[str, str], Any]] = field(default_factory=list[Any])
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._request(reader):
                await self._answer(writer)
                if self.silent or self.cut is not None:
                    break
            if self.silent:
                await reader.read()
        except ConnectionError:
            pass
        finally:
            self.gone.set()
            writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> bool:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        except asyncio.IncompleteReadError:
            return False
        headers = {key.lower(): value for key, _, value in (line.partition(": ") for line in head[1:])}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.requests.append((head[0], headers, json.loads(body) if body else None))
        return True

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        length = {} if self.silent else {"Content-Length": str(len(self.body))}
        lines = [f"{name}: {value}" for name, value in (length | self.headers).items()]
        writer.write("\r\n".join([f"HTTP/1.1 {self.status} Said", *lines, "", ""]).encode())
        body = self.body[: self.cut]
        for start in range(0, len(body), self.chunk):
            writer.write(body[start : start + self.chunk])
            await writer.drain()


@asynccontextmanager
async def serving(stand_in: StandIn, **options: Any) -> AsyncGenerator[OpenAI]:
    server = await asyncio.start_server(stand_in.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    llm = OpenAI("some-model", base_url=f"http://127.0.0.1:{port}/v1", **options)
    async with server:
        try:
            yield llm
        finally:
            await llm.aclose()


async def answer(llm: OpenAI, context: Context = CONTEXT) -> list[Item]:
    return [item async for item in llm.generate(context)]


def ask(stand_in: StandIn, context: Context = CONTEXT, **options: Any) -> list[Item]:
    async def run() -> list[Item]:
        async with serving(stand_in, **options) as llm:
            return await answer(llm, context)

    return asyncio.run(run())


def failure(stand_in: StandIn, **options: Any) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        ask(stand_in, **options)
    return caught.value


def test_it_fits_the_protocols() -> None:
    llm = OpenAI("m", base_url="http://127.0.0.1:1/v1")
    assert isinstance(llm, LLM)
    assert isinstance(llm, Warmable)


def test_text_and_usage_are_streamed() -> None:
    usage: dict[str, Any] = {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 2}}
    body = HELLO.replace(DONE, f"data: {json.dumps(usage)}\n\n".encode() + DONE)
    assert ask(StandIn(body)) == [TextDelta("Hel"), TextDelta("lo ÿ."), Usage(7, 2)]


@examples(15)
@given(st.integers(1, 60))
def test_the_network_may_cut_the_answer_anywhere(chunk: int) -> None:
    assert ask(StandIn(chunk=chunk)) == [TextDelta("Hel"), TextDelta("lo ÿ.")]


def test_the_request_says_all_that_was_asked_for() -> None:
    stand_in = StandIn()
    tool = ToolSpec("look", "Looks.", {"type": "object"})
    ask(
        stand_in,
        CONTEXT.with_tools([tool]),
        api_key=KEY,
        temperature=0.5,
        max_tokens=60,
        headers={"X-Team": "blue"},
        extra={"seed": 1},
    )
    ((line, headers, body),) = stand_in.requests
    assert line == "POST /v1/chat/completions HTTP/1.1"
    assert (headers["authorization"], headers["x-team"]) == (f"Bearer {KEY}", "blue")
    assert body["tools"][0]["function"]["name"] == "look"
    del body["tools"]
    assert body == {
        "model": "some-model",
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.5,
        "max_tokens": 60,
        "seed": 1,
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi."}],
    }


def test_the_environments_key_is_not_sent_to_another_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    stand_in = StandIn()
    ask(stand_in)
    assert "authorization" not in stand_in.requests[0][1]


def test_openai_without_a_key_says_which_variable_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ServiceError, match="OPENAI_API_KEY") as caught:
        OpenAI("gpt-4.1-mini")
    assert caught.value.fatal


def test_a_tool_call_comes_whole() -> None:
    body = call('{"at": ') + call('"cats"}') + event("tool_calls") + DONE
    assert ask(StandIn(body)) == [ToolCall("c1", "look", {"at": "cats"})]


@examples(30)
@given(st.data())
def test_a_stream_that_breaks_half_way_never_gives_a_call(data: st.DataObject) -> None:
    body = call('{"at": ') + call('"cats"}')
    cut = data.draw(st.integers(0, len(body)))
    error = failure(StandIn(body + event("tool_calls"), cut=cut))
    assert "try again" in str(error)
    assert not error.fatal


def test_an_answer_that_simply_stops_is_an_error() -> None:
    assert "broke off" in str(failure(StandIn(event(content="Hel"))))


@pytest.mark.parametrize("body", [b"data: {nonsense\n\n", b"data: <html>\n\n"])
def test_something_that_is_not_a_completion(body: bytes) -> None:
    assert "not a streamed chat completion" in str(failure(StandIn(body)))


def test_nothing_at_all_ends_normally() -> None:
    assert ask(StandIn(STOP + DONE)) == []


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_key_is_fatal_and_never_printed(status: int) -> None:
    body = json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}."}}).encode()
    error = failure(StandIn(body, status), api_key=KEY)
    assert error.fatal
    assert "OPENAI_API_KEY" in str(error)
    assert "Incorrect API key" in str(error)
    assert KEY not in str(error)


def test_an_unknown_model_is_named() -> None:
    error = failure(StandIn(b'{"error": {"message": "no such model"}}', 404))
    assert error.fatal
    assert "'some-model'" in str(error)


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("soon", None)])
def test_too_many_requests(header: str, seconds: float | None) -> None:
    error = failure(StandIn(b"slow down", 429, {"Retry-After": header}))
    assert isinstance(error, RateLimited)
    assert error.retry_after == seconds
    assert not error.fatal


@pytest.mark.parametrize(("status", "fatal"), [(400, True), (422, True), (500, False), (503, False)])
def test_other_refusals_quote_the_server(status: int, fatal: bool) -> None:
    error = failure(StandIn(b'{"detail": "the reason"}', status))
    assert "the reason" in str(error)
    assert error.fatal is fatal


@pytest.mark.parametrize("body", [b"", HELLO[:60]])
def test_a_silent_server_times_out(body: bytes) -> None:
    error = failure(StandIn(body, silent=True), timeout=0.3)
    assert "silent for 0.3 s" in str(error)


def test_nobody_there() -> None:
    with pytest.raises(ServiceError, match=r"Nothing answers at http://127\.0\.0\.1:1/v1"):
        asyncio.run(answer(OpenAI("m", base_url="http://127.0.0.1:1/v1")))


@pytest.mark.parametrize("base_url", ["localhost", "ftp://a.example/v1", "http://[/v1"])
def test_an_address_that_is_none(base_url: str) -> None:
    with pytest.raises((ServiceError, ValueError)):
        asyncio.run(answer(OpenAI("m", base_url=base_url)))


def test_closing_the_generator_hangs_up() -> None:
    stand_in = StandIn(event(content="Hel"), silent=True)

    async def run() -> None:
        async with serving(stand_in) as llm:
            stream = cast("AsyncGenerator[Item]", llm.generate(CONTEXT))
            async with aclosing(stream):
                assert await anext(stream) == TextDelta("Hel")
            await stand_in.gone.wait()
            assert len(asyncio.all_tasks()) == 2

    asyncio.run(run())


def test_one_warm_connection_serves_several_requests() -> None:
    stand_in = StandIn()

    async def run() -> None:
        async with serving(stand_in) as llm:
            await llm.warm()
            await answer(llm)
            await answer(llm)

    asyncio.run(run())
    assert stand_in.connections == 1
    assert [line.split()[1] for line, _, _ in stand_in.requests] == [
        "/v1/models",
        "/v1/chat/completions",
        "/v1/chat/completions",
    ]


def warming(stand_in: StandIn) -> None:
    async def run() -> None:
        async with serving(stand_in, api_key=KEY) as llm:
            await llm.warm()

    asyncio.run(run())


def test_warming_up_finds_a_wrong_key_but_takes_servers_without_a_list_of_models() -> None:
    with pytest.raises(ServiceError, match="refused the key"):
        warming(StandIn(b"no", 401))
    warming(StandIn(b"no", 404))


def test_one_service_may_be_used_from_one_event_loop_after_another() -> None:
    llm = OpenAI("m", base_url="http://127.0.0.1:1/v1")
    for _ in range(2):
        with pytest.raises(ServiceError):
            asyncio.run(answer(llm))


def test_text_that_is_not_unicode_can_be_sent() -> None:
    assert ask(StandIn(), Context((UserMessage.of("a\ud800b"),)))
