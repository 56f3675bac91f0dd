"""Turn policies for what-if runs: by name, or from a TOML file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec

from antiphon.services.base import TurnModel
from antiphon.turns.ending import EndingParams
from antiphon.turns.events import TurnMachine
from antiphon.turns.fluent import FluentTurns
from antiphon.turns.rules import MuteWhile, Reminder, StartByPhrase, StartBySpeech, StartByWords, StartRule
from antiphon.turns.simple import SimpleTurns
from antiphon.turns.state import Policy

_SAME = (
    "language",
    "overlap_after",
    "ending",
    "transcript",
    "monologue",
    "speculate",
    "max_speculations",
    "mute",
)
"""The keys of a policy file that are fields of Policy as they are."""


class PolicyError(Exception):
    """There is no such policy; the message says what to write instead."""


class EndingTable(EndingParams, frozen=True, forbid_unknown_fields=True):
    """The table `[ending]`: the fields of EndingParams."""


class PolicyTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A policy file. The keys are fields of Policy; `start_words` or `wake_phrases` choose the start rule."""

    language: str = "en"
    overlap_after: float = Policy().overlap_after
    ending: EndingTable = EndingTable()
    start_words: int | None = None
    wake_phrases: tuple[str, ...] = ()
    transcript: float = 4.0
    monologue: float | None = 90.0
    speculate: bool = False
    max_speculations: int = 3
    mute: frozenset[MuteWhile] = frozenset()
    reminders: tuple[Reminder, ...] = ()
    push_to_talk: bool = False

    def policy(self) -> Policy:
        """The policy that the file describes."""
        start: StartRule = StartBySpeech()
        if self.start_words is not None:
            start = StartByWords(self.start_words)
        if self.wake_phrases:
            start = StartByPhrase(self.wake_phrases)
        taken: dict[str, Any] = {name: getattr(self, name) for name in _SAME}
        return Policy(start=start, reminders=self.reminders, push_to_talk=self.push_to_talk, **taken)


NAMED = {
    "fluent": Policy(),
    "speculative": Policy(speculate=True),
    "eager": Policy(
        ending=EndingParams(threshold=0.35, finished_threshold=0.2, undecided=0.7, unfinished=1.0)
    ),
    "patient": Policy(
        ending=EndingParams(threshold=0.7, finished_threshold=0.5, undecided=2.0, unfinished=3.0)
    ),
}


def turn_machine(policy: str, model: TurnModel | None) -> TurnMachine[Any]:
    """The machine for a policy: a name, or the path of a TOML file. Raises PolicyError."""
    has_model = model is not None
    if policy == "simple":
        return SimpleTurns(has_model=has_model)
    chosen = NAMED.get(policy) or _load(Path(policy))
    return FluentTurns(msgspec.structs.replace(chosen, has_model=has_model))


def _load(path: Path) -> Policy:
    names = ", ".join(["simple", *NAMED])
    try:
        with path.open("rb") as file:
            table = tomllib.load(file)
        return msgspec.convert(table, PolicyTable).policy()
    except OSError:
        raise PolicyError(f"There is no turn policy {path}: give a TOML file, or one of {names}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise PolicyError(f"The turn policy {path} cannot be used: {error}.") from None
