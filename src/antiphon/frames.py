"""The catalogue of frames: every kind of value that moves through a pipeline.

A frame is immutable. Change one with `frame.replace(field=value)`, which makes a new one. Frames compare by
value. Define your own by subclassing the kind that fits:

- `SystemFrame`: urgent. Handled at once, even by a processor that is suspended in an `await`; overtakes.
- `DataFrame` and `ControlFrame`: ordered. Handled one at a time, in the order of arrival.

A frame caused by a response carries its number in `response` and dies with it, wherever it is, when the
response is cancelled. Kinds with `scoped = False` never belong to a response: the user's words, tool results,
application messages, errors, events.

Audio is always PCM s16le, interleaved, with its rate in samples per second.
"""

from __future__ import annotations

import enum
from typing import Any, ClassVar, Self

import msgspec
from msgspec.structs import replace as _replace

from antiphon.context import Context, Message, ToolCall, ToolSpec
from antiphon.judgement import Judgement


class Overflow(enum.Enum):
    """What a full inbox does with one more frame of a kind."""

    DROP_OLDEST = "drop the oldest of its kind and count it"
    LATEST = "keep only the latest of its kind"
    NEVER = "never drop: a full inbox is an error that ends the session"


class Frame(msgspec.Struct, frozen=True, kw_only=True, weakref=True):
    """The base of all frames. `response` is the number of the response that caused it, if any."""

    urgent: ClassVar[bool] = False
    scoped: ClassVar[bool] = True
    lifecycle: ClassVar[bool] = False
    overflow: ClassVar[Overflow] = Overflow.NEVER

    response: int | None = None

    @property
    def name(self) -> str:
        """The name of the frame's kind."""
        return type(self).__name__

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed."""
        return _replace(self, **changes)


class SystemFrame(Frame, frozen=True):
    """Urgent: handled at once, never queued behind ordered frames."""

    urgent: ClassVar[bool] = True
    scoped: ClassVar[bool] = False


class DataFrame(Frame, frozen=True):
    """Ordered content."""


class ControlFrame(Frame, frozen=True):
    """Ordered control."""


# --- Life of a session -----------------------------------------------------------------------------------


class StartFrame(SystemFrame, frozen=True):
    """The first frame: everything is set up. Passed on before its handlers run."""

    lifecycle: ClassVar[bool] = True

    audio_in_sample_rate: int = 16000
    audio_out_sample_rate: int = 24000


class EndFrame(ControlFrame, frozen=True):
    """End gracefully: all that is ahead of it finishes first. Push it upstream to ask for an end."""

    scoped: ClassVar[bool] = False
    lifecycle: ClassVar[bool] = True

    reason: str = ""


class StopFrame(ControlFrame, frozen=True):
    """Like EndFrame, but transports stay connected, for a pipeline that takes over."""

    scoped: ClassVar[bool] = False
    lifecycle: ClassVar[bool] = True

    reason: str = ""


class CancelFrame(SystemFrame, frozen=True):
    """End at once. Push it upstream to ask for it."""

    lifecycle: ClassVar[bool] = True

    reason: str = ""


class ErrorFrame(SystemFrame, frozen=True):
    """Something went wrong; travels upstream. `fatal` means the session cannot go on."""

    error: str
    fatal: bool = False
    processor: str = ""
    frame: str = ""


# --- Responses, interruptions ----------------------------------------------------------------------------


class Outcome(enum.Enum):
    """How a response ended."""

    COMPLETED = "completed"
    INTERRUPTED = "interrupted"
    ROLLED_BACK = "rolled back"
    FAILED = "failed"


class ResponseStartedFrame(SystemFrame, frozen=True):
    """The bot has begun to answer."""

    id: int


class ResponseEndedFrame(SystemFrame, frozen=True):
    """The bot's answer is over: sent exactly once for each response."""

    id: int
    outcome: Outcome
    reason: str = ""


class InterruptionFrame(SystemFrame, frozen=True):
    """What the bot is doing has been cancelled. `reason` says why."""

    reason: str = ""


# --- Audio -----------------------------------------------------------------------------------------------


class InputAudioRawFrame(DataFrame, frozen=True):
    """Sound from the user."""

    overflow: ClassVar[Overflow] = Overflow.DROP_OLDEST
    scoped: ClassVar[bool] = False

    audio: bytes
    sample_rate: int
    num_channels: int = 1


class OutputAudioRawFrame(DataFrame, frozen=True):
    """Sound for the user."""

    audio: bytes
    sample_rate: int
    num_channels: int = 1


class TTSAudioRawFrame(OutputAudioRawFrame, frozen=True):
    """Sound made by a voice."""


class SpeechOutputAudioRawFrame(OutputAudioRawFrame, frozen=True):
    """Sound made by a speech-to-speech model."""


# --- Text ------------------------------------------------------------------------------------------------


class TextFrame(DataFrame, frozen=True):
    """Text that flows downstream."""

    text: str


class LLMTextFrame(TextFrame, frozen=True):
    """The next characters that the language model wrote."""


class LLMThoughtTextFrame(DataFrame, frozen=True):
    """The model's reasoning: never spoken."""

    text: str


class InputTextRawFrame(DataFrame, frozen=True):
    """The user typed something. `run` asks for an answer, `audio_response` for a spoken one."""

    scoped: ClassVar[bool] = False

    text: str
    run: bool = True
    audio_response: bool = True


class TTSSpeakFrame(DataFrame, frozen=True):
    """Say this, as it is. `append_to_context` tells later requests to the model that it was said.

    One that is not `interruptible` is heard to its end, whatever the user says meanwhile.
    """

    text: str
    append_to_context: bool = True
    interruptible: bool = True


class TTSTextFrame(DataFrame, frozen=True):
    """A word (as written) with the time it is spoken at.

    `start` and `end` are seconds from the first sample of the response's voice. `index` counts the words of
    the response; a later frame with the same index corrects an earlier estimate.
    """

    text: str
    start: float
    end: float
    index: int
    estimated: bool = False


class TTSStartedFrame(ControlFrame, frozen=True):
    """Synthesis of an answer begins."""


class TTSStoppedFrame(ControlFrame, frozen=True):
    """Synthesis of an answer is done (playing it may take much longer)."""


# --- Transcriptions --------------------------------------------------------------------------------------


class TranscriptionFrame(DataFrame, frozen=True):
    """What the user said, final. It replaces earlier ones of the same `segment`."""

    scoped: ClassVar[bool] = False

    text: str
    user_id: str = ""
    timestamp: str = ""
    language: str | None = None
    segment: int = 0
    finalized: bool = True


class InterimTranscriptionFrame(DataFrame, frozen=True):
    """What the user seems to be saying; `stable` is the prefix that will no longer change."""

    scoped: ClassVar[bool] = False
    overflow: ClassVar[Overflow] = Overflow.LATEST

    text: str
    user_id: str = ""
    timestamp: str = ""
    language: str | None = None
    segment: int = 0
    stable: str = ""


class EndOfTurnFrame(DataFrame, frozen=True):
    """How likely the user has finished (0 to 1), as the recogniser judges; 0 takes it back.

    Ordered, so that it never overtakes the words that it is about.
    """

    scoped: ClassVar[bool] = False

    probability: float


# --- Images ----------------------------------------------------------------------------------------------


class InputImageRawFrame(DataFrame, frozen=True):
    """A picture from the user's camera or screen: pixels in `format`, row by row."""

    overflow: ClassVar[Overflow] = Overflow.LATEST
    scoped: ClassVar[bool] = False

    image: bytes
    size: tuple[int, int]
    format: str = "RGB"
    source: str = "camera"


class UserImageRequestFrame(ControlFrame, frozen=True):
    """Ask the transport for the next picture from the user."""

    scoped: ClassVar[bool] = False

    source: str = "camera"
    text: str = ""


class UserImageRawFrame(DataFrame, frozen=True):
    """The picture that was asked for."""

    scoped: ClassVar[bool] = False

    image: bytes
    size: tuple[int, int]
    format: str = "RGB"
    text: str = ""


class OutputImageRawFrame(DataFrame, frozen=True):
    """A picture for the user, as pixels."""

    image: bytes
    size: tuple[int, int]
    format: str = "RGB"


class URLImageRawFrame(DataFrame, frozen=True):
    """A picture for the user, encoded: by address, by bytes, or both."""

    url: str | None = None
    data: bytes | None = None
    mime: str = "image/png"


class SpriteFrame(DataFrame, frozen=True):
    """An animation: pictures to show one after the other."""

    images: tuple[OutputImageRawFrame | URLImageRawFrame, ...]
    frames_per_second: float = 10.0
    loop: bool = False


# --- Language model --------------------------------------------------------------------------------------


class LLMContextFrame(DataFrame, frozen=True):
    """Answer this; `audio_response` asks for a spoken answer.

    With a `judgement`, the model may say instead of an answer that the user is not done.
    """

    context: Context
    audio_response: bool = True
    judgement: Judgement | None = None


class LLMPrimeFrame(ControlFrame, frozen=True):
    """Read this already: a context like it will probably have to be answered soon."""

    scoped: ClassVar[bool] = False
    overflow: ClassVar[Overflow] = Overflow.LATEST

    context: Context
    judgement: Judgement | None = None


class LLMJudgedFrame(ControlFrame, frozen=True):
    """The model's verdict on the user's last words, sent upstream: wait so many seconds; 0 is an answer.

    `aside`: they were meant for somebody else, and get none.
    """

    wait: float
    aside: bool = False


class LLMRunFrame(ControlFrame, frozen=True):
    """Answer the conversation as it stands."""

    scoped: ClassVar[bool] = False


class LLMMessagesAppendFrame(ControlFrame, frozen=True):
    """Add messages to the conversation; `run` asks for an answer."""

    scoped: ClassVar[bool] = False

    messages: tuple[Message, ...]
    run: bool = False


class LLMMessagesUpdateFrame(ControlFrame, frozen=True):
    """Replace the messages of the conversation; `run` asks for an answer."""

    scoped: ClassVar[bool] = False

    messages: tuple[Message, ...]
    run: bool = False


class LLMSetToolsFrame(ControlFrame, frozen=True):
    """Replace the tools offered to the model."""

    scoped: ClassVar[bool] = False

    tools: tuple[ToolSpec, ...]


class LLMFullResponseStartFrame(ControlFrame, frozen=True):
    """The model starts to write an answer."""


class LLMFullResponseEndFrame(ControlFrame, frozen=True):
    """The model has written its answer."""


class FunctionCallsFrame(ControlFrame, frozen=True):
    """All functions that the model asks for in one answer. Travels upstream to whoever runs them."""

    calls: tuple[ToolCall, ...]


class FunctionCallInProgressFrame(ControlFrame, frozen=True):
    """The model asks for a function to be run."""

    call: ToolCall


class FunctionCallProgressFrame(DataFrame, frozen=True):
    """A running function tells how far it is; it may do so any number of times before its result."""

    scoped: ClassVar[bool] = False
    overflow: ClassVar[Overflow] = Overflow.DROP_OLDEST

    call: ToolCall
    text: str


class FunctionCallCancelFrame(ControlFrame, frozen=True):
    """The function was stopped, or will never be run, because its answer is no longer wanted."""

    scoped: ClassVar[bool] = False

    call: ToolCall


class FunctionCallResultFrame(DataFrame, frozen=True):
    """What the function returned, as text."""

    scoped: ClassVar[bool] = False

    call: ToolCall
    result: str
    is_error: bool = False


# --- Speaking and turns ----------------------------------------------------------------------------------


class VADUserStartedSpeakingFrame(SystemFrame, frozen=True):
    """Speech heard. It began about `ago` seconds before this.

    `level` is how loud it is so far: RMS in dBFS of what is speech (None: not measured, here and below).
    """

    ago: float = 0.0
    level: float | None = None


class VADUserLevelFrame(SystemFrame, frozen=True):
    """Speech goes on, and is this loud so far, in dBFS: told once early, and again when it is louder."""

    level: float


class VADUserPausedFrame(SystemFrame, frozen=True):
    """The first short silence inside speech, after `quiet` seconds: not yet the end of it."""

    quiet: float
    level: float | None = None


class VADUserResumedFrame(SystemFrame, frozen=True):
    """Speech goes on after a pause that was not the end of it."""


class VADUserStoppedSpeakingFrame(SystemFrame, frozen=True):
    """No speech for `quiet` seconds."""

    quiet: float
    level: float | None = None


class UserStartedSpeakingFrame(SystemFrame, frozen=True):
    """The user's turn has opened."""


class UserStoppedSpeakingFrame(SystemFrame, frozen=True):
    """The user's turn has ended."""


class UserUtteranceDismissedFrame(SystemFrame, frozen=True):
    """What the user just uttered was no turn: a backchannel, noise, an echo. `text` is what was heard."""

    text: str
    reason: str


class STTFlushFrame(SystemFrame, frozen=True):
    """Finalise what was heard so far, now."""


class TalkKeyFrame(SystemFrame, frozen=True):
    """Push-to-talk: the user has pressed, or released, the key."""

    down: bool


class TurnDecisionFrame(SystemFrame, frozen=True):
    """What the turn machine decided, why, and from what; `text` is the words it decided about, if any."""

    decision: str
    reason: str
    inputs: dict[str, Any] = {}
    text: str = ""


class BotStartedSpeakingFrame(SystemFrame, frozen=True):
    """The first sound of response `id` has left for the user."""

    id: int | None = None


class BotStoppedSpeakingFrame(SystemFrame, frozen=True):
    """The bot has fallen silent."""

    id: int | None = None


class BotPauseFrame(SystemFrame, frozen=True):
    """Fall silent within a packet, but keep the place."""


class BotResumeFrame(SystemFrame, frozen=True):
    """Go on from where you paused."""


class BotHeardFrame(SystemFrame, frozen=True):
    """Of response `id` the user has heard `heard` so far.

    `final` once it will not grow any more; then `generated` is all that was written.
    """

    id: int
    heard: str
    final: bool = False
    generated: str = ""


class UserMuteStartedFrame(SystemFrame, frozen=True):
    """The user's sound is ignored from now on."""


class UserMuteStoppedFrame(SystemFrame, frozen=True):
    """The user's sound counts again."""


# --- Telephone keys, messages, settings, metrics ---------------------------------------------------------


class InputDTMFFrame(DataFrame, frozen=True):
    """The user pressed a key: one of 0-9, *, #, A-D."""

    scoped: ClassVar[bool] = False

    button: str


class OutputDTMFFrame(DataFrame, frozen=True):
    """Press a key on the line."""

    button: str


class InputTransportMessageFrame(DataFrame, frozen=True):
    """A message from the client application: any JSON value."""

    scoped: ClassVar[bool] = False

    message: Any


class OutputTransportMessageFrame(DataFrame, frozen=True):
    """A message for the client application, in order with what is said."""

    scoped: ClassVar[bool] = False

    message: Any


class OutputTransportMessageUrgentFrame(SystemFrame, frozen=True):
    """A message for the client application, at once."""

    message: Any


class ServiceUpdateSettingsFrame(ControlFrame, frozen=True):
    """Change settings of the services downstream while they run."""

    scoped: ClassVar[bool] = False

    settings: dict[str, Any]


class STTUpdateSettingsFrame(ServiceUpdateSettingsFrame, frozen=True):
    """Change settings of the speech recogniser."""


class LLMUpdateSettingsFrame(ServiceUpdateSettingsFrame, frozen=True):
    """Change settings of the language model."""


class TTSUpdateSettingsFrame(ServiceUpdateSettingsFrame, frozen=True):
    """Change settings of the voice."""


class ManuallySwitchServiceFrame(ControlFrame, frozen=True):
    """Route to another branch of the switch called `switch` from here on."""

    scoped: ClassVar[bool] = False

    switch: str
    to: str


class Metric(msgspec.Struct, frozen=True):
    """One measurement: `kind` is ttfb, processing, tokens, characters or another; `value` in `unit`."""

    kind: str
    processor: str
    value: float
    unit: str = "s"
    model: str = ""


class MetricsFrame(SystemFrame, frozen=True):
    """Measurements."""

    data: tuple[Metric, ...]
