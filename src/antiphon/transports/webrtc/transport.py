"""A session's gateway over WebRTC: it outlives its connections, so that a client that reconnects finds its
bot.

`Peers` makes it and gives it connections. `serve` runs beside the session until the client is gone for
good, and says goodbye when the session ends first. While the client is away the bot waits, and time goes on
for it as silence of the user.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from antiphon.clock import Clock
from antiphon.processor import Processor
from antiphon.rtvi.rtvi import RTVI
from antiphon.transports.output import Line
from antiphon.transports.webrtc import liveness, signals
from antiphon.transports.webrtc.connection import Connection, Packet
from antiphon.transports.webrtc.hearing import Hearing
from antiphon.transports.webrtc.listening import SOURCES, WebRTCInput
from antiphon.transports.webrtc.looking import Looking
from antiphon.transports.webrtc.opus import RATE
from antiphon.transports.webrtc.picture_track import PictureTrack
from antiphon.transports.webrtc.settings import WebRTCSettings
from antiphon.transports.webrtc.speaking import Way, WebRTCOutput
from antiphon.transports.webrtc.speech_track import SpeechTrack

log = logging.getLogger("antiphon")

HEARING = "hearing"
"""The timer of what is missing in the user's sound."""

MAX_UNSENT_MESSAGES = 1000
"""Messages that wait for a client that is away."""

FLUSH_SECONDS = 0.5
"""Seconds that the last messages may take."""

LATE = 0.02
"""Seconds by which a timer is late if the loop stood still."""

READING = 0.02
"""Seconds in which packets are read that came while the loop stood still."""

REFUSE_SECONDS = 5.0
"""Seconds that a client has to connect in order to be told that there is no bot."""


class WebRTCTransport:
    """One session's way to its client. `reason` says why it ended, `live` whether the client is there.

    `rtvi` is the state of the protocol, if the client speaks RTVI; it too outlives the connections.
    """

    def __init__(self, settings: WebRTCSettings | None = None, *, rtvi: RTVI | None = None) -> None:
        self.rtvi = rtvi
        self.settings = settings or WebRTCSettings()
        self.clock = Clock(asyncio.get_running_loop())
        self.source = WebRTCInput(self._look, self._showing, self.settings.pictures_per_second)
        way = Way(self._session_started, self._session_ended, self._sound, self._post, self._picture_changed)
        self.sink = WebRTCOutput(way, packet_ms=self.settings.packet_ms, tail=self.settings.tail)
        self.reason = ""
        self._state = liveness.begin(self.clock.now(), self.settings.patience)
        self._over = asyncio.Event()
        self._channel_open = asyncio.Event()
        self._running = False
        self._connection: Connection | None = None
        self._speech: SpeechTrack | None = None
        self._pictures: PictureTrack | None = None
        self._hearing = Hearing()
        self._looking: dict[int, Looking] = {}
        self._enabled = {0: True, 1: False, 2: False}
        self._unsent: deque[str] = deque()
        self._timers: dict[str, tuple[float, asyncio.TimerHandle]] = {}
        self.left: Callable[[], None] = _nothing
        """Called once leave has been taken."""

    def input(self) -> Processor:
        """The start of the pipeline."""
        return self.source if self.rtvi is None else self.rtvi.input(self.source)

    def output(self) -> Processor:
        """The end of the pipeline."""
        return self.sink if self.rtvi is None else self.rtvi.output(self.sink)

    @property
    def live(self) -> bool:
        """Whether the client is there."""
        return isinstance(self._state, liveness.Live)

    async def serve(self) -> None:
        """When the client is gone for good, end the session; cancelled, take leave of the client."""
        try:
            await self._over.wait()
            self._client_gone()
        finally:
            await _to_the_end(self.leave())

    async def refuse(self, reason: str) -> None:
        """There is no bot: tell the client why."""
        error = {"label": "rtvi-ai", "type": "error", "data": {"error": reason, "fatal": True}}
        self._post(error)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REFUSE_SECONDS):
                await self._channel_open.wait()

    def renegotiate(self) -> None:
        """Ask the client for a new offer on the same connection."""
        self._send(signals.RENEGOTIATE)

    # Connections -----------------------------------------------------------------------------------------

    def new_connection(self) -> Connection:
        """A connection that takes the place of the present one once `adopt` is called."""
        speech = SpeechTrack()
        pictures = PictureTrack(self.sink.slideshow, self.clock.now)
        return Connection(self, speech, pictures, self.settings.ice_servers)

    async def adopt(self, connection: Connection) -> None:
        """This is the connection from now on; the one before it is closed."""
        before, self._connection = self._connection, connection
        speech, pictures = connection.tracks
        assert isinstance(speech, SpeechTrack)
        assert isinstance(pictures, PictureTrack)
        self._speech, self._pictures = speech, pictures
        self._hearing = Hearing(self._hearing.filled_until)
        self._looking = {
            place: Looking(source, lambda place=place: connection.ask_key_frame(place))
            for source, place in SOURCES.items()
        }
        if before is not None:
            self._on(liveness.Restarted())
            await before.close()
        else:
            self._watch()

    @property
    def over(self) -> bool:
        """Whether the session or the client is gone."""
        return self._over.is_set()

    # What connections tell -------------------------------------------------------------------------------

    def connected(self, connection: Connection) -> None:
        if connection is self._connection:
            self._on(liveness.Connected())

    def closed(self, connection: Connection) -> None:
        if connection is self._connection:
            self._on(liveness.Closed())

    def failed(self, connection: Connection, why: str) -> None:
        if connection is self._connection:
            self._on(liveness.Failed(why))

    def channel_opened(self, connection: Connection) -> None:
        if connection is self._connection:
            self._channel_open.set()
            self._send_waiting()

    def text(self, connection: Connection, text: str) -> None:
        if connection is not self._connection:
            return
        match signals.read(text):
            case signals.Ping():
                self._on(liveness.Pinged())
            case signals.TrackStatus(place, enabled):
                self._enabled[place] = enabled
                if place == 0:
                    self._hearing.mute(not enabled, self.clock.now())
                    self._watch_hearing()
            case signals.Application(message):
                self.source.receive_message(message)
            case signals.Unknown(why):
                log.debug("ignored: %s", why)

    def sound(self, connection: Connection, packet: Packet) -> None:
        if connection is self._connection:
            now = self.clock.now()
            self._heard(self._hearing.receive(packet.sequence_number, packet.timestamp, packet.payload, now))
            self._watch_hearing()

    def picture(self, connection: Connection, place: int, packet: Packet) -> None:
        if connection is self._connection and place in self._looking:
            self._looking[place].packet(packet)

    # Hearing and looking ---------------------------------------------------------------------------------

    def _heard(self, pcm: bytes) -> None:
        if pcm:
            self.source.receive_audio(pcm, RATE)

    def _watch_hearing(self) -> None:
        self._wake_by(HEARING, self._hearing.deadline, self._poll_hearing)

    def _poll_hearing(self) -> None:
        """Where the loop stood still, what came meanwhile has not been read yet, and is read first.

        Else there would be silence in the middle of a word, and what is behind it would come late.
        """
        due, now = self._timers[HEARING][0], self.clock.now()
        if now - due > LATE:
            self._set_timer(HEARING, now + READING, self._miss_sound)
        else:
            self._miss_sound()

    def _miss_sound(self) -> None:
        """Nothing came by now. All of what is due is done at once: a timer is never set for the past."""
        self._timers.pop(HEARING)
        now = self.clock.now()
        while (deadline := self._hearing.deadline) is not None and deadline <= now:
            self._heard(self._hearing.poll(now))
        self._watch_hearing()

    async def _look(self, place: int) -> bytes:
        return await self._looking[place].look()

    def _showing(self) -> set[int]:
        return {place for place, enabled in self._enabled.items() if enabled}

    # Speaking --------------------------------------------------------------------------------------------

    def _session_started(self) -> None:
        self._running = True
        self._set_line()

    def _session_ended(self) -> None:
        self._running = False
        self.sink.set_line(Line.DOWN)

    def _sound(self, pcm: bytes, rate: int) -> None:
        if self._speech is not None:
            self._speech.write(pcm, rate, self.settings.packet_ms, self.clock.now())

    def _picture_changed(self) -> None:
        if self._pictures is not None:
            self._pictures.changed()

    def _post(self, message: Any) -> None:
        """A message for the client; it waits while the client is away. Raises ConnectionError."""
        self._send(message if isinstance(message, str) else msgspec.json.encode(message).decode())

    def _send(self, text: str) -> None:
        connection = self._connection
        if connection is not None and connection.can_send and not self._unsent:
            connection.send(text)
            return
        if len(self._unsent) >= MAX_UNSENT_MESSAGES:
            raise ConnectionAbortedError(f"{len(self._unsent)} messages wait for a client that is away")
        self._unsent.append(text)

    def _send_waiting(self) -> None:
        while self._unsent and self._connection is not None and self._connection.can_send:
            self._connection.send(self._unsent.popleft())

    # The client's life -----------------------------------------------------------------------------------

    def _on(self, event: liveness.Event) -> None:
        was = self._state
        self._state = liveness.step(was, event, self.clock.now(), self.settings.patience)
        if isinstance(self._state, liveness.Gone):
            self.reason = self._state.why
            self._over.set()
        if type(was) is not type(self._state):
            log.debug("the client is now %s", self._state)
            self._set_line()
        self._watch()

    def _watch(self) -> None:
        self._wake_by("liveness", liveness.deadline(self._state, self.settings.patience), self._tick)

    def _tick(self) -> None:
        del self._timers["liveness"]
        if self._hearing.last is not None:
            self._on(liveness.Heard(self._hearing.last))
        self._on(liveness.Tick())
        self._watch()

    def _set_line(self) -> None:
        if not self._running:
            return
        self._drop_timer("lead-in")
        if not self.live:
            self.sink.set_line(Line.DOWN)
        elif self.settings.lead_in:
            self.sink.set_line(Line.SILENT)
            later = self.clock.now() + self.settings.lead_in
            self._set_timer("lead-in", later, lambda: self.sink.set_line(Line.UP))
        else:
            self.sink.set_line(Line.UP)

    def _client_gone(self) -> None:
        """What nobody hears is not said; the rest of the session ends in good order."""
        if self._running:
            self.sink.hang_up(self.reason)
            self.source.session.end(self.reason)

    async def leave(self) -> None:
        """Tell the client, and close. Calling it twice is harmless."""
        self._over.set()
        for purpose in tuple(self._timers):
            self._drop_timer(purpose)
        connection = self._connection
        if connection is None:
            return
        if connection.can_send:
            connection.send(signals.PEER_LEFT)
            await connection.flush(FLUSH_SECONDS)
        await connection.close()
        self.left()

    def _wake_by(self, purpose: str, deadline: float | None, callback: Callable[[], None]) -> None:
        """Have a timer by then. One that is too early does no harm and is left: deadlines often move on."""
        timer = self._timers.get(purpose)
        if deadline is None or self.over or (timer is not None and timer[0] <= deadline + 1e-3):
            return
        self._set_timer(purpose, deadline, callback)

    def _set_timer(self, purpose: str, when: float, callback: Callable[[], None]) -> None:
        self._drop_timer(purpose)
        self._timers[purpose] = (when, self.clock.at(when, callback))

    def _drop_timer(self, purpose: str) -> None:
        timer = self._timers.pop(purpose, None)
        if timer is not None:
            timer[1].cancel()


def _nothing() -> None:
    """Nobody wants to know."""


async def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Do work that takes a bounded time, although we may be cancelled (again) meanwhile."""
    task = asyncio.create_task(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError
