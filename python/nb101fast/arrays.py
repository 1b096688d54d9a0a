"""The arrays of numbers that most parts of the package compute with, and their rounding."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Doubles: TypeAlias = npt.NDArray[np.float64]


def in_single_precision(values: Doubles) -> npt.NDArray[np.float32]:
    """Values as float32, in the same shape. One beyond its range, 3.4e38, becomes infinite."""
    with np.errstate(over="ignore"):
        return values.astype(np.float32)
