"""Tagged audio: a recording tells what it holds, whatever was done to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.audio.player import Player
from antiphon.testing import Found, Kind, Noise, TagReader, Utterance, blocks, decode, text_of, words_of

RATES = st.sampled_from([8000, 16000, 24000, 48000])
WORDS = st.text(min_size=1, max_size=12).filter(lambda text: text.split() == [text])
TEXTS = st.lists(WORDS, max_size=8).map(" ".join)


@given(TEXTS, RATES)
def test_what_is_said_is_heard(text: str, rate: int) -> None:
    utterance = Utterance(text, rate=rate, id=7)
    words = decode(utterance.pcm, rate)
    assert [word.text for word in words] == text.split()
    assert [word.start for word in words] == pytest.approx([span.start for span in utterance.spans])
    assert [word.end for word in words] == pytest.approx([span.end for span in utterance.spans])
    assert len(utterance.pcm) == 2 * round(utterance.seconds * rate)


@given(TEXTS, RATES, st.lists(st.integers(0, 700), max_size=30), st.integers(0, 333))
def test_pieces_and_silence_change_nothing(text: str, rate: int, cuts: list[int], silence: int) -> None:
    pcm = bytes(2 * silence) + Utterance(text, rate=rate).pcm + bytes(2 * silence)
    reader, at = TagReader(rate), 0
    found: list[Found] = []
    for cut in [*cuts, len(pcm)]:
        found += reader.feed(pcm[at : at + cut])
        at += cut
    assert found == blocks(pcm, rate)
    assert text_of(words_of(found, rate)).split() == text.split()


@given(st.integers(0, 200), st.integers(0, 200))
def test_a_word_counts_when_more_than_half_of_it_is_there(first: int, last: int) -> None:
    """Cut a second-long word anywhere, also inside a block."""
    rate = 16000
    pcm = Utterance("word", seconds=1.0, rate=rate).pcm
    begin, end = first * rate // 200, rate - last * rate // 200
    whole = max(0, end // 160 - -(-begin // 160))
    assert len(decode(pcm[2 * begin : 2 * end], rate)) == (whole > 50)


def test_what_was_repeated_is_heard_twice_and_what_was_lost_is_not_heard() -> None:
    one, two = Utterance("one", seconds=0.2, id=1), Utterance("two three", seconds=0.4, id=2)
    assert text_of(decode(one.pcm + one.pcm + two.pcm, 16000)) == "one one two three"
    assert text_of(decode(two.pcm[len(two.pcm) // 2 :] + one.pcm, 16000)) == "three one"


def test_a_word_that_paused_and_went_on_is_one() -> None:
    pcm = Utterance("word", seconds=0.2).pcm
    half = len(pcm) // 2
    (word,) = decode(pcm[:half] + bytes(32000) + pcm[half:], 16000)
    assert (word.blocks, word.parts) == (20, 20)
    assert word.end == pytest.approx(1.2)


def test_a_changed_block_is_not_there() -> None:
    pcm = bytearray(Utterance("word", seconds=0.1).pcm)
    for at in (150, 320, 1000):
        pcm[at] ^= 1
    assert len(blocks(bytes(pcm), 16000)) == 7


@pytest.mark.parametrize("packet_ms", [10, 20, 40])
def test_it_survives_the_player(packet_ms: int) -> None:
    player = Player(24000, 24 * packet_ms)
    player.add(1, Utterance("one two three four", rate=24000, id=1).pcm)
    player.add(2, Utterance("five", rate=24000, id=2).pcm)
    sound = b"".join(player.pull().pcm for _ in range(400 // packet_ms) if not player.idle)  # type: ignore[union-attr]
    player.flush(1)
    while (packet := player.pull()) is not None:
        sound += packet.pcm
    assert text_of(decode(sound, 24000)) == "one two five"


def test_noises_are_tagged_and_hold_no_words() -> None:
    cough = Noise(0.2, Kind.COUGH, id=3)
    assert cough.seconds == 0.2
    assert {found.block.kind for found in blocks(cough.pcm, 16000)} == {Kind.COUGH}
    assert decode(cough.pcm, 16000) == []


def test_long_words_are_split_and_nothing_is_needed_for_silence() -> None:
    assert [word.text for word in decode(Utterance("x" * 70).pcm, 16000)] == ["x" * 32, "x" * 32, "x" * 6]
    assert Utterance("").pcm == b""
    assert decode(bytes(1000), 16000) == []
