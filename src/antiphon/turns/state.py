"""What fluent turn-taking knows and how it is set: its policy, its state, and a step being made. Pure."""

from __future__ import annotations

import enum
from typing import Any

import msgspec

from antiphon.judgement import Judgement
from antiphon.turns.ending import EndingParams, Pauses
from antiphon.turns.events import Decision
from antiphon.turns.hearing import Hearing
from antiphon.turns.nearness import Levels, Nearness
from antiphon.turns.overlap import Judge, WordJudge
from antiphon.turns.rules import MuteWhile, Reminder, StartBySpeech, StartRule


class Phase(enum.Enum):
    """Where the user is."""

    IDLE = "silent"
    SPEAKING = "speaking"
    PAUSED = "silent for a moment"
    QUIET = "silent, perhaps finished"


class Claim(enum.Enum):
    """What the sound is worth."""

    NONE = "nothing is being said"
    CANDIDATE = "perhaps a turn, perhaps not"
    TURN = "a turn"


class Overlap(enum.Enum):
    """What a sound of the user does to the answer that it is over."""

    NONE = "it is over none"
    LISTENING = "the bot speaks on, and listens"
    PAUSED = "the bot has paused"
    AFTER = "the answer has ended meanwhile"


class Policy(msgspec.Struct, frozen=True):
    """How to take turns. `has_model`: AskModel will be answered. Times in seconds.

    `overlap_after` is how long a sound over the bot must last to pause it, if no words speak for or against
    that. Longer, and the bot ignores more coughs and "mm-hm"s; shorter, and it gives way sooner: this is
    nearly all of the time that yielding takes. With 0 every detected sound pauses it at once. `nearness`
    tells sounds from afar; None: nothing is far.

    `transcript` is the longest wait for the recogniser, `monologue` the longest turn, `max_speculations` how
    often one turn may be answered in advance. `eager` speculates on partial transcripts too: sooner where
    final ones are slow, for more answers in vain. With a `judgement`, the language model is asked behind the
    gate whether the thought is complete, and the turn ends when it says so. `overrule` is how long speech may
    still be detected after the recogniser has said that the turn is over.
    """

    language: str = "en"
    has_model: bool = True
    start: StartRule = StartBySpeech()
    judge: Judge = WordJudge()
    overlap_after: float = 0.22
    nearness: Nearness | None = Nearness()
    ending: EndingParams = EndingParams()
    judgement: Judgement | None = None
    transcript: float = 4.0
    overrule: float = 1.0
    monologue: float | None = 90.0
    speculate: bool = False
    eager: bool = False
    max_speculations: int = 3
    mute: frozenset[MuteWhile] = frozenset()
    reminders: tuple[Reminder, ...] = ()
    push_to_talk: bool = False


class BotView(msgspec.Struct, frozen=True):
    """What is known of the bot: answering, being heard, running tools."""

    active: bool = False
    interruptible: bool = True
    voice: bool = False
    tools: bool = False
    answers: int = 0


class Thought(msgspec.Struct, frozen=True):
    """What the language model makes of `text`. `wait` (seconds from `since`) is None until it has said so.

    `aside`: it takes it for something said to somebody else.
    """

    text: str = ""
    since: float = 0.0
    wait: float | None = None
    aside: bool = False


class FluentState(msgspec.Struct, frozen=True):
    """The whole state.

    `spoke_at` is when the user began to speak, `sound_at` when the last stretch without a pause did;
    `level` is how loud this is or was last, `levels` how loud the turns before were, in dBFS.
    `signalled` is what the recogniser thinks of the end; `unheard`: the turn is known from its words alone;
    `overruled`: speech is still detected although the recogniser has said that the turn is over;
    `last_end`: when the user fell silent at the end of the last turn, if that was judged;
    `echoing`: the bot's own words have come back to it in this call;
    `overheard`: the last speech was under a mute rule, and its words do not count;
    `key`: the talk key is down.
    """

    phase: Phase = Phase.IDLE
    claim: Claim = Claim.NONE
    hearing: Hearing = Hearing()
    overlap: Overlap = Overlap.NONE
    spoke_at: float = 0.0
    sound_at: float = 0.0
    level: float | None = None
    levels: Levels = ()
    quiet_since: float = 0.0
    predicted: float | None = None
    signalled: float | None = None
    signalled_at: float = 0.0
    unheard: bool = False
    overruled: bool = False
    asked: bool = False
    saying: str = ""
    recent: str = ""
    left: int | None = None
    echoing: bool = False
    bot: BotView = BotView()
    speculated: str = ""
    speculations: int = 0
    thought: Thought = Thought()
    primed: str = ""
    pauses: Pauses = Pauses()
    last_end: float | None = None
    muted: bool = False
    overheard: bool = False
    key: bool = False
    idle_since: float | None = None
    reminded: int = 0

    @property
    def overlapped(self) -> bool:
        """Whether the user makes a sound over an answer, so that it must be judged."""
        return self.bot.active and self.overlap is not Overlap.NONE


class Move:
    """One step being made: the state as it becomes, the decisions as they fall."""

    def __init__(self, state: FluentState, now: float) -> None:
        self.state = state
        self.now = now
        self.decisions: list[Decision] = []

    def become(self, **changes: Any) -> None:
        self.state = msgspec.structs.replace(self.state, **changes)

    def bot(self, **changes: Any) -> None:
        self.become(bot=msgspec.structs.replace(self.state.bot, **changes))

    def decide(self, decision: Decision) -> None:
        self.decisions.append(decision)
