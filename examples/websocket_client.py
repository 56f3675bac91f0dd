"""A client of the plain WebSocket protocol: says a WAV file to a bot, and writes what it answers.

    antiphon run                                                  # in one terminal
    python examples/websocket_client.py question.wav answer.wav   # in another

The question is mono or stereo with 16 bits. docs/websocket.md describes the protocol.
"""

import asyncio
import json
import sys
import wave
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect

PACKET_SECONDS = 0.02
RATE = 24000


async def talk(url: str, question: Path, answer: Path, quiet: float = 3.0) -> None:
    """Say the question, and listen until the bot has been quiet for so many seconds."""
    with wave.open(str(question)) as wav:
        rate, channels, pcm = wav.getframerate(), wav.getnchannels(), wav.readframes(wav.getnframes())
    async with connect(url) as line:
        audio_in, audio_out = {"rate": rate, "channels": channels}, {"rate": RATE}
        await line.send(json.dumps({"type": "hello", "audio_in": audio_in, "audio_out": audio_out}))
        print(await line.recv())
        speaking = asyncio.create_task(say(line, pcm, 2 * channels * round(rate * PACKET_SECONDS)))
        heard = await listen(line, quiet)
        speaking.cancel()
        await line.send('{"type": "end"}')
    with wave.open(str(answer), "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(RATE)
        wav.writeframes(heard)


async def say(line: ClientConnection, pcm: bytes, size: int) -> None:
    """Send sound as it would come from a microphone: 20 ms at a time, silence after the question."""
    for place in range(0, len(pcm), size):
        await line.send(pcm[place : place + size])
        await asyncio.sleep(PACKET_SECONDS)
    while True:
        await line.send(bytes(size))
        await asyncio.sleep(PACKET_SECONDS)


async def listen(line: ClientConnection, quiet: float) -> bytes:
    """Everything the bot says, until it has said something and is quiet again (or says nothing for long)."""
    heard, patience = bytearray(), 30.0
    try:
        while True:
            message = await asyncio.wait_for(line.recv(), patience)
            if isinstance(message, bytes):
                heard += message
                patience = quiet
            else:
                print(message)
    except TimeoutError:
        return bytes(heard)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    where = sys.argv[3] if len(sys.argv) > 3 else "ws://localhost:7860/ws-plain"
    try:
        asyncio.run(talk(where, Path(sys.argv[1]), Path(sys.argv[2])))
    except OSError as error:
        sys.exit(f"{error}: is there a question, and a bot at {where}?")
