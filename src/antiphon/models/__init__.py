"""Model files: which ones Antiphon knows, where they are on this machine, and how they get there.

`locate` finds, `fetch` brings, `missing` tells what is not here. A service locates its model when it is made
and never downloads; set-up fetches. To run other models than the registry's, see `resolve`.
"""

from antiphon.models.errors import ModelError
from antiphon.models.fetching import Fetcher, fetch
from antiphon.models.finding import State, locate, missing, state
from antiphon.models.kinds import Kind
from antiphon.models.model import Model, ModelFile, Note, Progress
from antiphon.models.places import Places
from antiphon.models.registry import DEFAULT_SET, REGISTRY, TEST_SET
from antiphon.models.resolving import resolve

__all__ = [
    "DEFAULT_SET",
    "REGISTRY",
    "TEST_SET",
    "Fetcher",
    "Kind",
    "Model",
    "ModelError",
    "ModelFile",
    "Note",
    "Places",
    "Progress",
    "State",
    "fetch",
    "locate",
    "missing",
    "resolve",
    "state",
]
