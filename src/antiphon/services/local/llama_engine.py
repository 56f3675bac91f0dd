"""llama.cpp inside this process: one model file loaded, several conversations at once. The typed seam around
xllamacpp.

Everything here blocks; `antiphon.services.local.llama` calls it from worker threads. llama.cpp insists on a
listener of its own: it gets a socket in a folder that is gone once it is up, and a secret key besides, so
nobody can reach the model but this process.
"""

from __future__ import annotations

import importlib
import os
import secrets
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, cast

import msgspec

from antiphon.services.base import ServiceError
from antiphon.services.local.slots import Slots

BATCH_TOKENS = 64
"""How much of a prompt is computed between two looks at whether to stop; smaller is slower, see bench/."""

CACHE_MIB = 512

SPINS = "1000"
"""How often a thread of llama.cpp looks before it sleeps. None at all costs a third of the speed on a quiet
machine, 10,000 make a 0.5B model five times slower on a busy one."""

Chunk = dict[str, Any]
OnChunk = Callable[[Chunk], bool]
"""Takes a chunk of the answer on the worker's thread; true asks to stop."""


class EngineSettings(msgspec.Struct, frozen=True):
    """What makes two engines different: services with equal settings share one."""

    path: Path
    context_tokens: int
    slots: int
    threads: int


class Engine(Protocol):
    """A loaded model. `pool` runs its blocking calls: enough threads that a request can wait for its slot.

    `slots` says what each slot remembers; it is only to be used from the event loop.
    """

    pool: ThreadPoolExecutor
    slots: Slots

    def chat(self, request: dict[str, Any], on_chunk: OnChunk) -> None:
        """Run one streamed chat completion to its end, or until `on_chunk` says stop."""
        ...


class LlamaEngine:
    """xllamacpp behind the `Engine` protocol. Raises ServiceError when the model cannot be loaded."""

    def __init__(self, settings: EngineSettings) -> None:
        self.pool = ThreadPoolExecutor(2 * settings.slots, thread_name_prefix="antiphon-llama")
        self.slots = Slots(settings.slots)
        self._server = _serve(settings)

    def complete(self, request: dict[str, Any]) -> Chunk:
        """The answer to one plain completion that is not streamed, in the form of the OpenAI API."""
        answers: list[Chunk] = []
        self._server.handle_completions(request, answers.append)
        return answers[0]

    def chat(self, request: dict[str, Any], on_chunk: OnChunk) -> None:
        def each(chunks: Chunk | list[Chunk]) -> bool:
            several = chunks if isinstance(chunks, list) else [chunks]
            answers = [on_chunk(chunk) for chunk in several]
            return any(answers)

        try:
            self._server.handle_chat_completions(request, each)
        except RuntimeError as error:
            raise ServiceError(f"The local language model refuses the request: {error}.") from error


_ENGINES: dict[EngineSettings, Engine] = {}
_LOADING = threading.Lock()


def shared_engine(settings: EngineSettings) -> Engine:
    """The engine for these settings, loaded once per process. Raises ServiceError."""
    with _LOADING:
        if settings not in _ENGINES:
            _ENGINES[settings] = LlamaEngine(settings)
        return _ENGINES[settings]


def _serve(settings: EngineSettings) -> Any:
    module = _xllamacpp()
    with tempfile.TemporaryDirectory(prefix="antiphon-") as folder:
        try:
            return module.Server(_parameters(module, settings, f"{folder}/llama.sock"))
        except RuntimeError as error:
            raise ServiceError(
                f"The language model {settings.path} cannot be loaded: is it a whole GGUF file, and is there "
                "memory enough?",
                fatal=True,
            ) from error


def _parameters(module: Any, settings: EngineSettings, address: str) -> Any:
    parameters = module.CommonParams()
    parameters.model.path = str(settings.path)
    parameters.n_ctx = settings.context_tokens * settings.slots
    parameters.n_parallel = settings.slots
    parameters.n_batch = BATCH_TOKENS
    parameters.cpuparams.n_threads = settings.threads
    parameters.cpuparams_batch.n_threads = settings.threads
    parameters.cache_ram_mib = CACHE_MIB
    parameters.hostnames = [address]
    parameters.api_keys = [secrets.token_hex(16)]
    parameters.endpoint_slots = False
    parameters.ui = False
    parameters.verbosity = 0
    return parameters


def _xllamacpp() -> Any:
    """The module. Raises ServiceError.

    llama.cpp's threads wait for each other many times per token. libgomp lets them spin meanwhile, and when
    something else wants a core (speech recognition, say) the one that computes is not let in: on two busy
    cores single answers fell from 20 tokens per second to one. So they spin a little and then sleep, unless
    the environment says otherwise; libgomp reads the variables once, when it is loaded.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", SPINS)
    try:
        return cast("Any", importlib.import_module("xllamacpp"))
    except ImportError as error:
        if "libgomp" in str(error):
            message = "The local language model needs the system's libgomp: run `apt-get install libgomp1`."
        else:
            message = "The local language model needs an extra: run `pip install 'antiphon[local]'`."
        raise ServiceError(message, fatal=True) from error
