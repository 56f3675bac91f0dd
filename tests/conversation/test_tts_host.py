"""The host of a voice: clauses first, words with times, failure, what belongs together leaves together."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.dispatch import on
from antiphon.frames import (
    DataFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    Outcome,
    ResponseEndedFrame,
    TTSAudioRawFrame,
    TTSSpeakFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
    TTSTextFrame,
    URLImageRawFrame,
)
from antiphon.pipeline import SyncParallelPipeline
from antiphon.processor import Processor
from antiphon.routing import Tee
from antiphon.services.tts_host import TTSHost
from antiphon.session import Session
from antiphon.testing import Fail, FakeTTS, Hang, LogNormal, blocks, decode, text_of
from conversation.kit import SEEDS, Act, Stage, play

TEXT = "First of all, this is a clause. The second sentence is longer than that. The third is short."


class Write(DataFrame, frozen=True):
    """Answer with these words."""

    scoped = False

    text: str


class Writer(Processor):
    """Writes an answer as a language model would, word by word."""

    gives = (LLMFullResponseStartFrame, LLMTextFrame, LLMFullResponseEndFrame)

    @on(Write)
    def write(self, frame: Write) -> None:
        with self.respond() as response:
            self.push(LLMFullResponseStartFrame(response=response.id))
            for word in frame.text.split(" "):
                self.push(LLMTextFrame(word + " ", response=response.id))
            self.push(LLMFullResponseEndFrame(response=response.id))


KINDS = (TTSStartedFrame, TTSStoppedFrame, TTSTextFrame, TTSAudioRawFrame, ResponseEndedFrame, LLMTextFrame)


def _say(
    tts: FakeTTS, *texts: str, seed: int | None = None, silence: float = 15.0
) -> tuple[Stage, list[object]]:
    seen: list[object] = []

    def acts(session: Session) -> list[Act]:
        return [(0.1, lambda text=text: session.receive(Write(text))) for text in texts]

    host = TTSHost(tts, silence=silence)
    return play([Writer(), host, Tee(seen.append, *KINDS)], acts, end_at=60.0, seed=seed), seen


@pytest.mark.parametrize("seed", SEEDS)
def test_the_first_chunk_is_a_clause_and_the_others_are_sentences(seed: int | None) -> None:
    tts = FakeTTS()
    stage, _ = _say(tts, TEXT, seed=seed)
    assert tts.said == [
        "First of all,",
        "this is a clause.",
        "The second sentence is longer than that.",
        "The third is short.",
    ]
    assert text_of(decode(stage.sound, 24000)) == TEXT


def test_started_and_stopped_enclose_the_sound() -> None:
    _, seen = _say(FakeTTS(), TEXT)
    names = [type(frame).__name__ for frame in seen if not isinstance(frame, (TTSTextFrame, LLMTextFrame))]
    assert names[0] == "TTSStartedFrame"
    assert names[-2:] == ["TTSStoppedFrame", "ResponseEndedFrame"]
    assert set(names[1:-2]) == {"TTSAudioRawFrame"}


def _times(seen: list[object]) -> dict[int, TTSTextFrame]:
    """The last word on each word."""
    return {frame.index: frame for frame in seen if isinstance(frame, TTSTextFrame)}


def test_words_have_the_times_that_the_voice_gives() -> None:
    stage, seen = _say(FakeTTS(), TEXT)
    heard = decode(stage.sound, 24000)
    times = _times(seen)
    assert [times[n].text.strip() for n in range(len(times))] == [word.text for word in heard]
    for number, word in enumerate(heard):
        assert times[number].start == pytest.approx(word.start)
        assert times[number].end == pytest.approx(word.end)
        assert not times[number].estimated


def test_a_voice_with_timings_never_has_words_estimated() -> None:
    _, seen = _say(FakeTTS(per_piece=0.2), TEXT)
    assert not any(frame.estimated for frame in seen if isinstance(frame, TTSTextFrame))


def test_without_timings_words_are_estimated_within_their_chunk() -> None:
    _, seen = _say(FakeTTS(timings=False), TEXT)
    times = [frame for _, frame in sorted(_times(seen).items())]
    assert all(frame.estimated for frame in times)
    assert [a.end for a in times[:-1]] == pytest.approx([b.start for b in times[1:]])
    assert times[-1].end == pytest.approx(_seconds(seen))


def _seconds(seen: list[object]) -> float:
    return sum(
        len(frame.audio) / 2 / frame.sample_rate for frame in seen if isinstance(frame, TTSAudioRawFrame)
    )


def test_what_is_written_is_what_the_words_are_made_of() -> None:
    """Numbers and marks are said otherwise than they are written; the words are as written."""
    text = "It costs **$5** and 3 km are left. Fine."
    _, seen = _say(FakeTTS(), text)
    assert "".join(frame.text for _, frame in sorted(_times(seen).items())).strip() == text


@pytest.mark.parametrize("text", ["…", "*", " ", "👍"])
def test_nothing_to_say_ends_well(text: str) -> None:
    tts = FakeTTS()
    _, seen = _say(tts, text)
    outcomes = [frame.outcome for frame in seen if isinstance(frame, ResponseEndedFrame)]
    assert outcomes == [Outcome.COMPLETED]


def test_a_failure_fails_the_response() -> None:
    with FakeTTS(faults={1: Fail(1, "no voice today")}) as tts:
        stage, seen = _say(tts, TEXT)
    outcomes = [frame.outcome for frame in seen if isinstance(frame, ResponseEndedFrame)]
    assert outcomes == [Outcome.FAILED]
    assert [error.error for error in stage.result.errors] == ["no voice today"]
    assert len(tts.said) == 2


def test_a_voice_that_hangs_is_given_up() -> None:
    tts = FakeTTS(faults={0: Hang(1)})
    stage, seen = _say(tts, TEXT, silence=4.0)
    outcomes = [frame.outcome for frame in seen if isinstance(frame, ResponseEndedFrame)]
    assert outcomes == [Outcome.FAILED]
    assert [error.error for error in stage.result.errors] == ["FakeTTS gave no sound for 4 s"]
    assert tts.closed_early == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_two_answers_are_spoken_one_after_the_other(seed: int | None) -> None:
    tts = FakeTTS(ttfa=LogNormal(0.1, 0.5, seed=seed or 0))
    stage, _ = _say(tts, "One two three.", "Four five six.", seed=seed)
    assert text_of(decode(stage.sound, 24000)) == "One two three. Four five six."


class Duet(Processor):
    """Gives two answers at once, the parts of one between those of the other."""

    gives = (TTSSpeakFrame,)

    @on(Write)
    def write(self, frame: Write) -> None:
        with self.respond() as one, self.respond() as other:
            for number, part in enumerate(frame.text.split("|")):
                self.push(TTSSpeakFrame(part, response=other.id if number % 2 else one.id))


@pytest.mark.parametrize("seed", SEEDS)
def test_chunks_keep_their_order_although_one_between_them_is_cancelled(seed: int | None) -> None:
    tts = FakeTTS(per_piece=0.15, piece=0.1)

    def acts(session: Session) -> list[Act]:
        first = Write("One two three.|Never said.|Four five six.|Nor this.|Seven.")
        return [
            (0.1, lambda: session.receive(first)),
            (0.5, lambda: session.responses.cancel(2, reason="test")),
        ]

    stage = play([Duet(), TTSHost(tts)], acts, end_at=10.0, seed=seed)
    assert tts.said == ["One two three.", "Four five six.", "Seven."]
    assert text_of(decode(stage.sound, 24000)) == "One two three. Four five six. Seven."


def test_text_of_no_response_is_said_as_one() -> None:
    def acts(session: Session) -> list[Act]:
        return [(0.1, lambda: session.receive(TTSSpeakFrame("Just this.")))]

    stage = play([TTSHost(FakeTTS())], acts)
    assert text_of(decode(stage.sound, 24000)) == "Just this."
    ended = [timed.frame for timed in stage.of(ResponseEndedFrame)]
    assert [frame.outcome for frame in ended if isinstance(frame, ResponseEndedFrame)] == [Outcome.COMPLETED]


class Painter(Processor):
    """Draws a picture for each sentence; it takes its time, now more, now less."""

    gives = (URLImageRawFrame,)

    def __init__(self, delay: LogNormal) -> None:
        super().__init__()
        self.delay = delay

    @on(TTSSpeakFrame)
    def draw(self, frame: TTSSpeakFrame) -> None:
        self.spawn(self._draw(frame), response=frame.response)

    async def _draw(self, frame: TTSSpeakFrame) -> None:
        await asyncio.sleep(self.delay())
        self.push(URLImageRawFrame(frame.text, response=frame.response))


class Sentences(Processor):
    """Gives each sentence of an answer by itself."""

    gives = (TTSSpeakFrame,)

    @on(Write)
    def split(self, frame: Write) -> None:
        with self.respond() as response:
            for sentence in frame.text.split("|"):
                self.push(TTSSpeakFrame(sentence, response=response.id))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_sentence_and_its_picture_leave_together(seed: int | None) -> None:
    seen: list[object] = []
    texts = ["One is first.", "Two comes next.", "Three is last."]
    tts, painter = FakeTTS(ttfa=LogNormal(0.1, 0.9, seed=1)), Painter(LogNormal(0.1, 0.9, seed=2))
    both = SyncParallelPipeline(TTSHost(tts), painter)
    tee = Tee(seen.append, TTSAudioRawFrame, URLImageRawFrame)

    def acts(session: Session) -> list[Act]:
        return [(0.1, lambda: session.receive(Write("|".join(texts))))]

    stage = play([Sentences(), both, tee], acts, end_at=30.0, seed=seed)
    order: list[str] = []
    for frame in seen:
        if isinstance(frame, URLImageRawFrame):
            order.append(frame.url or "")
        elif isinstance(frame, TTSAudioRawFrame):
            said = tts.said[_utterance(frame)]
            owner = next(text for text in texts if said.split()[0] in text.split())
            if not order or order[-1] != f"sound of {owner}":
                order.append(f"sound of {owner}")
    assert order == [item for text in texts for item in (f"sound of {text}", text)]
    assert text_of(decode(stage.sound, 24000)) == " ".join(texts)


def _utterance(frame: TTSAudioRawFrame) -> int:
    return blocks(frame.audio, frame.sample_rate)[0].block.utterance
