"""Assertions about a call that read like the requirement.

    expect(call).user_said("What is the weather?").bot_said("Sunny.").answered_within(0.9)

Each returns the expectation, so that they chain; each that does not hold raises `Unmet` with one sentence and
the course of the call.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from antiphon.context import AssistantMessage, UserMessage
from antiphon.frames import TurnDecisionFrame
from antiphon.session import Ended
from antiphon.testing.call import Call
from antiphon.testing.call_speech import bot_speech, user_turns
from antiphon.testing.course import course
from antiphon.testing.metrics import measure
from antiphon.testing.truth import untruths
from antiphon.text.speech import said_of

RESUMED_WITHIN = 5.0
"""How long after the end of a sound a bot may take to go on, in seconds."""


class Unmet(AssertionError):
    """An expectation does not hold: `sentence` says which."""

    def __init__(self, sentence: str, call: Call) -> None:
        super().__init__(f"{sentence}\n{course(call)}")
        self.sentence = sentence


def expect(call: Call) -> Expectation:
    """Begin to say what is expected of a call."""
    return Expectation(call)


class Expectation:
    """Made by `expect`. Words are compared without regard to case and white space."""

    def __init__(self, call: Call) -> None:
        self.call = call

    # What was said ---------------------------------------------------------------------------------------

    def user_said(self, *texts: str) -> Self:
        """The user's messages in the conversation: exactly these."""
        said = [message.text for message in self.call.messages if isinstance(message, UserMessage)]
        return self._same(said, texts, "the user to have said")

    def bot_said(self, *texts: str) -> Self:
        """What was heard of each answer: exactly these. Numbers may be written as figures."""
        said = [spoken(message.said) for message in self._answers]
        return self._same(said, [spoken(text) for text in texts], "these answers to have been heard:")

    def heard(self, text: str) -> Self:
        """All that was heard of the bot, read from the recording."""
        return self._same([self.call.bot_text], [spoken(text)], "to hear")

    def heard_contains(self, text: str) -> Self:
        """Words among those that were heard of the bot."""
        found = plain(spoken(text)) in plain(self.call.bot_text)
        return self._need(found, f"expected to hear {text!r}; heard {self.call.bot_text!r}")

    def not_heard(self, text: str) -> Self:
        """Words that were not heard of the bot."""
        found = plain(spoken(text)) in plain(self.call.bot_text)
        return self._need(not found, f"expected not to hear {text!r}; heard {self.call.bot_text!r}")

    def heard_in_order(self, *texts: str) -> Self:
        """These words of the bot were heard one after the other; others may have been heard between them."""
        left, missing = plain(self.call.bot_text), ""
        for text in texts:
            _, found, left = left.partition(plain(spoken(text)))
            missing = missing or ("" if found else text)
        told = f"expected to hear {list(texts)} in this order, {missing!r} did not come; "
        return self._need(not missing, f"{told}heard {self.call.bot_text!r}")

    def heard_between(self, text: str, after: float, before: float) -> Self:
        """These words of the bot were heard, the first beginning then. Seconds of the call."""
        starts = self._heard_at(text)
        fine = any(after <= start <= before for start in starts)
        told = f"expected to hear {text!r} between {after:g} s and {before:g} s; heard at "
        return self._need(fine, f"{told}{[round(start, 3) for start in starts]}")

    def said_nothing(self) -> Self:
        """Nothing was heard of the bot."""
        return self._need(not self.call.bot_text, f"expected to hear nothing; heard {self.call.bot_text!r}")

    # Who gave way ----------------------------------------------------------------------------------------

    def interruptions(self, *cut: bool) -> Self:
        """Of each answer, whether it was cut short."""
        was = [message.interrupted for message in self._answers]
        return self._need(was == list(cut), f"expected answers cut short: {list(cut)}; they were {was}")

    def was_interrupted_after(self, words: str) -> Self:
        """An answer was cut short, these being the last words that were heard of it."""
        ends = [message.said.strip() for message in self._answers if message.interrupted]
        fits = any(plain(spoken(end)).endswith(plain(spoken(words))) for end in ends)
        return self._need(fits, f"expected an answer to be cut short after {words!r}; cut after {ends}")

    def resumed_after(self, text: str) -> Self:
        """The bot fell silent when the caller said this, and went on with the same answer."""
        said = [one for one in self.call.spoken if plain(getattr(one.step, "text", "")) == plain(text)]
        if not said:
            raise Unmet(f"the caller never said {text!r}", self.call)
        after = [
            each
            for each in self._decided("ResumeBot")
            if said[0].start <= each[0] <= said[0].end + RESUMED_WITHIN
        ]
        spoke = bool(after) and any(each.end > after[0][0] for each in bot_speech(self.call))
        return self._need(spoke, f"expected the bot to go on after {text!r}; it did not")

    def resumptions(self, *reasons: str) -> Self:
        """Why the bot went on after each pause: exactly these reasons."""
        was = [frame.reason for _, frame in self._decided("ResumeBot")]
        return self._same(was, reasons, "the bot to have gone on because of")

    def never_spoke_over_the_user(self) -> Self:
        """The bot never began to speak inside a turn of the user, its pauses included."""
        turns = user_turns(self.call)
        over = [t.text for b in bot_speech(self.call) for t in turns if t.start < b.start < t.end]
        return self._need(not over, f"expected the bot to let the user finish; it spoke over {over}")

    # When ------------------------------------------------------------------------------------------------

    def answered_within(self, seconds: float) -> Self:
        """Every answer that came began so soon after the end of the user's turn; at least one came."""
        found = measure(self.call).response_latencies
        return self._fast("answers", found, seconds)

    def yielded_within(self, seconds: float) -> Self:
        """The bot fell silent so soon after each time the user began to speak over it; at least once."""
        return self._fast("yielding", measure(self.call).yield_latencies, seconds)

    # What was decided, and how it ended ------------------------------------------------------------------

    def decided(self, kind: str, *, reason: str | None = None, times: int | None = None) -> Self:
        """The turn machine decided this, for a reason that contains `reason`; so many times if told."""
        found = [frame.reason for _, frame in self._decided(kind)]
        fits = [each for each in found if reason is None or reason in each]
        because = "" if reason is None else f" because of {reason!r}"
        number = "at least once" if times is None else f"{times} times"
        fine = bool(fits) if times is None else len(fits) == times
        return self._need(
            fine, f"expected the decision {kind}{because} {number}; reasons of {kind} were {found}"
        )

    def never_decided(self, kind: str) -> Self:
        """The turn machine never decided this."""
        return self.decided(kind, times=0)

    def decided_in_order(self, *kinds: str) -> Self:
        """These decisions fell one after the other; others may have fallen between them."""
        left = iter(frame.decision for _, frame in self.call.decisions)
        fine = all(kind in left for kind in kinds)
        was = [frame.decision for _, frame in self.call.decisions]
        return self._need(fine, f"expected the decisions {list(kinds)} in this order; they were {was}")

    def ended(self, how: Ended) -> Self:
        """How the session ended."""
        was = self.call.result.ended
        return self._need(was is how, f"expected the session to be {how.value}; it was {was.value}")

    def ended_because(self, reason: str) -> Self:
        """Why the session ended: for a reason that contains these words."""
        was = self.call.result.reason
        return self._need(
            plain(reason) in plain(was), f"expected the end to be because of {reason!r}; it was {was!r}"
        )

    def reported(self, errors: int) -> Self:
        """How many errors the session reported."""
        found = [error.error for error in self.call.result.errors]
        return self._need(len(found) == errors, f"expected {errors} errors; there were {len(found)}: {found}")

    def is_true(self) -> Self:
        """What holds of every call holds of this one (`antiphon.testing.truth`)."""
        broken = untruths(self.call)
        return self._need(not broken, "; ".join(broken))

    # What was done ---------------------------------------------------------------------------------------

    def tool_ran(self, name: str, *, times: int | None = None) -> Self:
        """The tool ended, well or not: so many times if told, else at least once."""
        count = self._tools.count(name)
        number = "at least once" if times is None else f"{times} times"
        fine = count > 0 if times is None else count == times
        return self._need(fine, f"expected the tool {name} to have run {number}; tools run: {self._tools}")

    def tool_did_not_run(self, name: str) -> Self:
        """The tool never ended."""
        return self.tool_ran(name, times=0)

    def tools_ran(self, *names: str) -> Self:
        """The tools that ended, in the order of their ends: exactly these."""
        return self._need(
            self._tools == list(names), f"expected the tools {list(names)} to have run; it was {self._tools}"
        )

    def tools_failed(self, *names: str) -> Self:
        """Of the tools that ended, those that failed: exactly these."""
        failed = [run.name for run in self.call.tool_runs if run.is_error]
        return self._need(
            failed == list(names), f"expected the tools {list(names)} to have failed; it was {failed}"
        )

    def user_pressed(self, buttons: str) -> Self:
        """The telephone keys that the caller pressed: exactly these."""
        pressed = "".join(step.button for step in self.call.pressed)
        return self._same([pressed], [buttons], "the caller to have pressed")

    def bot_pressed(self, buttons: str) -> Self:
        """The telephone keys that the bot pressed: exactly these."""
        return self._same([self.call.bot_keys], [buttons], "the bot to have pressed")

    # How -------------------------------------------------------------------------------------------------

    @property
    def _answers(self) -> list[AssistantMessage]:
        return [message for message in self.call.messages if isinstance(message, AssistantMessage)]

    @property
    def _tools(self) -> list[str]:
        return [run.name for run in self.call.tool_runs]

    def _heard_at(self, text: str) -> list[float]:
        """When these words were heard: the beginning of each time."""
        wanted, heard = plain(spoken(text)).split(), [plain(word.text) for word in self.call.words]
        places = (n for n in range(len(heard)) if heard[n : n + len(wanted)] == wanted)
        return [self.call.words[n].start for n in places] if wanted else []

    def _decided(self, kind: str) -> list[tuple[float, TurnDecisionFrame]]:
        return [each for each in self.call.decisions if each[1].decision == kind]

    def _same(self, was: Iterable[str], wanted: Iterable[str], what: str) -> Self:
        was, wanted = list(was), list(wanted)
        fine = [plain(each) for each in was] == [plain(each) for each in wanted]
        return self._need(fine, f"expected {what} {wanted}; it was {was}")

    def _fast(self, what: str, found: Iterable[float], seconds: float) -> Self:
        took = [round(each, 3) for each in found]
        fine = bool(took) and max(took) <= seconds
        return self._need(fine, f"expected {what} within {seconds:g} s; seconds taken: {took}")

    def _need(self, fine: bool, sentence: str) -> Self:
        if not fine:
            raise Unmet(sentence, self.call)
        return self


def plain(text: str) -> str:
    """Lower case, one space between words."""
    return " ".join(text.casefold().split())


def spoken(text: str) -> str:
    """The words as a voice says them: numbers spelt out."""
    return said_of(text)
