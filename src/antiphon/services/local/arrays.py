"""The arrays that the local services pass around."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Floats = NDArray[np.float32]
Pcm = NDArray[np.int16]


def as_floats(pcm: Pcm) -> Floats:
    """The same samples in -1..1."""
    return np.divide(pcm, 32768, dtype=np.float32)
