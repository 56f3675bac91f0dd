"""The language model's own judgement, by instructions alone, with a real model: whom are the words for?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import cast

import pytest

from antiphon.context import Context, UserMessage
from antiphon.judgement import ANSWER, Judgement, Mark
from antiphon.models import missing
from antiphon.services.judging import Written, judged

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

MODEL = "qwen2.5-coder-0.5b-instruct"
BOT = Context.of("You are a friendly assistant on the telephone. Answer in one or two short sentences.")

TO_THE_BOT = (
    "What is the capital of Australia?",
    "Can you book me a table for two?",
    "Tell me more about that, please.",
    "How long will the delivery take?",
    "Yes, Saturday works for me.",
    "I'd rather have the vegetarian one.",
    "Could you repeat the address?",
    "What's the weather like tomorrow?",
    "Stop, that's not what I meant.",
    "My phone number is five five five one two three.",
    "Play some quiet music.",
    "Do you also sell gift cards?",
    "I'm allergic to nuts, is that a problem?",
    "Send the confirmation to my work address.",
    "Set an alarm for seven tomorrow.",
    "Is there anything cheaper?",
    "Thanks, that's all for today.",
    "Which one would you recommend?",
    "I want to change my password.",
    "Can I pay by card?",
)

TO_OTHERS = (
    "Honey, can you take the dog out? I'm on the phone.",
    "Kids, be quiet for a minute.",
    "Mum, where are the car keys?",
    "Just a second, I'm talking to the bot.",
    "Sorry, Anna, what did you say?",
    "Put it on the table, I'll look at it later.",
    "Darling, dinner is getting cold.",
    "No, not you, I was talking to my husband.",
    "Close the door, please, Tom, it's freezing in here.",
    "Hey Mike, are you coming to lunch?",
    "Give that back to your sister right now.",
    "I'll call you back, Julia, I'm in the middle of something.",
    "Don't touch that, sweetheart.",
    "Could somebody get the doorbell?",
    "Yes, officer, I'm moving the car.",
    "Two coffees to take away, please, and a croissant.",
    "Do you want the window seat, Grandma?",
    "Ben, did you feed the cat?",
    "Wait, my wife is asking me something. What is it, love?",
    "Good dog. Sit. Good boy.",
)


def verdicts(judgement: Judgement, sentences: tuple[str, ...]) -> list[Mark]:
    """What the model makes of each sentence by itself."""
    from antiphon.services.local import Llama

    # One slot, so that what the model remembers of the request before never hangs on when that was left.
    llm = Llama(MODEL, max_tokens=12, temperature=0.0, slots=1)

    async def verdict(said: str) -> Mark:
        asked = judgement.instruct(BOT.append(UserMessage.of(said)))
        items = judged(cast(AsyncGenerator[Written, None], llm.generate(asked)), judgement)
        async with aclosing(items):
            async for item in items:
                if isinstance(item, Mark):
                    return item
        return ANSWER

    async def all_of_them() -> list[Mark]:
        return [await verdict(said) for said in sentences]

    return asyncio.run(all_of_them())


def test_a_small_model_tells_most_side_talk_if_that_is_all_it_is_asked() -> None:
    """Measured: 15 of 20 remarks to others found, 4 of 20 requests to the bot taken for such.

    That is without lots: at the usual temperature of 0.3 it is 9 to 17 and 3 to 7. With the instructions
    about unfinished thoughts as well it is 5 and 2: too much to ask of 0.5B parameters.
    """
    if MODEL in missing([MODEL]):
        pytest.skip(f"the model {MODEL} is not here")
    alone = "The user is on the telephone with you, and may also talk to other people in the room."
    judgement = Judgement(aside="<not me>", instructions=alone)
    found = sum(mark.aside for mark in verdicts(judgement, TO_OTHERS))
    mistaken = sum(mark.aside for mark in verdicts(judgement, TO_THE_BOT))
    assert found >= 11
    assert mistaken <= 7
