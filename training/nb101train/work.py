"""What a sweep's driver and its workers exchange: a cell with its runs, and how each run ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nb101fast import Cell

Codes = npt.NDArray[np.uint32]  # They are pruned, in the vertex order that is trained.
Unit = tuple[int, int]  # The epochs and the repeat name one run of a cell.


@dataclass(frozen=True)
class CellWork:
    """A cell, and which of its runs a worker has to make.

    Attributes:
        code: of the cell, in the vertex order that is trained.
        module_hash: the official hash of the cell.
        matrix: V rows of V entries, 0 or 1.
        ops: V operation names.
        units: the runs, in the order in which they are made.
    """

    code: int
    module_hash: str
    matrix: tuple[tuple[int, ...], ...]
    ops: tuple[str, ...]
    units: tuple[Unit, ...]


@dataclass(frozen=True)
class RunRecord:
    """A run that was made, with its record of the official format."""

    epochs: int
    repeat: int
    payload: bytes


@dataclass(frozen=True)
class RunFailure:
    """A run that could not be made.

    Attributes:
        epochs, repeat: which run of its cell.
        attempts: the number of times that its training began.
        reason: why the last attempt failed.
    """

    epochs: int
    repeat: int
    attempts: int
    reason: str


Outcome = RunRecord | RunFailure


def cell_work(code: int, units: Sequence[Unit]) -> CellWork:
    """The work of a code: the cell, and the runs that are to be made."""
    cell = Cell.from_code(code)
    matrix = tuple(map(tuple, cell.matrix.tolist()))
    return CellWork(code, cell.hash, matrix, cell.ops, tuple(units))


def units_of(epochs: Sequence[int], repeats: int) -> tuple[Unit, ...]:
    """The runs of each cell, by epochs, then by repeat.

    Example:
        >>> units_of((4, 12), 2)
        ((4, 0), (4, 1), (12, 0), (12, 1))
    """
    return tuple((budget, repeat) for budget in sorted(epochs) for repeat in range(repeats))
