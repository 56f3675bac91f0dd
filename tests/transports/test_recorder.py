"""The recorder: two sides, one clock, nothing lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.audio.wav import Sound, read_wav
from antiphon.transports.recorder import RecorderError, StereoRecorder

RATE = 8000
PACKET = 160


def tone(value: int, samples: int = PACKET) -> bytes:
    return np.full(samples, value, np.int16).tobytes()


def recorded(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    sound: Sound = read_wav(path.read_bytes())
    return np.round(sound.samples * 32768).astype(np.int16)


def test_bot_packets_stand_where_they_were_played(tmp_path: Path) -> None:
    recorder = StereoRecorder(tmp_path / "call.wav", RATE)
    for number in range(100):
        recorder.user(tone(1))
        if 40 <= number < 50:
            recorder.bot(tone(2), number * 0.02)
    recorder.close()
    both = recorded(tmp_path / "call.wav")
    assert len(both) == 100 * PACKET
    assert np.all(both[:, 0] == 1)
    assert np.flatnonzero(both[:, 1]).tolist() == list(range(40 * PACKET, 50 * PACKET))


@given(jitter=st.lists(st.floats(0, 0.009), min_size=20, max_size=20))
def test_late_timers_leave_no_holes_in_what_the_bot_says(
    tmp_path_factory: pytest.TempPathFactory, jitter: list[float]
) -> None:
    path = tmp_path_factory.mktemp("rec") / "call.wav"
    recorder = StereoRecorder(path, RATE)
    for number, late in enumerate(jitter):
        recorder.user(tone(1))
        recorder.bot(tone(2), number * 0.02 + late)
    recorder.close()
    said = np.flatnonzero(recorded(path)[:, 1])
    assert len(said) == 20 * PACKET
    assert said[-1] - said[0] == 20 * PACKET - 1


def test_what_the_bot_says_after_the_user_has_gone_is_kept(tmp_path: Path) -> None:
    recorder = StereoRecorder(tmp_path / "call.wav", RATE)
    recorder.user(tone(1))
    recorder.bot(tone(2, 4 * PACKET), 0.0)
    recorder.close()
    assert recorded(tmp_path / "call.wav").shape == (4 * PACKET, 2)


def test_the_file_is_readable_before_it_is_closed(tmp_path: Path) -> None:
    recorder = StereoRecorder(tmp_path / "call.wav", RATE)
    for _ in range(250):
        recorder.user(tone(1))
    kept = recorded(tmp_path / "call.wav")
    recorder.close()
    assert len(kept) >= 2 * RATE


def test_recording_does_not_drift_over_an_hour_of_jittery_arrivals(tmp_path: Path) -> None:
    """F28: positions are counted, not timed."""
    recorder = StereoRecorder(tmp_path / "call.wav", RATE)
    for _ in range(3600 // 2):
        recorder.user(tone(1, 2 * RATE))
    assert recorder.seconds == 3600
    recorder.close()


def test_no_permission_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecorderError, match=r"Cannot write .*--out"):
        StereoRecorder(tmp_path / "no" / "folder" / "call.wav", RATE)
