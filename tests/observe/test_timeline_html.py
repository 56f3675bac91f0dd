"""The page: well formed, complete in itself, of bounded size, and safe whatever people say."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.audio.sound import Sound
from antiphon.audio.wav import read_wav
from antiphon.observe.timeline_html import TimelineError, check_writable, to_html, write_timeline
from antiphon.observe.timeline_model import (
    Answer,
    Measurement,
    Problem,
    Span,
    SpokenWord,
    Steps,
    Timeline,
    TurnDecision,
    UserTurn,
)
from antiphon.observe.waveform import MAX_PEAKS, peaks, wav_address
from effort import examples

from .kit import read_page, recorded

HOSTILE = st.sampled_from(
    [
        "</script><script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '" onload="alert(1)',
        "' style='x",
        "]]><!--",
        "<!-- <script>",
        "&lt;b&gt; &amp;",
        "$style ${script} $$",
        "a\x00b\x1bc\x85",
        "half \ud83d pair",
        "\u202edesrever",
        "javascript:alert(1)",
    ]
) | st.text(max_size=40).map(lambda text: f"{text}!")


def timeline(text: str = "word") -> Timeline:
    """One of everything, with `text` wherever text from outside can come."""
    return Timeline(
        seconds=10.0,
        began=text,
        speech=[Span(0.5, 2.0)],
        turns=[UserTurn(Span(0.5, 2.0), text, "committed"), UserTurn(Span(3.0), text, text, text)],
        answers=[
            Answer(
                id=1,
                span=Span(2.0, 8.0),
                outcome=text,
                reason=text,
                generated=text + text,
                heard=text,
                speaking=[Span(2.5, 5.0)],
                words=[SpokenWord(text, 2.5, 3.0, True), SpokenWord(text, 3.0, 3.5)],
                steps=Steps({"end_of_speech": 2.0, "end_of_turn": 2.1, "voice_to_voice": 2.5}),
            )
        ],
        decisions=[TurnDecision(2.0, text, text, {text: text})],
        problems=[Problem(4.0, text, text, fatal=True)],
        measurements=[Measurement(3.0, text, text, 0.2, text)],
        left_out=3,
    )


def tone(seconds: float, rate: int = 24000) -> Sound:
    """The user in the first half, the bot in the second."""
    time = np.arange(round(seconds * rate)) / rate
    wave = (0.5 * np.sin(2 * np.pi * 220 * time)).astype(np.float32)
    first = time < seconds / 2
    return Sound(np.stack([wave * first, wave * ~first], axis=1), rate)


def test_everything_is_on_the_page() -> None:
    _, made = recorded()
    page = read_page(to_html(made))
    assert "Stop that now." in page.text
    for decision in made.decisions:
        assert decision.reason in page.text
    assert "the model is asleep" in page.text
    assert "first sound sent" in page.text
    assert made.answers[0].unheard.strip() in page.text
    struck = [element for element in page.all("s") if element.get("class")]
    assert struck
    assert all((element["title"] or "").endswith("not heard") for element in struck)


def test_the_recording_can_be_played() -> None:
    page = read_page(to_html(timeline(), tone(3.0)))
    (audio,) = page.all("audio")
    assert "controls" in audio
    head, data = (audio["src"] or "").split(",")
    assert head == "data:audio/wav;base64"
    sound = read_wav(base64.b64decode(data))
    assert (sound.rate, sound.channels) == (16000, 2)
    assert sound.seconds == pytest.approx(3.0, abs=0.01)
    assert np.abs(sound.samples[: sound.rate, 1]).max() < 0.01 < np.abs(sound.samples[: sound.rate, 0]).max()
    assert len(page.all("svg")) == 2


def test_without_sound_and_with_too_much_of_it() -> None:
    assert "No recording" in to_html(timeline())
    assert "left out of this page" in to_html(timeline(), tone(3.0), audio_limit=0)
    page = to_html(timeline(), tone(3.0), audio_limit=1000)
    assert "too long to be played" in page
    assert "<audio" not in page
    assert page.count("<svg") == 2
    assert wav_address(tone(3.0), 60_000) is None
    eight = wav_address(tone(3.0), 100_000)
    assert eight is not None
    assert read_wav(base64.b64decode(eight.split(",")[1])).rate == 8000


@given(HOSTILE)
@examples(60)
def test_no_text_can_change_the_page(text: str) -> None:
    """The same elements with the same attributes as for a harmless word, and only the page's own script."""
    page, harmless = read_page(to_html(timeline(text))), read_page(to_html(timeline()))
    assert page.shape == harmless.shape
    assert page.scripts == harmless.scripts
    assert not any(key.startswith("on") for _, keys in page.shape for key in keys)
    for link in page.all("a"):
        assert (link["href"] or "").startswith("#")
    to_html(timeline(text)).encode("utf-8")


def test_what_was_said_is_shown_as_it_was_said() -> None:
    said = "</script> <b>1 & 2</b> $style \"quoted\" 'too'"
    page = read_page(to_html(timeline(said)))
    assert page.text.count(said) >= 5


def test_the_policy_allows_the_pages_own_script_alone() -> None:
    page = read_page(to_html(timeline()))
    (script,) = page.scripts
    policy = next(meta["content"] for meta in page.all("meta") if "http-equiv" in meta)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; media-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    )


def test_nothing_is_fetched_from_anywhere() -> None:
    html = to_html(timeline(), tone(1.0))
    assert re.findall(r"https?:|//[a-z]|@import|url\(", re.sub(r"base64,[^\"]*", "", html)) == []
    page = read_page(html)
    attributes = [attribute for _, attributes in page.elements for attribute in attributes]
    assert all((value or "").startswith("data:") for key, value in attributes if key in ("src", "srcset"))
    assert page.all("link") == []


def test_a_long_conversation_makes_no_huge_page() -> None:
    """An hour: 600 turns and answers of 15 words, and its waveforms."""
    turns = [UserTurn(Span(6.0 * i, 6.0 * i + 2), "What about this?", "committed") for i in range(600)]
    answers = [
        Answer(
            id=i,
            span=Span(6.0 * i + 2, 6.0 * i + 6),
            outcome="completed",
            generated="word " * 15,
            heard="word " * 15,
            speaking=[Span(6.0 * i + 3, 6.0 * i + 6)],
            words=[SpokenWord("word ", 6.0 * i + 3 + w / 5, 6.0 * i + 3.2 + w / 5, True) for w in range(15)],
        )
        for i in range(600)
    ]
    sound = Sound(np.zeros((3600 * 100, 2), np.float32), 100)
    page = to_html(Timeline(seconds=3600.0, turns=turns, answers=answers), sound, audio_limit=0)
    assert len(page) < 2_500_000


def test_an_empty_timeline_is_a_page_too() -> None:
    page = read_page(to_html(Timeline()))
    assert "Nothing was said." in page.text
    assert "Nothing went wrong." in page.text


def test_keyboard_and_names() -> None:
    page = read_page(to_html(timeline(), tone(1.0)))
    (tracks,) = [div for div in page.all("div") if div.get("id") == "tracks"]
    assert tracks["tabindex"] == "0"
    assert tracks["aria-label"]
    assert all(button.get("type") == "button" for button in page.all("button"))
    identities = [value for _, attributes in page.elements for key, value in attributes if key == "id"]
    assert len(identities) == len(set(identities))
    for link in page.all("a"):
        assert (link["href"] or "")[1:] in identities


def test_writing(tmp_path: Path) -> None:
    target = tmp_path / "call.html"
    check_writable(target)
    write_timeline(target, timeline("ø"))
    assert target.read_text(encoding="utf-8") == to_html(timeline("ø"))


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    absent = tmp_path / "absent" / "call.html"
    for write in (lambda: check_writable(absent), lambda: write_timeline(absent, timeline())):
        with pytest.raises(TimelineError, match="Choose another place"):
            write()


@given(st.integers(0, 5000), st.integers(1, 200))
@examples(40)
def test_no_sample_is_louder_than_its_peaks(count: int, rate: int) -> None:
    samples = np.random.default_rng(count).uniform(-1, 1, count).astype(np.float32)
    found = peaks(samples, rate)
    assert 1 <= len(found) <= MAX_PEAKS
    assert found.max() == pytest.approx(np.abs(samples).max() if count else 0.0)
