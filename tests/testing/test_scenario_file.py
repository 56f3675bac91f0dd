"""Scenario files: what they can say, and what is said about those that are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from antiphon.testing import (
    Backchannel,
    Cue,
    End,
    GoOn,
    HangUp,
    Kind,
    MakeNoise,
    Say,
    ScenarioError,
    SideTalk,
    Type,
)
from antiphon.testing.bot_script import AnswerScript
from antiphon.testing.persona_script import LineScript
from antiphon.testing.scenario_file import find_scenarios, line_of, load_scenario, read_scenario
from antiphon.testing.scenario_steps import KEY_SECONDS, script
from antiphon.testing.steps import (
    DropLine,
    Press,
    PressTalkKey,
    ReleaseTalkKey,
    Step,
    When,
    after,
    at,
    bot_starts,
    bot_stops,
)


def steps(caller: str) -> list[Step]:
    return script(read_scenario(f'name = "x"\ncaller = [{caller}]', "x.toml").caller)


def test_actions_and_cues() -> None:
    assert steps('{ say = "Hello.", after = 0.5 }') == [Say("Hello.", after(0.5))]
    assert steps('{ backchannel = "Mm-hm.", bot-starts = 1.5 }') == [Backchannel("Mm-hm.", bot_starts(1.5))]
    assert steps("{ cough = 0.3, at = 2 }") == [MakeNoise(0.3, at(2), Kind.COUGH)]
    assert steps("{ noise = 0.3, bot-stops = 0 }") == [MakeNoise(0.3, bot_stops(0), Kind.NOISE)]
    assert steps('{ type = "Hello." }, { hang-up = true }') == [Type("Hello."), HangUp()]


def test_keys_and_the_line() -> None:
    assert steps('{ press = "1#", after = 0.5 }') == [Press("1", after(0.5)), Press("#", after(KEY_SECONDS))]
    down_up = steps('{ talk-key = "down", bot-starts = 1 }, { talk-key = "up" }')
    assert down_up == [PressTalkKey(bot_starts(1)), ReleaseTalkKey()]
    assert steps("{ drop-line = true, at = 3 }") == [DropLine(at(3))]


def test_tools_that_call_tools() -> None:
    text = """
name = "x"
caller = []
[bot]
answers = [{ tools = ["a"], then = { tools = ["b"], then = "Done." } }]
tools = [{ name = "a", kind = "pure" }, { name = "b", seconds = { median = 1.0, p95 = 2.0 } }]
"""
    scenario = read_scenario(text, "x.toml")
    (answer,) = scenario.bot.answers
    assert isinstance(answer, AnswerScript)
    assert answer.then == AnswerScript(tools=("b",), then="Done.")


def test_a_persona_goes_on_after_the_script() -> None:
    text = """
name = "x"
caller = [{ say = "Hello." }]
[persona]
who = "a guest"
goal = "a table"
impatience = 2.0
lines = [{ heard = "hello", say = "A table." }, { say = "[hangs up]" }]
"""
    scenario = read_scenario(text, "x.toml")
    assert scenario.persona is not None
    assert scenario.persona.lines == (LineScript("A table.", "hello"), LineScript("[hangs up]"))
    with pytest.raises(ScenarioError, match=r"line 6: persona\.goal: Expected `str`"):
        read_scenario(text.replace('"a table"', "3"), "x.toml")


def test_pauses_inside_a_turn() -> None:
    assert steps('{ say = ["One", 0.5, "two", 1, "three."], after = 2.0 }') == [
        Say("One", after(2.0)),
        GoOn("two", after(0.5)),
        GoOn("three.", after(1.0)),
    ]


def test_side_talk_is_muffled_unless_told_otherwise() -> None:
    assert steps('{ side-talk = "No." }') == [SideTalk("No.")]
    assert SideTalk("No.").muffled
    assert steps('{ side-talk = "No.", muffled = false }') == [SideTalk("No.", muffled=False)]
    assert steps('{ say = ["a", 1, "b"], muffled = true }') == [
        Say("a", muffled=True),
        GoOn("b", after(1.0), muffled=True),
    ]
    far = read_scenario('name = "x"\ncaller = [{ say = "a", muffled = true }]', "x.toml")
    aside = read_scenario('name = "x"\ncaller = [{ side-talk = "a" }]', "x.toml")
    assert (far.usual, aside.usual) == (False, True)


def test_silence_delays_the_next_step_or_the_end() -> None:
    assert steps('{ silence = 2.0 }, { say = "Hello.", after = 0.5 }') == [Say("Hello.", after(2.5))]
    assert steps("{ silence = 2.0 }, { silence = 1.0 }") == [End(When(Cue.STEP_DONE, 3.0))]


WRONG = [
    ('name = "x"\ncaller = []\nspeed = 3\n', "x.toml, line 3: speed: this key is unknown."),
    ("caller = []\n", "x.toml: scenario: Object missing required field `name`."),
    (
        'name = "x"\ncaller = [\n  { sya = "Hello." },\n]\n',
        "x.toml, line 3: caller[0].sya: this key is unknown.",
    ),
    ('name = "x"\n[[caller]]\nsay = "a"\n[[caller]]\nsay = 3\n', "x.toml, line 5: caller[1].say: Expected"),
    (
        'name = "x"\ncaller = [\n  { say = "a" },\n  { after = 1.0 },\n]\n',
        "x.toml, line 4: caller[1]: a step does",
    ),
    ('name = "x"\ncaller = [{ say = "a", at = 1, after = 1 }]\n', "caller[0]: a step waits for one thing"),
    ('name = "x"\ncaller = [{ cough = 1, muffled = true }]', "caller[0]: muffled goes with words"),
    (
        'name = "x"\ncaller = [{ silence = 1 }, { say = "a", bot-starts = 1 }]',
        "caller[1]: silence before a step",
    ),
    (
        'name = "x"\ncaller = []\n[bot.policy]\nspeculate = 3\n',
        "x.toml, line 4: bot.policy.speculate: Expected",
    ),
    ('name = "x"\ncaller = []\n[network]\nloss = 1.5\n', "x.toml, line 3: network: loss must be from 0"),
    (
        'name = "x"\ncaller = []\n[bot.delays]\nllm = { median = 2, p95 = 1 }\n',
        "line 4: bot.delays.llm: a number",
    ),
    (
        'name = "x"\ncaller = []\n[bot]\ntools = [{ name = "a", kind = "slow" }]\n',
        "x.toml, line 4: bot.tools[0].kind: Invalid enum value 'slow'.",
    ),
    (
        'name = "x"\ncaller = [{ press = "12e" }]\n',
        "line 2: caller[0].press: Expected `str` matching",
    ),
    ('name = "x"\ncaller = [}\n', "x.toml: is not TOML"),
]


@pytest.mark.parametrize(("text", "told"), WRONG)
def test_what_is_wrong_is_told_with_its_place(text: str, told: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        read_scenario(text, "x.toml")
    assert told in str(caught.value)
    assert str(caught.value).endswith(".")


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="cannot be read: No such file"):
        load_scenario(tmp_path / "none.scenario.toml")
    with pytest.raises(ScenarioError, match="holds no file that ends in"):
        find_scenarios([tmp_path])


def test_a_key_that_is_not_there_has_no_line() -> None:
    assert line_of('name = "x"\n', "caller[3].say") is None
