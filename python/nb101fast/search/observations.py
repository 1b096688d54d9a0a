"""The trainings of many runs as columns, one run after another."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from .. import _core
from ..arrays import Doubles

Unit: TypeAlias = Literal["seconds", "evaluations"]  # of what a run spends

COLUMN_TYPES: dict[str, np.dtype[Any]] = {
    "seconds": np.dtype(np.float64),
    "validation_accuracy": np.dtype(np.float64),
    "test_accuracy": np.dtype(np.float64),
    "code": np.dtype(np.uint32),
    "cell_id": np.dtype(np.int32),
    "epochs": np.dtype(np.int32),
    "repeat": np.dtype(np.int32),
    "evaluation": np.dtype(np.int64),
}
COLUMNS = tuple(COLUMN_TYPES)


@dataclass(frozen=True, eq=False)
class Observations:
    """Trainings that ended within the time budget; those of one run are in order of time.

    Attributes:
        starts: int64 (runs + 1,); run r has the rows `starts[r]:starts[r + 1]`.
        seconds: float64, the simulated time at which the training ended.
        validation_accuracy: float64, what the optimizer was told.
        test_accuracy: float64, what is reported if this cell is the incumbent.
        code: uint32, the configuration as it was proposed.
        cell_id: int32, the cell that the configuration is.
        epochs: int32, how long the cell was trained.
        repeat: int32, the number of the training run that was drawn.
        evaluation: int64, how many trainings of the run had ended, including this one.
    """

    starts: npt.NDArray[np.int64]
    seconds: Doubles
    validation_accuracy: Doubles
    test_accuracy: Doubles
    code: npt.NDArray[np.uint32]
    cell_id: npt.NDArray[np.int32]
    epochs: npt.NDArray[np.int32]
    repeat: npt.NDArray[np.int32]
    evaluation: npt.NDArray[np.int64]

    @classmethod
    def of_core(cls, columns: _core.ObservationColumns, epochs: Sequence[int]) -> Observations:
        """What the core recorded. It numbers the budgets, and `epochs` has the epochs of each.

        Raises:
            ValueError: a budget has more epochs than an int32 holds.
        """
        if max(epochs) > np.iinfo(np.int32).max:
            raise ValueError(f"a budget of {max(epochs)} epochs is not allowed; use below 2**31")
        return cls(
            starts=_starts(columns["count"]),
            seconds=columns["seconds"],
            validation_accuracy=columns["validation_accuracy"],
            test_accuracy=columns["test_accuracy"],
            code=columns["code"],
            cell_id=columns["cell_id"],
            epochs=np.asarray(epochs, np.int32)[columns["budget"]],
            repeat=columns["repeat"],
            evaluation=columns["evaluation"],
        )

    @classmethod
    def of_rows(
        cls, run: npt.NDArray[Any], columns: Mapping[str, npt.NDArray[Any]], num_runs: int
    ) -> Observations:
        """Rows with the number of their run, which ascends from 0."""
        starts = np.searchsorted(run, np.arange(num_runs + 1)).astype(np.int64)
        return cls(starts=starts, **columns)

    @classmethod
    def joined(cls, parts: Sequence[Observations]) -> Observations:
        """The runs of all parts, one part after another."""
        counts = np.concatenate([np.diff(part.starts) for part in parts])
        rows = {name: np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS}
        return cls(starts=_starts(counts), **rows)

    def chosen(self, rows: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> Observations:
        """Some of the rows, in their order. `counts` says how many there are of each run."""
        columns = {name: values[rows] for name, values in self.columns().items()}
        return Observations(starts=_starts(counts), **columns)

    def __len__(self) -> int:
        """The number of rows of all runs."""
        return len(self.seconds)

    @property
    def num_runs(self) -> int:
        """The number of runs."""
        return len(self.starts) - 1

    @property
    def run(self) -> npt.NDArray[np.int32]:
        """The number of each row's run, from 0: int32."""
        return np.repeat(np.arange(self.num_runs, dtype=np.int32), np.diff(self.starts))

    @property
    def is_incumbent(self) -> npt.NDArray[np.bool_]:
        """Whether each row has a higher validation accuracy than all rows before it in its run."""
        improves = np.zeros(len(self), np.bool_)
        for start, stop in pairwise(self.starts):
            seen = self.validation_accuracy[start:stop]
            improves[start:stop][:1] = True
            improves[start + 1 : stop] = seen[1:] > np.maximum.accumulate(seen)[:-1]
        return improves

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """The rows, by name of the column."""
        return {name: getattr(self, name) for name in COLUMNS}

    def spent(self, unit: Unit) -> Doubles:
        """What the run had spent when each training ended: seconds, or evaluations."""
        return self.seconds if unit == "seconds" else self.evaluation.astype(np.float64)

    def values_at(self, values: Doubles, unit: Unit, given: npt.ArrayLike) -> Doubles:
        """The value of the last row that had ended when so much was spent: float64 (runs, N).

        It is NaN if none had ended.

        Args:
            values: the value of each row.
            unit: what is spent, "seconds" or "evaluations".
            given: numbers of shape (N,), or one number.

        Raises:
            ValueError: the numbers have another shape or contain NaN.
        """
        _core.check_mask(given, unit)
        try:
            points = np.atleast_1d(np.asarray(given, np.float64))
        except OverflowError:
            points = np.array([np.nan])
        if points.ndim != 1 or np.isnan(points).any():
            raise ValueError(
                f"{unit}={given!r} is not allowed; use numbers of shape (N,) without NaN"
            )
        found: Doubles = np.append(values, np.nan)[self.rows_at(points, unit)]  # row -1: none
        return found

    def rows_at(self, points: Doubles, unit: Unit = "seconds") -> npt.NDArray[np.int64]:
        """The last row that had ended when so much was spent, by run and point; -1 if none had."""
        rows = np.empty((self.num_runs, len(points)), np.int64)
        spent = self.spent(unit)
        for run, (start, stop) in enumerate(pairwise(self.starts)):
            ended = np.searchsorted(spent[start:stop], points, side="right")
            rows[run] = np.where(ended > 0, start + ended - 1, -1)
        return rows


def _starts(counts: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def checked_evaluations(evaluations: npt.ArrayLike) -> npt.ArrayLike:
    """The numbers of evaluations themselves.

    Raises:
        TypeError: they are not integers, so they may be seconds.
    """
    _core.check_mask(evaluations, "evaluations")
    array = np.asarray(evaluations)
    if array.size and array.dtype.kind not in "iu":
        raise TypeError(f"evaluations={reprlib.repr(evaluations)} is not allowed; use integers")
    return evaluations
