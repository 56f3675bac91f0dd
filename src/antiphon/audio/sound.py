"""A whole piece of sound in memory, as floats: what files decode to. Live audio is PCM bytes instead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """`samples`: float32 [frames, channels], finite, full scale at ±1. `rate`: frames per second.

    `truncated` says that the file it came from promised more than it held.
    """

    samples: NDArray[np.float32]
    rate: int
    truncated: bool = False

    @property
    def frames(self) -> int:
        return self.samples.shape[0]

    @property
    def channels(self) -> int:
        return self.samples.shape[1]

    @property
    def seconds(self) -> float:
        return self.frames / self.rate

    def mono(self) -> NDArray[np.float32]:
        """The mean of the channels: shape [frames]."""
        if self.channels == 1:
            return self.samples[:, 0]
        return self.samples.mean(axis=1, dtype=np.float32)
