"""The player, without a clock: no sample is lost, doubled or moved, whatever is done to it."""

from __future__ import annotations

import enum
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.audio.pcm import samples
from antiphon.audio.player import Packet, Player
from effort import examples

PACKET = 480
FADE = 120


def _ramp(start: int, count: int) -> bytes:
    """Samples that are all different, and far from zero."""
    return (1000 + np.arange(start, start + count) % 30000).astype("<i2").tobytes()


def _all(player: Player) -> list[Packet]:
    packets: list[Packet] = []
    while (packet := player.pull()) is not None:
        packets.append(packet)
    return packets


def _content(packets: list[Packet]) -> bytes:
    """What the packets hold, without padding and fades."""
    return b"".join(packet.pcm[: 2 * sum(count for _, count in packet.portions)] for packet in packets)


def _player(*sizes: int, owner: int | None = 1) -> Player:
    player, start = Player(24000, PACKET), 0
    for size in sizes:
        player.add(owner, _ramp(start, size))
        start += size
    return player


@given(st.lists(st.integers(1, 2000), max_size=10))
def test_samples_are_conserved(sizes: list[int]) -> None:
    player = _player(*sizes)
    assert player.samples == sum(sizes)
    packets = _all(player)
    assert _content(packets) == _ramp(0, sum(sizes))
    assert all(len(packet.pcm) == 2 * PACKET for packet in packets)
    assert player.samples == 0
    assert player.idle


class Flush(NamedTuple):
    """Drop what waits of this owner."""

    owner: int | None


class Add(NamedTuple):
    """Queue so many samples for this owner."""

    owner: int | None
    size: int


class Do(enum.Enum):
    """Something without details."""

    PULL = 1
    PAUSE = 2
    RESUME = 3


OWNERS = st.sampled_from([1, 2, None])
ACTIONS: st.SearchStrategy[list[Flush | Add | Do]] = st.lists(
    st.one_of(
        st.just(Do.PULL),
        st.sampled_from(Do),
        st.builds(Flush, OWNERS),
        st.builds(Add, OWNERS, st.integers(1, 900)),
    ),
    max_size=60,
)


@examples(120)
@given(ACTIONS)
def test_whatever_happens_each_owner_hears_a_run_of_its_samples(actions: list[Flush | Add | Do]) -> None:
    """Per owner: what is handed out, dropped and waiting are all that was added, in order."""
    player = Player(24000, PACKET)
    added: dict[int | None, int] = {1: 0, 2: 0, None: 0}
    gone: dict[int | None, int] = {1: 0, 2: 0, None: 0}

    def pull() -> None:
        packet = player.pull()
        at = 0
        for owner, count in packet.portions if packet else ():
            assert packet is not None
            assert packet.pcm[2 * at : 2 * (at + count)] == _ramp(gone[owner], count)
            gone[owner] += count
            at += count

    for action in actions:
        match action:
            case Do.PULL:
                pull()
            case Do.PAUSE:
                player.pause()
            case Do.RESUME:
                player.resume()
            case Flush(owner):
                gone[owner] += player.flush(owner)
            case Add(owner, size):
                player.add(owner, _ramp(added[owner], size))
                added[owner] += size
        assert all(gone[owner] + player.queued(owner) == added[owner] for owner in added)
    player.resume()
    while not player.idle:
        pull()
    assert gone == added


@pytest.mark.parametrize("taken", [1, 3, 5])
def test_f29_a_flush_fades_what_was_sounding(taken: int) -> None:
    """Also where the cut falls on the end of a piece: the next one would have gone on."""
    player = _player(*[PACKET] * 10)
    for _ in range(taken):
        player.pull()
    assert player.flush(1) == (10 - taken) * PACKET
    fade = player.pull()
    assert fade is not None
    assert fade.portions == ()
    values = samples(fade.pcm).astype(int)
    assert 0 < values[0] <= 1000 + taken * PACKET
    assert (np.diff(values[:FADE]) <= 0).all()
    assert not values[FADE:].any()
    assert player.pull() is None


def test_a_flush_before_anything_sounded_is_silent() -> None:
    player = _player(4800)
    player.flush(1)
    assert player.pull() is None


def test_a_flush_of_another_owner_is_not_heard() -> None:
    player = _player(1000)
    player.add(2, _ramp(0, 1000))
    first = player.pull()
    assert player.flush(2) == 1000
    packets = _all(player)
    assert first is not None
    assert _content([first, *packets]) == _ramp(0, 1000)


def test_the_next_owner_follows_the_fade() -> None:
    player = _player(4800)
    player.add(2, _ramp(0, PACKET))
    player.pull()
    player.flush(1)
    fade, following = player.pull(), player.pull()
    assert fade is not None
    assert fade.portions == ()
    assert following is not None
    assert following.portions == ((2, PACKET),)


def test_a_pause_keeps_the_place() -> None:
    player = _player(4800)
    first = player.pull()
    player.pause()
    fade = player.pull()
    assert fade is not None
    assert fade.portions == ()
    assert player.pull() is None
    assert player.idle
    player.resume()
    assert first is not None
    assert _content([first, *_all(player)]) == _ramp(0, 4800)


def test_a_pause_that_is_taken_back_at_once_is_not_heard() -> None:
    player = _player(4800)
    first = player.pull()
    player.pause()
    player.resume()
    second = player.pull()
    assert first is not None
    assert second is not None
    assert _content([first, second]) == _ramp(0, 2 * PACKET)


def test_a_flush_while_paused_keeps_the_fade_of_the_pause() -> None:
    player = _player(4800)
    player.pull()
    player.pause()
    player.flush(1)
    player.resume()
    fade = player.pull()
    assert fade is not None
    assert fade.portions == ()
    assert samples(fade.pcm)[0] > 0


def test_a_packet_that_is_not_full_waits_while_its_owner_is_unfinished() -> None:
    player = _player(PACKET + 100)
    assert player.pull({1}) is not None
    assert player.pull({1}) is None
    player.add(1, _ramp(PACKET + 100, 380))
    packet = player.pull({1})
    assert packet is not None
    assert packet.portions == ((1, 100), (1, 380))


def test_clear_leaves_nothing() -> None:
    player = _player(4800)
    player.pull()
    player.clear()
    assert player.idle
    assert player.samples == 0


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="even number of bytes"):
        Player(24000, PACKET).add(1, b"abc")


def test_what_is_flushed_while_it_waits_does_not_come_back_as_a_fade() -> None:
    player = _player(4800)
    player.pull()
    player.pause()
    player.pull()
    player.flush(1)
    player.add(2, _ramp(0, PACKET))
    player.resume()
    assert [packet.portions for packet in _all(player)] == [((2, PACKET),)]


@pytest.mark.parametrize("paused", [False, True])
def test_what_the_peer_has_dropped_is_not_faded_out(paused: bool) -> None:
    player = Player(1000, 20)
    player.add(1, b"\x01\x01" * 100)
    player.pull()
    if paused:
        player.pause()
    player.flush(1, fade=False)
    assert player.idle
    assert player.pull() is None
