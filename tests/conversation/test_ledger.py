"""The playout ledger, and the conversation that is read off it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from antiphon.context import AssistantMessage, Context, SystemMessage, ToolSpec, UserMessage
from antiphon.conversation import Conversation
from antiphon.frames import Outcome
from antiphon.ledger import Ledger, Playout, Word

RATE = 24000
LENGTHS = st.lists(st.integers(0, 60), min_size=1, max_size=20)
"""Of words, in units of 10 ms; some words make no sound."""


def _playout(lengths: list[int]) -> Playout:
    playout = Playout()
    playout.voiced = True
    at = 0
    for number, length in enumerate(lengths):
        text = f"w{number} "
        playout.write(text)
        playout.set_word(number, Word(text, at / 100, (at + length) / 100))
        at += length
    return playout


@given(LENGTHS, st.integers(0, 1500))
def test_heard_is_the_words_of_which_more_than_half_was_played(lengths: list[int], units: int) -> None:
    playout = _playout(lengths)
    playout.play(units * RATE // 100, RATE)
    expected, at = 0, 0
    for length in lengths:
        if not (2 * (units - at) > length or (not length and units >= at)):
            break
        expected, at = expected + 1, at + length
    assert playout.words_heard == expected
    assert playout.heard == "".join(f"w{number} " for number in range(expected))
    assert playout.generated.startswith(playout.heard or "")


@given(LENGTHS, st.lists(st.integers(1, 500), max_size=30))
def test_heard_only_grows_however_it_is_played(lengths: list[int], portions: list[int]) -> None:
    playout, whole = _playout(lengths), _playout(lengths)
    before = 0
    for portion in portions:
        playout.play(portion, RATE)
        assert playout.words_heard >= before
        before = playout.words_heard
    whole.play(sum(portions), RATE)
    assert playout.words_heard == whole.words_heard


@given(LENGTHS, st.integers(0, 1500), st.integers(0, 1500))
def test_what_is_taken_back_was_not_heard(lengths: list[int], units: int, back: int) -> None:
    playout, other = _playout(lengths), _playout(lengths)
    playout.play(units * 240, RATE)
    assert playout.words_heard >= 0
    playout.take_back(back / 100)
    other.play(max(0, units - back) * 240, RATE)
    assert playout.words_heard == other.words_heard


def test_a_correction_counts() -> None:
    playout = _playout([10, 10])
    playout.play(4800, RATE)
    assert playout.words_heard == 2
    playout.set_word(1, Word("w1 ", 0.15, 0.35))
    assert playout.heard == "w0 "


def test_words_after_one_without_a_time_are_not_heard_yet() -> None:
    playout = Playout()
    playout.voiced = True
    playout.set_word(1, Word("two", 0.1, 0.2))
    playout.play(RATE, RATE)
    assert playout.words_heard == 0
    playout.set_word(0, Word("one ", 0.0, 0.1))
    assert playout.heard == "one two"


def test_a_response_that_only_writes_is_not_heard() -> None:
    playout = Playout()
    playout.write("text")
    assert playout.heard is None


def test_the_ledger_forgets_the_oldest_that_have_ended() -> None:
    ledger = Ledger()
    for number in range(40):
        ledger.open(number)
        ledger.close(number, complete=True)
    kept = [number for number in range(40) if ledger.get(number) is not None]
    assert kept == list(range(40 - Ledger.KEPT, 40))


# --- The conversation ------------------------------------------------------------------------------------


def _spoken(ledger: Ledger, number: int, generated: str, heard_words: int) -> None:
    playout = ledger.open(number)
    playout.voiced = True
    playout.write(generated)
    for index, word in enumerate(generated.split()):
        playout.set_word(index, Word(word + " ", index * 0.1, (index + 1) * 0.1))
    playout.play(heard_words * 2400, RATE)


def _conversation() -> tuple[Conversation, Ledger]:
    conversation, ledger = Conversation(Context.of("Be kind.")), Ledger()
    conversation.attach(ledger)
    return conversation, ledger


def test_an_answer_under_way_counts_as_written_until_it_is_cut() -> None:
    conversation, ledger = _conversation()
    conversation.append(UserMessage.of("Hi"))
    conversation.begin_answer(1)
    assert conversation.context.messages == (SystemMessage("Be kind."), UserMessage.of("Hi"))
    _spoken(ledger, 1, "one two three", 2)
    assert conversation.context.messages[-1] == AssistantMessage("one two three")
    assert conversation.messages[-1] == AssistantMessage("one two three", "one two ")
    ledger.open(1).cut = True
    assert conversation.context.messages[-1] == AssistantMessage("one two three", "one two ")


def test_an_answer_keeps_its_place_although_the_user_speaks_before_it_ends() -> None:
    conversation, ledger = _conversation()
    conversation.begin_answer(1)
    conversation.append(UserMessage.of("Stop"))
    _spoken(ledger, 1, "one two three", 1)
    message = conversation.settle(1, Outcome.INTERRUPTED)
    assert message == AssistantMessage("one two three", "one ", interrupted=True)
    assert conversation.messages[1:] == (message, UserMessage.of("Stop"))


def test_what_was_rolled_back_leaves_no_trace() -> None:
    conversation, ledger = _conversation()
    conversation.begin_answer(1)
    _spoken(ledger, 1, "one two", 1)
    assert conversation.settle(1, Outcome.ROLLED_BACK) is None
    assert conversation.messages == (SystemMessage("Be kind."),)


def test_an_answer_that_nobody_heard_is_kept_but_not_sent() -> None:
    conversation, ledger = _conversation()
    conversation.begin_answer(1)
    _spoken(ledger, 1, "one two", 0)
    conversation.settle(1, Outcome.INTERRUPTED)
    assert len(conversation.messages) == 2
    assert conversation.context.messages == (SystemMessage("Be kind."),)


def test_settling_twice_or_something_unknown_changes_nothing() -> None:
    conversation, _ = _conversation()
    conversation.begin_answer(1)
    assert conversation.settle(1, Outcome.COMPLETED) is None
    assert conversation.settle(1, Outcome.COMPLETED) is None
    assert conversation.settle(7, Outcome.COMPLETED) is None


def test_messages_and_tools_can_be_replaced() -> None:
    conversation, _ = _conversation()
    conversation.replace([UserMessage.of("New")])
    conversation.set_tools([ToolSpec("look", "Looks.", {})])
    assert conversation.with_user("And?").messages == (UserMessage.of("New"), UserMessage.of("And?"))
    assert [tool.name for tool in conversation.context.tools] == ["look"]


def test_contexts_that_were_given_out_do_not_change() -> None:
    conversation, _ = _conversation()
    before = conversation.context
    conversation.append(UserMessage.of("More"))
    assert len(before.messages) == 1
