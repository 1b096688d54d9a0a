"""Training runs as arrays, one entry a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .codes import Codes


@dataclass(frozen=True)
class Runs:
    """A batch of N runs, in the order of their records.

    Attributes:
        codes: uint32 (N,), of pruned graphs.
        epochs: uint32 (N,), the budgets.
        values: float64 (N, 15): at start, halfway and end the `EVALUATION_METRICS`.
        parameters: int32 (N,), trainable parameters.
        total_times: float64 (N,), seconds.
    """

    codes: Codes
    epochs: npt.NDArray[np.uint32]
    values: npt.NDArray[np.float64]
    parameters: npt.NDArray[np.int32]
    total_times: npt.NDArray[np.float64]

    def arrays(self) -> tuple[Any, ...]:
        """The arrays in the order in which the compiled core takes them."""
        return self.codes, self.epochs, self.values, self.parameters, self.total_times
