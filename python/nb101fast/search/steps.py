"""Evaluations of many runs, run after run, as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Doubles: TypeAlias = npt.NDArray[np.float64]
Columns: TypeAlias = Mapping[str, npt.NDArray[Any]]

COLUMNS = (
    "seconds",
    "validation_accuracy",
    "test_accuracy",
    "code",
    "cell",
    "epochs",
    "repeat",
)


@dataclass(frozen=True, eq=False)
class Steps:
    """Evaluations, those of a run in the order of its clock.

    Attributes:
        starts: int64 (runs + 1,); run r has the rows `starts[r]:starts[r + 1]`.
        seconds: float64, when each ended.
        validation_accuracy: float64, as observed.
        test_accuracy: float64, as it would be reported of this cell.
        code, cell, epochs, repeat: uint32, and int32, what was trained, and which run drawn.
    """

    starts: npt.NDArray[np.int64]
    seconds: Doubles
    validation_accuracy: Doubles
    test_accuracy: Doubles
    code: npt.NDArray[np.uint32]
    cell: npt.NDArray[np.int32]
    epochs: npt.NDArray[np.int32]
    repeat: npt.NDArray[np.int32]

    @classmethod
    def of_record(cls, columns: Columns, epochs: Sequence[int]) -> Steps:
        """What the core recorded; `epochs` by budget."""
        rows = {name: columns[name] for name in COLUMNS if name != "epochs"}
        budgets = np.asarray(epochs, np.int32)[columns["budget"]]
        return cls(starts=_starts(columns["count"]), epochs=budgets, **rows)

    @classmethod
    def of_runs(cls, run: npt.NDArray[Any], columns: Columns, num_runs: int) -> Steps:
        """Of rows that say which run they belong to: ascending, from 0."""
        starts = np.searchsorted(run, np.arange(num_runs + 1)).astype(np.int64)
        return cls(starts=starts, **columns)

    @classmethod
    def joined(cls, parts: Sequence[Steps]) -> Steps:
        """The runs of all parts, one part after another."""
        counts = np.concatenate([np.diff(part.starts) for part in parts])
        rows = {name: np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS}
        return cls(starts=_starts(counts), **rows)

    def __len__(self) -> int:
        """Evaluations in all."""
        return len(self.seconds)

    @property
    def num_runs(self) -> int:
        """How many runs there are."""
        return len(self.starts) - 1

    @property
    def run(self) -> npt.NDArray[np.int32]:
        """By row, the number of its run from 0: int32."""
        return np.repeat(np.arange(self.num_runs, dtype=np.int32), np.diff(self.starts))

    @property
    def is_incumbent(self) -> npt.NDArray[np.bool_]:
        """By row, whether it is better in validation accuracy than all before it in its run."""
        improves = np.zeros(len(self), np.bool_)
        for start, stop in pairwise(self.starts):
            seen = self.validation_accuracy[start:stop]
            improves[start:stop][:1] = True
            improves[start + 1 : stop] = seen[1:] > np.maximum.accumulate(seen)[:-1]
        return improves

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """The rows by column."""
        return {name: getattr(self, name) for name in COLUMNS}

    def rows_at(self, seconds: Doubles) -> npt.NDArray[np.int64]:
        """By run and point of the clock, the last row that had ended; before any, -1."""
        rows = np.empty((self.num_runs, len(seconds)), np.int64)
        for run, (start, stop) in enumerate(pairwise(self.starts)):
            ended = np.searchsorted(self.seconds[start:stop], seconds, side="right")
            rows[run] = np.where(ended > 0, start + ended - 1, -1)
        return rows


def _starts(counts: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
