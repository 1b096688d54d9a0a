"""Values of all cells of an index, from the records that it was compiled from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

import nb101fast
from reference.runs import mean_of, values_of
from reference.tfrecord import Record


def column_of(
    records: Sequence[Record],
    cells: npt.NDArray[np.int32],
    name: str,
    epochs: int,
    stage: str = "final",
    repeat: int | Literal["mean"] = "mean",
) -> npt.NDArray[np.float64]:
    """Return a metric, or the parameters, of each of the cells; NaN for a cell without a run."""
    if name == "parameters":
        return nb101fast.cell_parameters()[cells].astype(float)
    column = []
    for cell_id in cells:
        values = values_of(records, nb101fast.Cell.from_id(cell_id).hash, name, epochs, stage)
        if repeat == "mean":
            column.append(mean_of(values))
        else:
            column.append(values[repeat] if repeat < len(values) else np.nan)
    return np.array(column)
