"""The output end of a transport: paces the bot's sound, keeps the ledger of what was heard, stops at once.

The framework owns pacing, not the device or the peer: packets leave on the session's clock with a small lead,
so that stopping is heard within one packet on every transport. A subclass only writes packets.
"""

from __future__ import annotations

import asyncio
import enum
from typing import Any, ClassVar

from antiphon.audio.dtmf import tone
from antiphon.audio.live import Resampler, live_resampler
from antiphon.audio.player import Packet, Player
from antiphon.audio.resample import to_mono
from antiphon.dispatch import Direction, on
from antiphon.frames import (
    BotHeardFrame,
    BotPauseFrame,
    BotResumeFrame,
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    EndFrame,
    LLMTextFrame,
    OutputAudioRawFrame,
    OutputDTMFFrame,
    OutputTransportMessageFrame,
    OutputTransportMessageUrgentFrame,
    ResponseEndedFrame,
    StartFrame,
    TTSSpeakFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
    TTSTextFrame,
)
from antiphon.ledger import Playout, Word
from antiphon.node import describe
from antiphon.processor import Processor
from antiphon.response import Response

GAP_SECONDS = 0.35
"""Silence of this length inside an answer (the voice came too late) counts as having stopped speaking."""

WORD_ROUNDING = 0.001
"""Seconds by which the end of a word and that of its sound may differ."""

MOST_BEHIND = 0.2
"""Seconds of packets that are made up for at once after the loop stood still; more is time lost."""


class Line(enum.Enum):
    """What the way to the peer carries at present."""

    DOWN = "nothing: what is to be said waits for the peer to come back"
    SILENT = "silence only: what is to be said waits"
    UP = "everything"


class OutputTransport(Processor):
    """Plays what comes. Subclasses override the `write_*` methods, and `clear_audio` if they can take back.

    `packet_ms` is the length of a packet, `lead_ms` how far ahead of real time packets may be written.
    Where `fills_silence`, a packet leaves in every interval, also when there is nothing to say.
    """

    gives = ()
    fills_silence: ClassVar[bool] = False

    def __init__(self, name: str = "output", *, packet_ms: int = 20, lead_ms: int = 0) -> None:
        super().__init__(name)
        self.packet_seconds = packet_ms / 1000
        self.lead = lead_ms / 1000
        self.rate = 24000
        self.line = Line.UP
        self.player = Player(self.rate, self._packet_samples())
        self._silence = Packet(bytes(2 * self._packet_samples()), ())
        self._resamplers: dict[tuple[int | None, int], Resampler] = {}
        self._held: dict[int, Response] = {}
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._gap: asyncio.TimerHandle | None = None
        self._speaking = False
        self._speaker: int | None = None
        self._words: dict[int, int] = {}
        self._drained: asyncio.Event | None = None
        self._expected: set[int | None] = set()
        self._waited = False
        self._letting_go: dict[int, asyncio.TimerHandle] = {}
        self._broken = ""

    # What subclasses do ----------------------------------------------------------------------------------

    def write_audio(self, pcm: bytes) -> None:
        """One packet of PCM s16le mono at `rate` leaves now."""

    def clear_audio(self) -> float:
        """Take back what was written but not played, if possible. Returns how many seconds that was."""
        return 0.0

    def write_message(self, message: Any) -> None:
        """A message for the client application leaves now."""

    def write_digit(self, button: str) -> bool:
        """A telephone key leaves now, if the peer has a message for it. False: its tones are to be played."""
        return False

    def played(self, owner: int) -> None:
        """More of this response's sound has just been written."""

    # Frames ----------------------------------------------------------------------------------------------

    @on(StartFrame)
    def start(self, frame: StartFrame) -> None:
        self.rate = frame.audio_out_sample_rate
        self.player = Player(self.rate, self._packet_samples())
        self._silence = Packet(bytes(2 * self._packet_samples()), ())
        self._wake()

    @on(TTSStartedFrame, direction=Direction.DOWNSTREAM)
    def voice(self, frame: TTSStartedFrame) -> TTSStartedFrame:
        if frame.response is not None:
            self.session.ledger.open(frame.response).voiced = True
            self._expected.add(frame.response)
        return frame

    @on(LLMTextFrame, TTSSpeakFrame, direction=Direction.DOWNSTREAM)
    def written(self, frame: LLMTextFrame | TTSSpeakFrame) -> LLMTextFrame | TTSSpeakFrame:
        if frame.response is not None:
            playout = self.session.ledger.open(frame.response)
            speak = frame if isinstance(frame, TTSSpeakFrame) else None
            playout.write(frame.text, aside=speak is not None and not speak.append_to_context)
            if speak is not None and not speak.interruptible:
                self._protect(frame.response)
        return frame

    @on(TTSTextFrame, direction=Direction.DOWNSTREAM)
    def word(self, frame: TTSTextFrame) -> TTSTextFrame:
        if frame.response is not None:
            playout = self.session.ledger.open(frame.response)
            playout.set_word(frame.index, Word(frame.text, frame.start, frame.end))
        return frame

    @on(OutputAudioRawFrame, direction=Direction.DOWNSTREAM)
    def play(self, frame: OutputAudioRawFrame) -> OutputAudioRawFrame:
        owner = frame.response
        pcm = to_mono(frame.audio, frame.num_channels)
        if frame.sample_rate != self.rate:
            pcm = self._resampler(owner, frame.sample_rate).process(pcm)
        self._queue(owner, pcm)
        return frame

    @on(TTSStoppedFrame, direction=Direction.DOWNSTREAM)
    def finish(self, frame: TTSStoppedFrame) -> TTSStoppedFrame:
        self._flush_resamplers(frame.response, play=True)
        self._expected.discard(frame.response)
        self._wake()
        return frame

    @on(BotPauseFrame)
    def hush(self, frame: BotPauseFrame) -> BotPauseFrame:
        self.pause()
        return frame

    @on(BotResumeFrame)
    def go_on(self, frame: BotResumeFrame) -> BotResumeFrame:
        self.resume()
        return frame

    @on(OutputTransportMessageFrame, OutputTransportMessageUrgentFrame)
    def message(self, frame: OutputTransportMessageFrame | OutputTransportMessageUrgentFrame) -> None:
        if self._broken:
            return
        try:
            self.write_message(frame.message)
        except ConnectionError as error:
            self._lose(error)

    @on(OutputDTMFFrame, direction=Direction.DOWNSTREAM)
    def press(self, frame: OutputDTMFFrame) -> OutputDTMFFrame:
        """Press a key: with a message where the peer has one, else with its tones, which are no speech."""
        response = self.session.responses.get(frame.response)
        if response is not None and response.gated:
            response.on_commit(lambda: self._press(frame.button))
        else:
            self._press(frame.button)
        return frame

    @on(ResponseEndedFrame)
    def ended(self, frame: ResponseEndedFrame) -> ResponseEndedFrame:
        self._flush_resamplers(frame.id, play=False)
        self._expected.discard(frame.id)
        self._words.pop(frame.id, None)
        if self._speaker == frame.id:
            self._stop_speaking()
        return frame

    @on(EndFrame)
    async def end(self, frame: EndFrame) -> None:
        """The goodbye is heard to its end."""
        self._expected.clear()
        self.resume()
        while not self.player.idle:
            self._drained = asyncio.Event()
            await self._drained.wait()
        await self._heard_out()
        self._stop_speaking()

    async def _heard_out(self) -> None:
        """Wait until the last packet that was written has been played."""
        await asyncio.sleep(self._due - self.session.now())

    async def cleanup(self) -> None:
        for timer in (self._timer, self._gap, *self._letting_go.values()):
            if timer is not None:
                timer.cancel()

    # Playing ---------------------------------------------------------------------------------------------

    def pause(self) -> None:
        """Fall silent within a packet, keeping the place."""
        self.player.pause()

    def resume(self) -> None:
        """Go on from the exact sample."""
        self.player.resume()
        self._wake()

    def hang_up(self, reason: str) -> None:
        """The peer is gone: what nobody hears is not said. Nothing is written from now on."""
        self._broken = reason
        for response in tuple(self.session.responses.live.values()):
            response.cancel(reason=reason)
        self.player.clear()
        self._run_dry()

    def set_line(self, line: Line) -> None:
        """The way to the peer has changed. Nothing is said into the void, and nothing is lost."""
        if line is self.line:
            return
        self.line = line
        if line is Line.DOWN:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            self._stop_speaking()
        else:
            self._wake()

    def _protect(self, number: int) -> None:
        """What is written up to here must be heard before the user may interrupt."""
        response = self.session.responses.get(number)
        if response is not None:
            response.protect()

    def _queue(self, owner: int | None, pcm: bytes) -> None:
        if not pcm or self._broken:
            return
        response = self.session.responses.get(owner)
        if response is not None and response.id not in self._held:
            response.hold()
            self._held[response.id] = response
            response.on_cancel(lambda: self._cut(response.id))
        if response is not None and response.gated:
            response.on_commit(lambda: self._play(owner, pcm))
        else:
            self._play(owner, pcm)

    def _press(self, button: str) -> None:
        try:
            if not self._broken and not self.write_digit(button):
                self._play(None, tone(button, self.rate))
        except ConnectionError as error:
            self._lose(error)

    def _play(self, owner: int | None, pcm: bytes) -> None:
        self.player.add(owner, pcm)
        self._wake()

    def _wake(self) -> None:
        if self._timer is None and self._has_to_write() and not self._broken:
            now = self.session.now()
            self._due = max(self._due, now)
            self._timer = self.session.clock.at(max(now, self._due - self.lead), self._tick)

    def _has_to_write(self) -> bool:
        if self.fills_silence:
            return self.line is not Line.DOWN
        return self.line is Line.UP and not self.player.idle

    def _tick(self) -> None:
        self._timer = None
        now = self.session.now()
        if now - self._due > MOST_BEHIND:
            self._due = now
        while now >= self._due - self.lead - 1e-6:
            packet = self._next_packet()
            if packet is None or not self._write(packet):
                return
        self._timer = self.session.clock.at(self._due - self.lead, self._tick)

    def _next_packet(self) -> Packet | None:
        if self.line is Line.UP:
            packet = self.player.pull(() if self._waited else self._expected)
            if packet is not None:
                self._waited = False
                return packet
            self._run_dry()
        return self._silence if self.fills_silence else None

    def _write(self, packet: Packet) -> bool:
        """Write one packet. Returns False if that is no longer possible."""
        try:
            self.write_audio(packet.pcm)
        except Exception as error:
            self._lose(error)
            return False
        self._due += self.packet_seconds
        self._written(packet)
        return True

    def _written(self, packet: Packet) -> None:
        """A packet has left: unless the peer says what it has played, that counts as played."""
        for owner, samples in packet.portions:
            self._start_speaking(owner)
            self._account(owner, samples)

    def _account(self, owner: int | None, samples: int) -> None:
        if owner is None:
            return
        playout = self.session.ledger.open(owner)
        playout.play(samples, self.rate)
        self._tell_heard(owner, playout)
        self.played(owner)
        if owner in self._held and not self._left(owner):
            self._wait_for_last_packet(owner)

    def _wait_for_last_packet(self, owner: int) -> None:
        earlier = self._letting_go.pop(owner, None)
        if earlier is not None:
            earlier.cancel()
        self._letting_go[owner] = self.session.clock.at(self._due, lambda: self._played_out(owner))

    def _played_out(self, owner: int) -> None:
        """The last sample that was written of this response has been heard by now."""
        del self._letting_go[owner]
        if not self._left(owner):
            self._let_go(owner)

    def _left(self, owner: int) -> bool:
        """Is there sound of this response that has not been played?"""
        return self.player.queued(owner) > 0

    def _run_dry(self) -> None:
        if self._drained is not None:
            self._drained.set()
        waiting = self._speaking or not self.player.idle
        if waiting and not self.player.paused and self._gap is None:
            self._gap = self.session.clock.after(GAP_SECONDS, self._gap_over)

    def _gap_over(self) -> None:
        """The voice is late. What waits for the rest of its packet goes on waiting only within a word.

        There, it would be a click, and a hole inside the word.
        """
        self._stop_speaking()
        if self.player.samples and not self.player.paused:
            self._waited = not any(map(self._within_word, self._expected))
            self._wake()

    def _within_word(self, owner: int | None) -> bool:
        """Does sound of this response wait, more to come as far as its tasks show, and no end of a word?"""
        response, waits = self.session.responses.get(owner), self.player.queued(owner) / self.rate
        if response is None or not response.tasks or not waits:
            return False
        return not 0 < self.session.ledger.open(response.id).word_left <= waits + WORD_ROUNDING

    def _cut(self, owner: int) -> None:
        """The response was cancelled: silence within a packet, and the ledger says what was heard."""
        if owner not in self._held:
            return
        taken_back = self._take_back(owner)
        self._due -= taken_back
        self.player.flush(owner, fade=not taken_back)
        self._flush_resamplers(owner, play=False)
        if self.player.paused and not self.player.samples:
            self.player.resume()
        self._wake()
        self._let_go(owner)

    def _take_back(self, owner: int) -> float:
        """Have the peer forget what it has not played. Returns the seconds by which it is ready earlier."""
        taken_back = self.clear_audio()
        self.session.ledger.open(owner).take_back(taken_back)
        return taken_back

    def _lose(self, error: Exception) -> None:
        """Nothing can be written any more: the session ends."""
        self.hang_up(f"the connection is gone: {describe(error)}")
        self.fail(self._broken, fatal=True)

    def _let_go(self, owner: int) -> None:
        timer = self._letting_go.pop(owner, None)
        if timer is not None:
            timer.cancel()
        response = self._held.pop(owner, None)
        if response is not None:
            response.release()

    # Saying so -------------------------------------------------------------------------------------------

    def _start_speaking(self, owner: int | None) -> None:
        if self._gap is not None:
            self._gap.cancel()
            self._gap = None
        if self._speaking and self._speaker == owner:
            return
        self._stop_speaking()
        self._speaking, self._speaker = True, owner
        self.broadcast(BotStartedSpeakingFrame(owner))

    def _stop_speaking(self) -> None:
        if self._gap is not None:
            self._gap.cancel()
            self._gap = None
        if self._speaking:
            owner, self._speaking, self._speaker = self._speaker, False, None
            self.broadcast(BotStoppedSpeakingFrame(owner))

    def _tell_heard(self, owner: int, playout: Playout) -> None:
        heard = playout.words_heard
        if heard > self._words.get(owner, 0):
            self._words[owner] = heard
            self.broadcast(BotHeardFrame(owner, playout.heard or ""))

    # Sound -----------------------------------------------------------------------------------------------

    def _packet_samples(self) -> int:
        return round(self.rate * self.packet_seconds)

    def _resampler(self, owner: int | None, rate: int) -> Resampler:
        resampler = self._resamplers.get((owner, rate))
        if resampler is None:
            resampler = self._resamplers[owner, rate] = live_resampler(rate, self.rate)
        return resampler

    def _flush_resamplers(self, owner: int | None, *, play: bool) -> None:
        for key in [key for key in self._resamplers if key[0] == owner]:
            rest = self._resamplers.pop(key).flush()
            if play:
                self._queue(owner, rest)
