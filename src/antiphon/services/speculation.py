"""What answering in advance costs, and when to stop doing so.

An answer behind the gate that is rolled back was written in vain. On this machine that is time that nobody
else needed; from a vendor it is money. So it is on by default where the language model runs here (a service
that says `local = True`), one parameter elsewhere, and it can be capped.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from antiphon.context import Context
from antiphon.contexts import Count, context_tokens, estimate_tokens
from antiphon.contexts.tokens import BYTES_PER_TOKEN
from antiphon.processor import Processor
from antiphon.services.base import Local
from antiphon.services.fulfils import fulfils
from antiphon.services.llm_host import LLMHost


class Waste(msgspec.Struct):
    """What was written in vain in a session: answers that were rolled back, what they held, what was read.

    `tokens` are those written, `prompt_tokens` those of the requests. Both are estimates, as a request that
    is given up never says what it cost.
    """

    answers: int = 0
    characters: int = 0
    tokens: int = 0
    prompt_tokens: int = 0

    def add(self, written: str, requests: Iterable[Context], count: Count = estimate_tokens) -> None:
        """One more answer was rolled back, for which these were read."""
        self.answers += 1
        self.characters += len(written)
        self.tokens += -(-len(written.encode(errors="replace")) // BYTES_PER_TOKEN)
        self.prompt_tokens += sum(context_tokens(request, count) for request in requests)


class Cap(msgspec.Struct, frozen=True):
    """How much may be wasted in one session; what is None has no limit."""

    answers: int | None = None
    characters: int | None = None
    tokens: int | None = None

    def exceeded(self, waste: Waste) -> str:
        """Why no more may be wasted, as half a sentence; empty if it may."""
        for what, limit, used in (
            ("answers", self.answers, waste.answers),
            ("characters", self.characters, waste.characters),
            ("tokens", self.tokens, waste.tokens + waste.prompt_tokens),
        ):
            if limit is not None and used >= limit:
                return f"{used} {what} were written in vain, {limit} are allowed"
        return ""


def model_is_local(turns: Processor) -> bool:
    """Whether every language model behind this processor runs on this machine, and there is one."""
    parts = turns.session.processors
    behind = parts[parts.index(turns) + 1 :] if turns in parts else parts
    models = [part.llm for part in behind if isinstance(part, LLMHost)]
    return bool(models) and all(fulfils(model, Local) and model.local for model in models)
