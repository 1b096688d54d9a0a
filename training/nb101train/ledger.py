"""Which runs of a sweep are made, and which work is left."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from .work import CellWork, Codes, Unit, cell_work


class Ledger:
    """Records which runs are made. All cells have the same units.

    Example:
        >>> ledger = Ledger(units_of((4, 12), 1))
        >>> ledger.add(code, (4, 0)), ledger.left(code)
        (True, ((12, 0),))
    """

    def __init__(self, units: Sequence[Unit]) -> None:
        self.units = tuple(units)
        self._bits = {unit: 1 << position for position, unit in enumerate(self.units)}
        self._made: dict[
            int, int
        ] = {}  # A bit stands for a unit, since there may be 5 million runs.

    def __len__(self) -> int:
        """The number of runs that are made."""
        return sum(made.bit_count() for made in self._made.values())

    def add(self, code: int, unit: Unit) -> bool:
        """Note that a run is made.

        Returns:
            False if it was noted before.

        Raises:
            KeyError: `unit` is not among the ledger's units.
        """
        before = self._made.get(code, 0)
        self._made[code] = before | self._bits[unit]
        return not before & self._bits[unit]

    def positions(
        self, epochs: npt.NDArray[np.uint32], repeats: npt.NDArray[np.uint64]
    ) -> npt.NDArray[np.int64]:
        """The position of each run's unit among the ledger's units; -1 if it is none of them."""
        positions = np.full(len(epochs), -1, np.int64)
        for position, (budget, repeat) in enumerate(self.units):
            positions[(epochs == budget) & (repeats == repeat)] = position
        return positions

    def add_all(self, codes: Codes, positions: npt.NDArray[np.int64]) -> int | None:
        """Note that many runs are made, each given by its cell and the position of its unit.

        Returns:
            The place in the arrays of the first run that was noted before, or None. With such a
            run, nothing of the arrays is noted.
        """
        cells, cell_of_run = np.unique(codes, return_inverse=True)
        noted = self._noted(cells.tolist())
        is_again = noted[cell_of_run, positions]
        runs = cell_of_run * len(self.units) + positions
        order = np.argsort(runs, kind="stable")  # Equal runs stay in the order of the arrays.
        is_again[order[1:]] |= runs[order[1:]] == runs[order[:-1]]
        if is_again.any():
            return int(np.argmax(is_again))
        noted[cell_of_run, positions] = True
        rows = np.packbits(noted, axis=1, bitorder="little")
        for code, row in zip(cells.tolist(), rows, strict=True):
            self._made[code] = int.from_bytes(row.tobytes(), "little")
        return None

    def _noted(self, codes: Sequence[int]) -> npt.NDArray[np.bool_]:
        """Which units of each cell are noted, one row for each cell."""
        noted = np.zeros((len(codes), len(self.units)), np.bool_)
        for row, code in enumerate(codes):
            if made := self._made.get(code, 0):
                noted[row] = [bool(made & bit) for bit in self._bits.values()]
        return noted

    def left(self, code: int) -> tuple[Unit, ...]:
        """The runs of a cell that are not made."""
        made = self._made.get(code, 0)
        return tuple(unit for unit in self.units if not made & self._bits[unit])


def work_list(
    codes: Codes, made: Ledger, failed: Container[tuple[int, Unit]] = ()
) -> Iterator[CellWork]:
    """Yield each cell that has runs left, with its runs that are neither made nor failed."""
    for code in codes.tolist():
        if left := [unit for unit in made.left(code) if (code, unit) not in failed]:
            yield cell_work(code, left)
