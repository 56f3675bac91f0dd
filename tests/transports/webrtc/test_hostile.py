"""Offers that nobody would make: broken at random places, they are answered or refused with one sentence."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import psutil
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection
from aiortc.mediastreams import VideoStreamTrack

from antiphon.transports.webrtc import OfferRequest, Peers, RequestError, WebRTCTransport

from .client import Tone
from .waiting import until_or_long_after

pytestmark = [pytest.mark.slow, pytest.mark.alone]

SNIPPETS = ("m=audio 9 X 0", "a=mid:9", "m=video", "a=candidate:", "a=setup:", "\x00", "a=group:BUNDLE 7", "")


async def an_offer() -> str:
    pc = RTCPeerConnection(RTCConfiguration([]))
    pc.addTransceiver(Tone(440.0), "sendrecv")
    pc.addTransceiver(VideoStreamTrack(), "sendrecv")
    pc.createDataChannel("chat")
    await pc.setLocalDescription(await pc.createOffer())
    sdp = pc.localDescription.sdp
    await pc.close()
    return sdp


def broken(sdp: str, chance: random.Random) -> str:
    lines = sdp.split("\r\n")
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(lines))
        match chance.randrange(4):
            case 0:
                del lines[place]
            case 1:
                lines.insert(place, chance.choice(SNIPPETS))
            case 2:
                lines[place] = lines[place][: chance.randint(0, len(lines[place]))]
            case _:
                lines[place] = lines[place].replace(chance.choice("0123456789 :="), chance.choice("9x:- "))
    return "\r\n".join(lines)


def test_broken_offers() -> None:
    async def main() -> None:
        sdp, peers, chance = await an_offer(), Peers(rtvi=None), random.Random(1)
        opened: list[WebRTCTransport] = []

        def open(transport: WebRTCTransport, data: Any) -> None:
            opened.append(transport)

        answered, refused, files = 0, list[str](), psutil.Process().num_fds()
        for _ in range(150):
            try:
                async with asyncio.timeout(60):
                    await peers.offer(OfferRequest(broken(sdp, chance)), open)
                answered += 1
            except RequestError as error:
                refused.append(str(error))
        print(f"{answered} answered, {len(refused)} refused")
        assert not [sentence for sentence in refused if "\n" in sentence]
        await peers.close()
        process = psutil.Process()
        await until_or_long_after(lambda: (len(asyncio.all_tasks()), process.num_fds()) == (1, files))
        assert len(asyncio.all_tasks()) == 1
        assert process.num_fds() == files

    asyncio.run(main())
