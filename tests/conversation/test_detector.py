"""Speech detection: edges in order, at the right moments."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from antiphon.turns.detector import DetectorParams, Edge, SpeechDetector

WINDOW = 0.032
FOLLOWERS = {
    None: {Edge.STARTED},
    Edge.STARTED: {Edge.PAUSED},
    Edge.PAUSED: {Edge.RESUMED, Edge.STOPPED},
    Edge.RESUMED: {Edge.PAUSED},
    Edge.STOPPED: {Edge.STARTED},
}


def _edges(probabilities: list[float], params: DetectorParams | None = None) -> list[tuple[int, Edge]]:
    detector = SpeechDetector(params)
    steps = ((n, detector.step(p, WINDOW)) for n, p in enumerate(probabilities))
    return [(n, edge) for n, edge in steps if edge is not None]


@given(st.lists(st.floats(0, 1)))
def test_edges_follow_each_other(probabilities: list[float]) -> None:
    last: Edge | None = None
    for _, edge in _edges(probabilities):
        assert edge in FOLLOWERS[last]
        last = edge


@given(st.lists(st.floats(0, 1)))
def test_silence_in_the_end_always_stops_it(probabilities: list[float]) -> None:
    edges = _edges(probabilities + [0.0] * 10)
    assert not edges or edges[-1][1] is Edge.STOPPED


def test_a_click_is_no_speech() -> None:
    assert _edges([0.0] * 5 + [1.0, 1.0] + [0.0] * 20) == []


def test_times_of_the_edges() -> None:
    edges = _edges([1.0] * 10 + [0.0] * 10)
    assert edges == [(2, Edge.STARTED), (11, Edge.PAUSED), (16, Edge.STOPPED)]


def test_it_tells_how_long_ago_speech_began_and_how_long_it_has_been_quiet() -> None:
    detector = SpeechDetector()
    for _ in range(3):
        detector.step(1.0, WINDOW)
    assert detector.loud == 3 * WINDOW
    while detector.step(0.0, WINDOW) is not Edge.STOPPED:
        pass
    assert round(detector.quiet, 6) == 7 * WINDOW


def test_once_speaking_a_lower_probability_is_enough() -> None:
    assert [edge for _, edge in _edges([1.0] * 4 + [0.4] * 20)] == [Edge.STARTED]
    assert [edge for _, edge in _edges([0.4] * 20)] == []


def test_a_longer_pause_than_the_end_gives_no_pause() -> None:
    params = DetectorParams(pause=0.5, stop=0.2)
    assert [edge for _, edge in _edges([1.0] * 4 + [0.0] * 30, params)] == [Edge.STARTED, Edge.STOPPED]


def test_reset_forgets() -> None:
    detector = SpeechDetector()
    for _ in range(4):
        detector.step(1.0, WINDOW)
    detector.reset()
    assert not detector.speaking
    assert detector.step(0.0, WINDOW) is None
