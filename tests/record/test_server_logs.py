"""Logs of calls over a network: what a peer sends, says it has played, and does not do any more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from antiphon.clock import run_virtual
from antiphon.frames import StartFrame
from antiphon.pipeline import Pipeline
from antiphon.record import Folder, LogError, Replayed, read_log, replay
from antiphon.record.records import Signalled
from antiphon.server.call import hold_call
from antiphon.services.turns import Turns
from antiphon.session import Session
from antiphon.testing import FakeLLM, FakeSTT, FakeTTS, FakeTurnModel, FakeVAD
from antiphon.testing.phone import PhonePeer
from antiphon.testing.phone_lines import LINES
from antiphon.testing.sockets import memory_sockets
from antiphon.transports.telephony.transport import answer
from record.kit import Crossed, Watcher, difference
from server.kit import Server, serve

RATE = 16000
LINE = "exotel"


class Watched:
    """A bot whose frames are seen."""

    def __init__(self) -> None:
        self.watcher = Watcher()

    async def bot(self, session: Session) -> Pipeline:
        session.observers.append(self.watcher)
        line, turns = session.transport, Turns("x", model=FakeTurnModel())
        services = [FakeVAD(), FakeSTT(), turns, FakeLLM(otherwise="Fine, thank you very much.")]
        return Pipeline([line.input(), *services, FakeTTS(), line.output()])

    @property
    def frames(self) -> list[Crossed]:
        return self.watcher.seen


def replay_all(folder: Path) -> list[tuple[Replayed, list[Crossed]]]:
    """Every call of the folder again, in the order in which they began."""
    told: list[tuple[Replayed, list[Crossed]]] = []
    for path in sorted(folder.iterdir()):
        watched = Watched()
        told.append((replay(read_log(path), watched.bot), watched.frames))
    return told


def recorded(folder: Path, story: Callable[[Server], Awaitable[None]]) -> Watched:
    watched = Watched()
    serve(story, bot=Folder(folder).recording(watched.bot))
    return watched


@pytest.mark.parametrize("calls", [1, 2])
def test_a_call_of_an_rtvi_client_is_replayed(tmp_path: Path, calls: int) -> None:
    async def story(server: Server) -> None:
        for _ in range(calls):
            peer = await server.peer()
            await peer.ask("How are you?")
            await peer.tell({"label": "rtvi-ai", "id": "1", "type": "send-text", "data": {"content": "And?"}})
            await asyncio.sleep(4)
            await peer.leave()
            await asyncio.sleep(20)

    watched = recorded(tmp_path, story)
    replayed = replay_all(tmp_path)
    assert [run.same for run, _ in replayed] == [True] * calls
    assert not difference([crossed for _, frames in replayed for crossed in frames], watched.frames)


def test_marks_of_a_telephone_are_replayed(tmp_path: Path) -> None:
    watched = Watched()
    bot = Folder(tmp_path).recording(watched.bot)

    async def call() -> None:
        here, there = memory_sockets(delay=0.0331)
        peer = PhonePeer(there, LINES[LINE]())
        calling = asyncio.create_task(peer.run())
        transport = await answer(here)
        start = StartFrame(audio_in_sample_rate=RATE, audio_out_sample_rate=24000)
        session = Session(transport=transport, data=transport.call, start=start)
        holding = asyncio.create_task(hold_call(bot, session, transport))
        await peer.say("How are you?")
        await asyncio.sleep(1.5)
        peer.press("5")
        await peer.say("Stop it now, please!")
        await asyncio.sleep(5)
        await peer.hang_up()
        await holding
        calling.cancel()
        await asyncio.wait([calling])

    run_virtual(call())
    [(run, frames)] = replay_all(tmp_path)
    [path] = tmp_path.iterdir()
    marks = [r for r in read_log(path).records if isinstance(r, Signalled) and r.what == "acknowledge"]
    assert len(marks) > 5
    assert not difference(frames, watched.frames)
    assert run.same


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LogError, match=r"Cannot write logs into .*file: .*Choose another folder"):
        Folder(tmp_path / "file")
