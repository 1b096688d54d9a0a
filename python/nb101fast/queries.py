"""Every metric of the cells that a call asks for, by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .arrays import Doubles
from .chosen_cells import ChosenCells
from .measurement import METRICS, Measurement
from .reader import IndexReader, Rows
from .seed import Seed, generator


def query(
    reader: IndexReader, cells: ChosenCells, measurement: Measurement, seed: Seed = None
) -> Any:
    """Answer `Index.query`. All metrics and own columns are read, whatever the measurement has.

    Args:
        reader: the index.
        cells: the cells that are asked for.
        measurement: the epochs, stage and repeat.
        seed: the seed of the draws, if the repeat is "random".
    """
    rows = reader.rows_of(cells.ids)
    draws = None
    if measurement.repeat == "random":
        # Only draws need the counts, which are read for all cells of the index.
        draws = _drawn_repeats(reader.run_counts(measurement.epochs)[rows], seed)
    names = (*METRICS, *reader.own_columns)
    columns = {name: _values(reader, measurement.of(name), rows, draws) for name in names}
    if cells.is_one:
        return {metric: _plain(values[0]) for metric, values in columns.items()}
    shape = next(iter(columns.values())).shape
    table: npt.NDArray[np.void] = np.empty(shape, [(name, np.float64) for name in names])
    for metric, values in columns.items():
        table[metric] = values
    return table


def _values(
    reader: IndexReader, measurement: Measurement, rows: Rows, draws: Rows | None
) -> Doubles:
    """The values of rows: float64 (N,), or (N, R) for all repeats."""
    if measurement.repeat == "all":
        every = range(measurement.num_repeats)
        by_repeat = [reader.values(measurement.of_repeat(repeat), rows) for repeat in every]
        return np.stack(by_repeat, axis=1)
    if draws is None:
        return reader.values(measurement, rows)
    values = np.empty(len(rows))
    for repeat in np.unique(draws).tolist():
        drawn = draws == repeat
        values[drawn] = reader.values(measurement.of_repeat(repeat), rows[drawn])
    return values


def _drawn_repeats(counts: npt.NDArray[np.uint16], seed: Seed) -> Rows:
    """The number of a drawn run for each cell; 0 for a cell without runs, which has no value."""
    draws: Rows = generator(seed).integers(np.maximum(counts, 1))
    return draws


def _plain(value: Any) -> Any:
    """A number as a Python float. An array stays as it is."""
    return value if isinstance(value, np.ndarray) else float(value)
