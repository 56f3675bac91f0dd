"""Testing a bot like any code: a scripted caller, fakes with behaviour, virtual time."""

from antiphon.testing import FakeLLM, Say, after, bot_starts, run_call, voice_bot


def test_the_bot_answers() -> None:
    with FakeLLM(["It is noon."]) as llm:
        call = run_call(voice_bot(llm), [Say("What time is it?", after(0.5))])
    assert call.bot_text == "It is noon."


def test_the_bot_stops_when_it_is_interrupted() -> None:
    story = "Once upon a time there was a dog. It lived by the sea, and it was happy there."
    with FakeLLM([story, "All right."]) as llm:
        call = run_call(
            voice_bot(llm), [Say("Tell me a story.", after(0.5)), Say("No, stop it.", bot_starts(1.2))]
        )
    first = call.final_heard()[1].heard
    assert story.startswith(first)
    assert first != story
    assert call.bot_text.endswith("All right.")


def test_the_bot_goes_on_after_mm_hm() -> None:
    story = "Once upon a time there was a dog. It lived by the sea, and it was happy there."
    with FakeLLM([story]) as llm:
        call = run_call(voice_bot(llm), [Say("Tell me a story.", after(0.5)), Say("mm-hm", bot_starts(1.2))])
    assert call.bot_text == story
