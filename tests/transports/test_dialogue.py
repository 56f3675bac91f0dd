"""Who speaks when."""

from __future__ import annotations

from antiphon.transports.dialogue import (
    GRACE_SECONDS,
    LEAD_SECONDS,
    PATIENCE_SECONDS,
    Cue,
    Dialogue,
)


def test_the_first_question_waits_a_moment() -> None:
    dialogue = Dialogue(1)
    assert dialogue.cue(0.0) is Cue.WAIT
    assert dialogue.cue(LEAD_SECONDS) is Cue.SPEAK


def asked(questions: int, barge_in: float | None = None) -> Dialogue:
    """A dialogue whose first question was over at 2 seconds."""
    dialogue = Dialogue(questions, barge_in)
    assert dialogue.cue(LEAD_SECONDS) is Cue.SPEAK
    dialogue.question_over(2.0)
    return dialogue


def test_the_next_question_follows_the_answer() -> None:
    dialogue = asked(2)
    dialogue.response_started(1)
    assert dialogue.cue(5.0) is Cue.WAIT
    dialogue.response_ended(1, 6.0)
    assert dialogue.cue(6.1) is Cue.WAIT
    assert dialogue.cue(6.0 + LEAD_SECONDS) is Cue.SPEAK


def test_all_is_said_after_the_last_answer() -> None:
    dialogue = asked(1)
    dialogue.response_started(1)
    dialogue.response_ended(1, 6.0)
    assert dialogue.cue(6.0 + LEAD_SECONDS) is Cue.FINISH


def test_an_answer_to_half_a_question_does_not_count() -> None:
    dialogue = Dialogue(1)
    assert dialogue.cue(LEAD_SECONDS) is Cue.SPEAK
    dialogue.response_started(1)
    dialogue.response_ended(1, 1.5)
    dialogue.question_over(2.0)
    assert dialogue.cue(4.0) is Cue.WAIT


def test_barge_in_counts_from_the_voice() -> None:
    dialogue = asked(2, barge_in=1.0)
    dialogue.response_started(1)
    assert dialogue.cue(4.0) is Cue.WAIT
    dialogue.bot_started(4.0)
    assert dialogue.cue(4.9) is Cue.WAIT
    assert dialogue.cue(5.0) is Cue.SPEAK


def test_silence_is_not_waited_for_for_ever() -> None:
    dialogue = asked(1)
    assert dialogue.cue(2.0 + PATIENCE_SECONDS - 0.1) is Cue.WAIT
    assert dialogue.cue(2.0 + PATIENCE_SECONDS) is Cue.FINISH


def test_a_turn_without_words_is_given_up_soon() -> None:
    dialogue = asked(1)
    dialogue.dropped(3.0)
    assert dialogue.cue(3.1) is Cue.WAIT
    assert dialogue.cue(3.0 + GRACE_SECONDS) is Cue.FINISH


def test_the_end_of_an_interrupted_answer_is_no_answer_to_the_interruption() -> None:
    dialogue = asked(2, barge_in=1.0)
    dialogue.response_started(1)
    dialogue.bot_started(4.0)
    assert dialogue.cue(5.0) is Cue.SPEAK
    dialogue.question_over(5.5)
    dialogue.turn(is_open=True)
    dialogue.response_ended(1, 5.6)
    assert dialogue.cue(7.0) is Cue.WAIT
    dialogue.turn(is_open=False)
    dialogue.response_started(2)
    dialogue.response_ended(2, 8.0)
    assert dialogue.cue(8.0 + LEAD_SECONDS) is Cue.FINISH


def test_after_a_dismissed_sound_the_answer_before_counts() -> None:
    dialogue = asked(2, barge_in=1.0)
    dialogue.response_started(1)
    dialogue.bot_started(4.0)
    assert dialogue.cue(5.0) is Cue.SPEAK
    dialogue.question_over(5.5)
    dialogue.dismissed()
    dialogue.response_ended(1, 9.0)
    assert dialogue.cue(9.0 + LEAD_SECONDS) is Cue.FINISH
