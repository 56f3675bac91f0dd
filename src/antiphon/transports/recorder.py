"""Recording a conversation: one WAV, the user on the left, the bot on the right, aligned to the sample.

The user's stream is continuous and is the clock: positions are counted in samples, never rebuilt from arrival
times, so a recording cannot drift. The bot's packets are placed where they were played; packets that follow
each other follow each other in the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np

from antiphon.audio.wav import WavWriter

HOLD_SECONDS = 0.5
"""How long a stretch is kept in memory, so that the other side's packets can still be placed in it."""

SYNC_SECONDS = 2.0
"""How often the file is made valid, so that a crash keeps what was said."""


class RecorderError(Exception):
    """The file cannot be written; the message says why."""


class StereoRecorder:
    """Writes both sides as they come. `rate` is that of both; PCM s16le mono."""

    def __init__(self, path: Path, rate: int) -> None:
        self.path = path
        self.rate = rate
        try:
            self._file: BinaryIO = path.open("wb")
        except OSError as error:
            reason = error.strerror or str(error)
            raise RecorderError(f"Cannot write {path}: {reason}. Choose another place with --out.") from None
        self._writer = WavWriter(self._file, rate, 2)
        self._user = bytearray()
        self._bot = bytearray()
        self._written = 0
        self._bot_end = 0
        self._unsynced = 0

    @property
    def seconds(self) -> float:
        """The length of the user's side so far."""
        return (self._written + len(self._user) // 2) / self.rate

    def user(self, pcm: bytes) -> None:
        """The next stretch of the user's side."""
        self._user += pcm
        self._write(len(self._user) // 2 - int(HOLD_SECONDS * self.rate))

    def bot(self, pcm: bytes, at: float) -> None:
        """A packet of the bot, played `at` seconds after the start."""
        position = round(at * self.rate)
        if 0 <= position - self._bot_end < len(pcm) // 2 or position < self._bot_end:
            position = self._bot_end
        position = max(position, self._written)
        offset = 2 * (position - self._written)
        self._bot += bytes(max(0, offset - len(self._bot)))
        self._bot[offset : offset + len(pcm)] = pcm
        self._bot_end = position + len(pcm) // 2

    def close(self) -> None:
        """Write what waits and close the file."""
        if self._file.closed:
            return
        self._write(max(len(self._user), len(self._bot)) // 2)
        self._writer.sync()
        self._file.close()

    def _write(self, samples: int) -> None:
        if samples <= 0:
            return
        stereo = np.zeros((samples, 2), np.int16)
        for column, side in enumerate((self._user, self._bot)):
            ready = np.frombuffer(bytes(side[: 2 * samples]), np.int16)
            stereo[: ready.size, column] = ready
            del side[: 2 * samples]
        self._writer.write(stereo.tobytes())
        self._written += samples
        self._unsynced += samples
        if self._unsynced >= SYNC_SECONDS * self.rate:
            self._unsynced = 0
            self._writer.sync()
