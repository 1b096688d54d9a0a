"""Training runs as arrays, one entry a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _core
from .codes import Codes, as_codes


@dataclass(frozen=True)
class Runs:
    """A batch of N runs, in the order of their records.

    Attributes:
        codes: uint32 (N,), of pruned graphs.
        epochs: uint32 (N,), the budgets.
        values: float64 (N, 15): the `EVALUATION_METRICS` at the start, halfway and at the end.
        parameters: int32 (N,), trainable parameters.
        total_times: float64 (N,), seconds.
    """

    codes: Codes
    epochs: npt.NDArray[np.uint32]
    values: npt.NDArray[np.float64]
    parameters: npt.NDArray[np.int32]
    total_times: npt.NDArray[np.float64]

    def arrays(self) -> tuple[Any, ...]:
        """The arrays in the order and of the types in which the compiled core takes them.

        An array may have another type of numbers, if the one that is meant can hold them.

        Raises:
            TypeError: an array has no numbers, or floats where integers are meant.
            ValueError: a number does not fit the type.
        """
        return (
            as_codes(self.codes),
            _of_type("epochs", self.epochs, np.uint32),
            _of_type("values", self.values, np.float64),
            _of_type("parameters", self.parameters, np.int32),
            _of_type("total_times", self.total_times, np.float64),
        )


def _of_type(name: str, values: Any, kind: type[np.generic]) -> npt.NDArray[Any]:
    """An array as the core takes it, with the same numbers."""
    _core.check_mask(values, name)
    given = np.asarray(values)
    if not np.can_cast(given.dtype, kind) and given.dtype.kind not in "iu":
        raise TypeError(f"{name} of dtype {given.dtype} is not allowed; use {kind.__name__}")
    taken = np.ascontiguousarray(given, kind)
    if given.dtype.kind in "iu" and not np.array_equal(taken, given):
        wrong = given[taken != given][0]
        raise ValueError(f"{name}={wrong} is not allowed; use numbers that fit {kind.__name__}")
    return taken
