"""The accuracies of all runs, in chunks of cells: a page reads only that of the cell it shows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import Doubles
from ..reader import IndexReader, Rows
from ..schema import Choice, Integer, ListOf, Record
from .measures import accuracy_step
from .packed_array import PACKED_ARRAY, PackedArray

METRICS = ("train_accuracy", "validation_accuracy", "test_accuracy")
STAGES = ("halfway", "final")
# What a manifest says of the runs.
CELL_RUNS = Record(
    {
        "metrics": ListOf(Choice(METRICS), least=1),
        "stages": ListOf(Choice(STAGES), least=1),
        "cells_per_chunk": Integer(1),
        "chunks": ListOf(PACKED_ARRAY),
    }
)

_CELLS_PER_CHUNK = 2048  # These have about 200 kB.
_MOST_CELLS = 20_000  # of an index whose runs are written without being asked for


@dataclass(frozen=True)
class CellRuns:
    """The accuracies of all runs of an index, halfway and at the end of the training.

    Attributes:
        chunks: for each 2,048 rows, an array (metric, stage, run, row). The metrics and stages are
            in the order of `METRICS` and `STAGES`. The runs are the repeats of the first budget,
            then those of the second one, and so on.
    """

    chunks: list[PackedArray]

    @staticmethod
    def of(reader: IndexReader) -> CellRuns:
        """All runs of an index."""
        return CellRuns(list(_chunks(reader)))

    def as_json(self) -> dict[str, Any]:
        """What the manifest says of the runs."""
        return {
            "metrics": list(METRICS),
            "stages": list(STAGES),
            "cells_per_chunk": _CELLS_PER_CHUNK,
            "chunks": [chunk.as_json() for chunk in self.chunks],
        }


def are_small(reader: IndexReader) -> bool:
    """Whether the index has so few cells that their runs add little to a page."""
    return len(reader) <= _MOST_CELLS


def _chunks(reader: IndexReader) -> Iterator[PackedArray]:
    step = accuracy_step(reader.denominator, 1)
    for first in range(0, len(reader), _CELLS_PER_CHUNK):
        rows = np.arange(first, min(first + _CELLS_PER_CHUNK, len(reader)))
        values = np.stack([*_run_values(reader, rows)])
        yield PackedArray.in_steps(f"runs_{first}", values, step)


def _run_values(reader: IndexReader, rows: Rows) -> Iterator[Doubles]:
    """The values of some rows, for each metric, stage and run."""
    runs = [(epochs, repeat) for epochs, count in reader.budgets for repeat in range(count)]
    for metric, stage, (epochs, repeat) in itertools.product(METRICS, STAGES, runs):
        measurement = reader.measurement(metric, epochs=epochs, stage=stage, repeat=repeat)
        yield reader.values(measurement, rows)
