"""A conversation goes in, chat messages come out."""

from __future__ import annotations

import base64
import io
import json
import wave

from antiphon.context import (
    AssistantMessage,
    AudioPart,
    Context,
    ImagePart,
    SystemMessage,
    TextPart,
    ToolCall,
    ToolMessage,
    ToolSpec,
    UserMessage,
)
from antiphon.services.chat_format import to_messages, to_tools

WEATHER = ToolCall("c1", "weather", {"city": "Zürich"})
CLOCK = ToolCall("c2", "clock", {})
WEATHER_WIRE = {
    "id": "c1",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"city": "Zürich"}'},
}


def test_words_become_plain_strings() -> None:
    context = Context.of("Be brief.").append(
        UserMessage.of("Hi."), AssistantMessage("Hello there!"), UserMessage.of("Who are you?")
    )
    assert to_messages(context) == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi."},
        {"role": "assistant", "content": "Hello there!"},
        {"role": "user", "content": "Who are you?"},
    ]


def test_the_model_is_told_what_was_heard_not_what_it_wrote() -> None:
    context = Context((AssistantMessage("One. Two. Three.", heard="One.", interrupted=True),))
    assert to_messages(context) == [{"role": "assistant", "content": "One. —"}]
    assert to_messages(context, cut_mark="") == [{"role": "assistant", "content": "One."}]


def test_an_answer_of_which_nothing_was_heard_is_left_out() -> None:
    context = Context((UserMessage.of("Hi."), AssistantMessage("Hello", heard="", interrupted=True)))
    assert to_messages(context) == [{"role": "user", "content": "Hi."}]


def test_pictures_by_address_and_by_bytes() -> None:
    message = UserMessage(
        (TextPart("What is it?"), ImagePart(url="https://a.example/b.png"), ImagePart(data=b"x"))
    )
    assert to_messages(Context((message,))) == [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is it?"},
                {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,eA=="}},
            ],
        }
    ]


def test_sound_becomes_a_wav_file() -> None:
    pcm = bytes(range(8))
    message = UserMessage((AudioPart(pcm, 16_000),))
    (part,) = to_messages(Context((message,)))[0]["content"]
    assert part["type"] == "input_audio"
    assert part["input_audio"]["format"] == "wav"
    with wave.open(io.BytesIO(base64.b64decode(part["input_audio"]["data"]))) as file:
        assert (file.getframerate(), file.getnchannels(), file.readframes(4)) == (16_000, 1, pcm)


def test_a_call_and_its_result() -> None:
    context = Context((AssistantMessage("", tool_calls=(WEATHER,)), ToolMessage("c1", "weather", "sunny")))
    assert to_messages(context) == [
        {"role": "assistant", "content": None, "tool_calls": [WEATHER_WIRE]},
        {"role": "tool", "tool_call_id": "c1", "content": "sunny"},
    ]


def test_a_failed_tool_says_so() -> None:
    failed = ToolMessage("c1", "weather", "no such city", is_error=True)
    context = Context((AssistantMessage("", tool_calls=(WEATHER,)), failed))
    assert to_messages(context)[-1]["content"] == "Error: no such city"


def test_a_late_result_moves_behind_its_call() -> None:
    context = Context(
        (
            AssistantMessage("Let me look.", tool_calls=(WEATHER, CLOCK)),
            UserMessage.of("Hurry up."),
            ToolMessage("c2", "clock", "noon"),
            ToolMessage("c1", "weather", "sunny"),
        )
    )
    messages = to_messages(context)
    assert [message["role"] for message in messages] == ["assistant", "tool", "tool", "user"]
    assert [message.get("content") for message in messages[1:3]] == ["sunny", "noon"]


def test_calls_without_a_result_and_results_without_a_call_are_left_out() -> None:
    context = Context(
        (
            SystemMessage("s"),
            ToolMessage("lost", "weather", "rain"),
            AssistantMessage("Let me look.", tool_calls=(WEATHER, CLOCK)),
            ToolMessage("c1", "weather", "sunny"),
            AssistantMessage("", tool_calls=(ToolCall("c3", "weather", {}),)),
        )
    )
    assert to_messages(context) == [
        {"role": "system", "content": "s"},
        {"role": "assistant", "content": "Let me look.", "tool_calls": [WEATHER_WIRE]},
        {"role": "tool", "tool_call_id": "c1", "content": "sunny"},
    ]


def test_tools_carry_their_schema() -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    context = Context.of(tools=[ToolSpec("weather", "Tells the weather.", schema)])
    assert to_tools(context) == [
        {
            "type": "function",
            "function": {"name": "weather", "description": "Tells the weather.", "parameters": schema},
        }
    ]


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    assert to_messages(Context((UserMessage.of("a\ud83d b"),))) == [{"role": "user", "content": "a? b"}]


def test_everything_can_be_sent_as_json() -> None:
    context = Context((UserMessage((ImagePart(data=b"\xff\x00"), AudioPart(b"\0\0", 8000), TextPart("ø"))),))
    assert json.loads(json.dumps(to_messages(context))) == to_messages(context)
