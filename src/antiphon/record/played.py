"""Services that give what was recorded. They take the place of the real ones, which are never called."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Mapping
from contextlib import aclosing
from typing import Any, Protocol, cast

from antiphon.context import Context, ToolCall
from antiphon.processor import Processor
from antiphon.record.listener import PRIME, SUMMARY, WARM
from antiphon.record.records import Finished, Gave, Item, item_of
from antiphon.record.toolboxes import PlayedToolbox
from antiphon.record.wrapped import request_of
from antiphon.services.base import (
    Audio,
    EndOfTurn,
    EndTurn,
    Flush,
    Local,
    Notice,
    Picture,
    ServiceError,
    TextDelta,
    Transcript,
    TurnPrediction,
    Usage,
    WordTiming,
)
from antiphon.services.image_host import ImageHost
from antiphon.services.llm_host import LLMHost
from antiphon.services.stt_host import STTHost
from antiphon.services.tts_host import TTSHost
from antiphon.services.turns import Turns
from antiphon.services.vad_host import VADHost


class Player(Protocol):
    """Where the results of one processor's service come from."""

    def begin(self, request: str) -> Any:
        """The service is called: what stands for the call; None if it was not when this was recorded."""
        ...

    async def next(self, call: Any) -> Gave | Finished:
        """The call's next result, when its time has come. Raises CancelledError where it was given up."""
        ...

    async def leave(self, call: Any) -> None:
        """The call is given up while nobody waits for a result."""
        ...

    def progressing(self, call: Any, tell: Callable[[str], object]) -> None:
        """Whom to tell of a tool's progress."""
        ...

    def probability(self) -> float:
        """How likely the window that came now held speech."""
        ...

    def refusal(self) -> str:
        """Why the service did not take the settings that it is given now; empty if it did."""
        ...


class ReplayedFailure(Exception):
    """A service failed when the session was recorded, with these words."""


def _check(result: Finished) -> None:
    """Fail as the service did."""
    if result.error is not None:
        raise (
            ServiceError(result.error, fatal=result.fatal)
            if result.service
            else ReplayedFailure(result.error)
        )


class _Played:
    def __init__(self, player: Player) -> None:
        self._player = player

    def update_settings(self, settings: Mapping[str, Any]) -> None:
        """Settings have had their effect on what was recorded."""
        refusal = self._player.refusal()
        if refusal:
            raise ServiceError(refusal)

    async def warm(self) -> None:
        await self._once(WARM)

    async def _once(self, request: str) -> None:
        """A call that gives nothing."""
        call = self._player.begin(request)
        if call is not None:
            result = await self._player.next(call)
            if isinstance(result, Finished):
                _check(result)

    async def _play(self, request: str) -> AsyncGenerator[Item, None]:
        call, suspended = self._player.begin(request), False
        try:
            while isinstance(result := await self._player.next(call), Gave):
                item, suspended = item_of(result), True
                yield item
                suspended = False
        finally:
            if suspended:
                await self._player.leave(call)
        _check(result)


class PlayedSTT(_Played):
    def transcribe(
        self, audio: AsyncIterable[Audio | Flush | EndTurn]
    ) -> AsyncGenerator[Transcript | EndOfTurn | Notice, None]:
        return cast(AsyncGenerator[Transcript | EndOfTurn | Notice, None], self._play(""))


class PlayedLLM(_Played):
    def __init__(self, player: Player, *, local: bool = False, kind: str = "") -> None:
        super().__init__(player)
        self.local = local
        self._kind = kind

    def generate(self, context: Context) -> AsyncGenerator[TextDelta | ToolCall | Usage | Notice, None]:
        return cast(
            AsyncGenerator[TextDelta | ToolCall | Usage | Notice, None],
            self._play(self._kind + request_of(context)),
        )

    async def prime(self, context: Context) -> None:
        await self._once(PRIME)


class PlayedTTS(_Played):
    async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Audio | WordTiming | Notice, None]:
        said = " ".join([piece async for piece in text])
        async with aclosing(self._play(said)) as items:
            async for item in items:
                yield cast(Audio | WordTiming | Notice, item)


class PlayedImageMaker(_Played):
    def draw(self, prompt: str) -> AsyncGenerator[Picture | Notice, None]:
        return cast(AsyncGenerator[Picture | Notice, None], self._play(prompt))


class PlayedTurnModel(_Played):
    async def predict(self, turn: Audio) -> TurnPrediction:
        result = await self._player.next(self._player.begin(""))
        if isinstance(result, Finished):
            _check(result)
            raise ReplayedFailure("the end-of-turn model gave nothing")
        prediction = item_of(result)
        if not isinstance(prediction, TurnPrediction):
            raise ReplayedFailure("the end-of-turn model was not asked when this was recorded")
        return prediction


class PlayedVAD(_Played):
    """Has the probabilities that were recorded."""

    def __init__(self, player: Player, rate: int, window: int) -> None:
        super().__init__(player)
        self.rate, self.window = rate, window

    def probability(self, pcm: bytes) -> float:
        return self._player.probability()

    def reset(self) -> None:
        """There is nothing to forget."""


def play_services(part: Processor, player: Player) -> None:
    """Put a player in place of a host's service. Other processors stay as they are."""
    match part:
        case STTHost():
            part.stt = PlayedSTT(player)
        case LLMHost():
            part.llm = PlayedLLM(player, local=isinstance(part.llm, Local) and part.llm.local)
        case TTSHost():
            part.tts = PlayedTTS(player)
        case ImageHost():
            part.maker = PlayedImageMaker(player)
        case VADHost():
            part.vad = PlayedVAD(player, part.vad.rate, part.vad.window)
        case Turns():
            if part.model is not None:
                part.model = PlayedTurnModel(player)
            part.tools.toolbox = PlayedToolbox(part.tools.toolbox, player)
            part.requests.replace_summary(lambda _: PlayedLLM(player, kind=SUMMARY))
        case _:
            pass
