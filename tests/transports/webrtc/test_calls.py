"""Calls between two WebRTC peers of one process, in real time, over a network that the test controls."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import numpy as np
import psutil
import pytest

from antiphon.clock import perf_seconds
from antiphon.frames import (
    BotPauseFrame,
    OutputImageRawFrame,
    OutputTransportMessageUrgentFrame,
    StartFrame,
    UserImageRequestFrame,
)
from antiphon.session import Ended
from antiphon.transports.webrtc import (
    Candidate,
    CandidatesRequest,
    OfferRequest,
    Patience,
    Peers,
    RequestError,
    UnknownPeer,
    WebRTCSettings,
)

from .bot import Ear, Server
from .client import RATE, Client
from .measure import impurity, is_loud, levels, pitch, worst_click
from .relay import Relay

pytestmark = [pytest.mark.slow, pytest.mark.alone]

BOT_RATE = 24000
MICROPHONE = '{"type":"signalling","message":{"type":"trackStatus","receiver_index":0,"enabled":%s}}'


def tone(frequency: float, seconds: float, rate: int = BOT_RATE, level: float = 8000) -> bytes:
    places = np.arange(round(rate * seconds))
    return (np.sin(2 * np.pi * frequency * places / rate) * level).astype(np.int16).tobytes()


@asynccontextmanager
async def call(
    *, relay: Relay | None = None, settings: WebRTCSettings | None = None, rate: int = BOT_RATE
) -> AsyncGenerator[tuple[Client, Server]]:
    """One client, connected."""
    peers = Peers(settings, rtvi=None)
    server = Server(StartFrame(audio_out_sample_rate=rate))
    client = Client(peers, server.open, relay=relay)
    async with asyncio.timeout(60):
        try:
            await client.connect({"name": "Ada"})
            await asyncio.sleep(0.4)
            yield client, server
        finally:
            await peers.close()
            await client.close()
            await asyncio.gather(*server.tasks)


async def until(condition: Callable[[], bool]) -> None:
    """Look every 10 ms: what the test waits for comes from the network, without an event."""
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0.01)


def mid_directions(sdp: str) -> list[tuple[str, str]]:
    """The mids of a description with the directions of their sections."""
    found: list[tuple[str, str]] = []
    for section in sdp.split("m=")[1:]:
        lines = section.split("\r\n")
        mid = next(line.removeprefix("a=mid:") for line in lines if line.startswith("a=mid:"))
        known = ("sendrecv", "recvonly", "sendonly", "inactive")
        found.append((mid, next((way for way in known if f"a={way}" in lines), "data")))
    return found


def test_connecting_and_sound_both_ways() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        peers, server = Peers(rtvi=None), Server()
        client = Client(peers, server.open)
        began = loop.time()
        answer = await client.connect({"name": "Ada"})
        took = loop.time() - began
        assert mid_directions(answer.sdp) == [
            ("0", "sendrecv"), ("1", "sendrecv"), ("2", "recvonly"), ("3", "data"),
        ]  # fmt: skip
        assert answer.sdp.count("a=candidate") >= 4
        assert "a=group:BUNDLE 0 1 2 3" in answer.sdp
        await asyncio.sleep(0.5)
        silence = len(client.heard)
        server.ears[0].say(tone(600, 1.0), BOT_RATE)
        await asyncio.sleep(1.4)
        print(f"connected in {took * 1000:.0f} ms; {silence} packets of silence before a word")
        assert took < 10.0
        assert silence > 5
        assert server.data == [{"name": "Ada"}]
        assert abs(pitch(server.ears[0].heard(), 16000) - 440) < 2
        spoken = client.sound()
        assert abs(pitch(spoken[np.abs(spoken.astype(int)) > 0], RATE) - 600) < 2
        await client.close()
        result = await server.tasks[0]
        assert result.reason == "the client has closed the connection"
        await peers.close()

    asyncio.run(main())


@pytest.mark.parametrize("rate", [24000, 22050, 16000, 8000])
def test_no_seams_between_packets_and_no_lost_end(rate: int) -> None:
    """F27: a sine goes in, the same sine comes out, to its last millisecond."""

    async def main() -> None:
        async with call(rate=rate) as (client, server):
            seconds = 1.01
            server.ears[0].say(tone(600, seconds, rate), rate)
            await asyncio.sleep(1.8)
            sound = client.sound()
        loud = np.flatnonzero(levels(sound, RATE, 0.005) > 1000)
        length = 0.005 * len(loud)
        middle = sound[round((loud[0] * 0.005 + 0.05) * RATE) : round((loud[-1] * 0.005 - 0.05) * RATE)]
        pure, click = impurity(middle, RATE, 600), worst_click(middle, RATE, 600)
        print(f"{rate} Hz: {length:.3f} s of {seconds:.3f}, rest {pure:.1f} dB, worst 20 ms {click:.1f} dB")
        assert np.all(np.diff(loud) == 1)
        assert length == pytest.approx(seconds, abs=0.011)
        assert pure < -25
        assert click < -20

    asyncio.run(main())


def test_barge_in_is_silent_within_a_packet() -> None:
    """Counted in sound, not in time: what the client gets beyond what counts as heard is a fade of 5 ms."""

    async def main() -> None:
        delays: list[float] = []
        async with call() as (client, server):
            loop, ear = asyncio.get_running_loop(), server.ears[0]
            for number in range(5):
                began, count = loop.time(), len(client.heard)
                response = ear.say(tone(600, 5.0), BOT_RATE)
                await asyncio.sleep(0.613)
                lag = next(p.at for p in client.heard[count:] if is_loud(p.sound)) - began
                cut = loop.time()
                if number % 2:
                    ear.push(BotPauseFrame())
                response.cancel(reason="barge-in")
                await asyncio.sleep(0.5)
                pieces = client.heard[count:]
                delays.append(max(p.at for p in pieces if is_loud(p.sound)) - cut)
                loud = 0.005 * sum(levels(np.concatenate([p.sound for p in pieces]), RATE, 0.005) > 300)
                heard = server.sessions[0].ledger.open(response.id).played
                print(
                    f"from the cut to the last sound {delays[-1]:.3f} s; onset took {lag:.3f} s; "
                    f"{loud:.3f} s arrived, {heard:.3f} s count as heard"
                )
                assert loud - heard < 0.021
        assert float(np.median(delays)) < 0.2

    asyncio.run(main())


@pytest.mark.parametrize(("loss", "jitter"), [(0.0, 0.0), (0.05, 0.0), (0.0, 0.05), (0.05, 0.05)])
def test_loss_and_jitter(loss: float, jitter: float) -> None:
    """Time is kept (F28), the level holds, nothing is heard late."""

    async def main() -> None:
        relay = Relay(delay=0.02)
        async with call(relay=relay) as (client, server):
            loop, ear = asyncio.get_running_loop(), server.ears[0]
            relay.loss, relay.jitter = loss, jitter
            await asyncio.sleep(0.5)
            first, began = len(ear.sound), loop.time()
            await asyncio.sleep(5.0)
            seconds = loop.time() - began
            heard = np.frombuffer(b"".join(pcm for _, pcm in ear.sound[first:]), dtype=np.int16)
            client.microphone.frequency = 1000.0
            changed, count = loop.time(), len(ear.sound)
            await asyncio.sleep(0.6)
            delay = change_heard(ear, count, 1000.0) - changed
            relay.loss = relay.jitter = 0.0
        level = levels(heard, 16000, 0.02)
        weak = float(np.mean(level < 0.5 * np.median(level)))
        print(
            f"loss {loss:.0%}, jitter {jitter * 1000:.0f} ms: {len(heard) / 16000:.2f} s in {seconds:.2f} s, "
            f"{weak:.1%} of 20 ms weak, delay {delay * 1000:.0f} ms (20 ms of it the network), "
            f"largest datagram {relay.longest}"
        )
        assert len(heard) / 16000 == pytest.approx(seconds, abs=0.2)
        assert weak < 0.03
        assert delay < 0.2
        assert relay.longest <= 1232

    asyncio.run(main())


def change_heard(ear: Ear, first: int, frequency: float) -> float:
    """When the ear first heard this frequency."""
    for at, pcm in ear.sound[first:]:
        sound = np.frombuffer(pcm, dtype=np.int16)
        if len(sound) >= 300 and abs(pitch(sound, 16000) - frequency) < 120:
            return at
    raise AssertionError(f"{frequency} Hz was not heard")


def test_renegotiation_keeps_everything() -> None:
    async def main() -> None:
        async with call() as (client, server):
            name, count = client.pc_id, len(server.ears[0].sound)
            answer = await client.negotiate()
            await asyncio.sleep(0.5)
            assert answer.pc_id == name
            assert len(server.sessions) == 1
            assert len(server.ears[0].sound) > count + 15
            client.send('{"label":"rtvi-ai","type":"still-here","id":"1"}')
            await asyncio.sleep(0.1)
            assert server.ears[0].messages == ['{"label":"rtvi-ai","type":"still-here","id":"1"}']

    asyncio.run(main())


def test_a_new_connection_finds_its_bot() -> None:
    """F25: a client that comes back has the same session; what the bot was saying goes on."""

    async def main() -> None:
        async with call(relay=None) as (client, server):
            loop, ear = asyncio.get_running_loop(), server.ears[0]
            name = client.pc_id
            ear.say(tone(600, 2.0), BOT_RATE)
            await asyncio.sleep(0.5)
            first, began = len(client.heard), loop.time()
            await client.restart()
            took = loop.time() - began
            ear.push(OutputTransportMessageUrgentFrame({"label": "rtvi-ai", "type": "bot-llm-started"}))
            count = len(ear.sound)
            await asyncio.sleep(2.5)
            rest = client.heard[first:]
            loud = sum(is_loud(piece.sound) for piece in rest) * 0.02
            print(f"restarted in {took * 1000:.0f} ms; {loud:.2f} s of the answer heard after that")
            assert client.pc_id != name
            assert len(server.sessions) == 1
            assert len(ear.sound) > count + 100
            assert client.texts[-1] == '{"label":"rtvi-ai","type":"bot-llm-started"}'
            assert 1.2 < loud < 1.7
            assert not server.tasks[0].done()

    asyncio.run(main())


def test_a_lost_client_is_missed_in_three_seconds_and_the_bot_waits() -> None:
    async def main() -> None:
        relay = Relay()
        settings = WebRTCSettings(patience=Patience(grace=1.0))
        async with call(relay=relay, settings=settings) as (_, server):
            loop, ear = asyncio.get_running_loop(), server.ears[0]
            ear.say(tone(600, 30.0), BOT_RATE)
            await asyncio.sleep(1.2)
            relay.loss, began = 1.0, loop.time()
            await until(lambda: not server.transports[0].live)
            missed = loop.time() - began
            heard = server.sessions[0].ledger.open(1).played
            await asyncio.sleep(0.5)
            assert server.sessions[0].ledger.open(1).played == heard
            result = await server.tasks[0]
            print(f"missed after {missed:.2f} s, ended after {loop.time() - began:.2f} s")
            assert 2.0 < missed < 6.0
            assert result.ended is Ended.ENDED
            assert result.reason == "nothing was heard of the client for 3 s"
            assert not ear.speaking[-1][1]

    asyncio.run(main())


def test_a_client_whose_network_comes_back_is_heard_again() -> None:
    async def main() -> None:
        relay = Relay()
        async with call(relay=relay) as (client, server):
            ear = server.ears[0]
            relay.loss = 1.0
            await asyncio.sleep(4.0)
            assert not server.transports[0].live
            gone = len(ear.heard())
            assert gone / 16000 > 3.5
            relay.loss = 0.0
            await asyncio.sleep(2.0)
            assert server.transports[0].live
            ear.say(tone(600, 0.5), BOT_RATE)
            count = len(client.heard)
            await asyncio.sleep(1.0)
            assert any(is_loud(piece.sound) for piece in client.heard[count:])

    asyncio.run(main())


def test_a_muted_microphone_is_silence() -> None:
    async def main() -> None:
        async with call() as (client, server):
            loop, ear = asyncio.get_running_loop(), server.ears[0]
            client.send(
                '{"type":"signalling","message":{"type":"trackStatus","receiver_index":0,"enabled":false}}'
            )
            await asyncio.sleep(0.3)
            first, began = len(ear.sound), loop.time()
            await asyncio.sleep(1.0)
            seconds = loop.time() - began
            muted = np.frombuffer(b"".join(pcm for _, pcm in ear.sound[first:]), dtype=np.int16)
            assert np.abs(muted.astype(int)).max() < 10
            assert len(muted) / 16000 == pytest.approx(seconds, abs=0.1)
            client.send(
                '{"type":"signalling","message":{"type":"trackStatus","receiver_index":0,"enabled":true}}'
            )
            await asyncio.sleep(0.5)
            assert is_loud(np.frombuffer(ear.sound[-1][1], dtype=np.int16))

    asyncio.run(main())


def test_the_goodbye_is_heard_and_the_client_is_told() -> None:
    """F23: the end waits for what is being said, and for its way to the client."""

    async def main() -> None:
        async with call(relay=Relay(delay=0.1)) as (client, server):
            server.ears[0].say(tone(600, 0.7), BOT_RATE)
            server.sessions[0].end("goodbye")
            result = await server.tasks[0]
            await asyncio.sleep(0.2)
            loud = sum(is_loud(p.sound) for p in client.heard) * 0.02
            assert result.ended is Ended.ENDED
            assert loud == pytest.approx(0.7, abs=0.045)
            assert client.texts == ['{"type":"signalling","message":{"type":"peerLeft"}}']

    asyncio.run(main())


def test_pictures_both_ways() -> None:
    async def main() -> None:
        async with call() as (client, server):
            loop, ear = asyncio.get_running_loop(), server.ears[0]
            began = loop.time()
            ear.push(UserImageRequestFrame(text="What is this?"), upstream=True)
            await until(lambda: bool(ear.pictures))
            print(f"a picture of the user after {1000 * (loop.time() - began):.0f} ms")
            assert ear.pictures[0].size == (640, 480)
            assert len(ear.pictures[0].image) == 640 * 480 * 3
            assert ear.pictures[0].text == "What is this?"
            assert not client.pictures
            shown = loop.time()
            ear.push(OutputImageRawFrame(bytes((200, 30, 30)) * (64 * 48), (64, 48)))
            await until(lambda: bool(client.pictures))
            print(f"a picture for the user after {1000 * (loop.time() - shown):.0f} ms")
            red = client.pictures[0][1].mean(axis=(0, 1))
            assert red[0] > 150
            assert red[1] < 80

    asyncio.run(main())


def test_what_is_no_offer_is_refused() -> None:
    async def main() -> None:
        peers, server = Peers(rtvi=None), Server()
        for sdp in ("", "v=0\r\n", "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 96\r\n", "x" * 100, "x" * 100_000):
            with pytest.raises(RequestError):
                await peers.offer(OfferRequest(sdp), server.open)
        with pytest.raises(UnknownPeer):
            await peers.offer(OfferRequest("v=0", "nobody", True), server.open)
        with pytest.raises(UnknownPeer):
            await peers.candidates(CandidatesRequest("nobody", (Candidate(""),)))
        assert not server.sessions
        assert len(peers) == 0

    asyncio.run(main())


def test_candidates_trickle_in() -> None:
    async def main() -> None:
        async with call() as (client, _):
            assert client.pc_id is not None
            for text in ("candidate:1 1 udp 2130706431 192.0.2.99 50000 typ host", ""):
                await client.peers.candidates(CandidatesRequest(client.pc_id, (Candidate(text, "0", 0),)))
            with pytest.raises(RequestError):
                await client.peers.candidates(
                    CandidatesRequest(client.pc_id, (Candidate("nonsense", "0", 0),))
                )

    asyncio.run(main())


def test_twenty_calls_leave_nothing_behind() -> None:
    """F22: no task, no thread, no socket."""

    async def main() -> None:
        process = psutil.Process()
        counts: list[tuple[int, int, int]] = []
        for number in range(20):
            async with call() as (_, server):
                server.ears[0].say(tone(600, 0.1), BOT_RATE)
                await asyncio.sleep(0.2)
            gc.collect()
            threads = [thread for thread in threading.enumerate() if "asyncio" not in thread.name]
            counts.append((len(asyncio.all_tasks()), len(threads), process.num_fds()))
            assert number == 0 or counts[-1] == counts[0]
        print(f"after each of 20 calls: tasks, threads, descriptors {set(counts)}")

    asyncio.run(main())


def test_a_short_stall_of_the_loop_loses_nothing() -> None:
    """F26: packets that are late by less than 0.2 s are made up for, and none is dropped on the way."""

    async def main() -> None:
        async with call() as (client, server):
            server.ears[0].say(tone(600, 1.0), BOT_RATE)
            for _ in range(4):
                await asyncio.sleep(0.1)
                until = perf_seconds() + 0.12
                while perf_seconds() < until:
                    pass
            await asyncio.sleep(1.2)
            loud = np.flatnonzero(levels(client.sound(), RATE, 0.005) > 1000)
        assert np.all(np.diff(loud) == 1)
        assert 0.005 * len(loud) == pytest.approx(1.0, abs=0.011)

    asyncio.run(main())


def test_long_messages_fit_narrow_paths() -> None:
    """A message of 60 kB both ways; no datagram is longer than 1232 bytes (IPv6, MTU 1280)."""

    async def main() -> None:
        relay = Relay()
        async with call(relay=relay) as (client, server):
            ear = server.ears[0]
            client.send(json.dumps({"text": "x" * 60_000}))
            ear.push(OutputTransportMessageUrgentFrame({"text": "y" * 60_000}))
            await until(lambda: bool(client.texts and ear.messages))
            assert len(client.texts[0]) == len(ear.messages[0]) - 1
            print(f"largest datagram {relay.longest} bytes")
            assert relay.longest <= 1232

    asyncio.run(main())
