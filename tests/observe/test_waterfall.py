"""The waterfall of a call held with fakes in virtual time."""

from __future__ import annotations

from antiphon.observe.waterfall import STEPS, Turn, Waterfall
from antiphon.session import Session
from antiphon.testing import Bot, FakeLLM, Say, after, bot_starts, run_call, voice_bot
from antiphon.turns.fluent import FluentTurns
from antiphon.turns.state import Policy


def watched(bot: Bot, *, seen: list[tuple[str, str, str]]) -> tuple[Bot, list[Waterfall]]:
    """The bot with a waterfall among its observers, noting what it reports."""
    made: list[Waterfall] = []

    def watching(session: Session) -> object:
        def changed(turn: Turn, what: str) -> None:
            seen.append((what, turn.user if what == "user" else turn.heard, turn.ended))

        waterfall = Waterfall(lambda: session.clock, changed=changed)
        made.append(waterfall)
        session.observers.append(waterfall)
        return bot(session)

    return watching, made


def test_every_step_of_a_turn_in_order() -> None:
    seen: list[tuple[str, str, str]] = []
    bot, made = watched(voice_bot(FakeLLM(["It is noon, and the sun is high."])), seen=seen)
    run_call(bot, [Say("What time is it?", after(0.5))])
    turn = made[0].turns[0]
    assert {name for name, _ in STEPS} <= set(turn.at)
    times = [ms for name, ms in turn.milliseconds().items() if name != "transcript"]
    assert times == sorted(ms for ms in times if ms is not None)
    assert (turn.user, turn.ended, turn.heard) == (
        "What time is it?",
        "completed",
        "It is noon, and the sun is high.",
    )
    assert seen == [("user", "What time is it?", "failed"), ("bot", turn.heard, "completed")]


def test_an_interrupted_answer_is_reported_once_it_is_known_what_was_heard() -> None:
    seen: list[tuple[str, str, str]] = []
    story = "Once upon a time there was a dog. It lived by the sea, and it was happy there."
    bot, made = watched(voice_bot(FakeLLM([story, "Fine."])), seen=seen)
    run_call(bot, [Say("Tell me a story.", after(0.5)), Say("No, stop it.", bot_starts(1.2))])
    first = made[0].turns[0]
    assert first.ended == "interrupted"
    assert first.generated.startswith(first.heard)
    assert len(first.heard) < len(first.generated)
    assert ("bot", first.heard, "interrupted") in seen


def test_speculation_shows_one_turn() -> None:
    seen: list[tuple[str, str, str]] = []
    bot = voice_bot(FakeLLM(["It is noon.", "It is noon."]), machine=FluentTurns(Policy(speculate=True)))
    bot, made = watched(bot, seen=seen)
    run_call(bot, [Say("What time is it?", after(0.5))])
    assert [turn.user for turn in made[0].turns] == ["What time is it?"]
    assert [what for what, _, _ in seen] == ["user", "bot"]
