"""The work list of a sweep: which cells, in which order, and which runs of each are left."""

from __future__ import annotations

import json
import os
from collections.abc import Container, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

import nb101fast
from nb101fast import Cell, FormatError, OutOfDomainError, encode

from .shard import Shard
from .worker import CellWork

Codes = npt.NDArray[np.uint32]  # pruned cells, each in the vertex order in which it is trained
Unit = tuple[int, int]  # epochs and repeat

_CELLS_BY_VERTICES = {2: 1, 3: 6, 4: 84, 5: 2_441, 6: 62_010, 7: 359_082}  # ids are in this order
_FEW_CELLS = 10_000  # hashing more one by one takes longer than the table of all
_HASH_DIGITS = 32


def cells_up_to(max_vertices: int) -> Codes:
    """The official representatives of all cells of at most so many vertices, by module hash.

    7 vertices: all 423,624 cells. 4: 91.
    """
    if max_vertices not in _CELLS_BY_VERTICES:
        allowed = f"{min(_CELLS_BY_VERTICES)} to {max(_CELLS_BY_VERTICES)} are allowed"
        raise ValueError(f"max_vertices={max_vertices}; {allowed}")
    count = sum(_CELLS_BY_VERTICES[each] for each in range(2, max_vertices + 1))
    return by_hash(nb101fast.cell_codes()[:count])


def read_cells(path: str | os.PathLike[str]) -> Codes:
    """The cells that a text file lists, one a line, by module hash; empty lines are left out.

    A module hash or `id:NUMBER` is the official representative. A code, or a JSON object of
    `matrix` and `ops`, is trained in its own vertex order, pruned.

    Raises:
        FormatError: a line that is no cell, or a cell a second time: which line.
        OutOfDomainError: a cell outside the search space, which an index could not hold.
    """
    lines: dict[int, int] = {}  # by cell id
    codes = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if text := line.strip():
                cell = _cell_of_line(text, f"{os.fspath(path)}: line {number}")
                first = lines.setdefault(cell.id, number)
                if first != number:
                    raise FormatError(
                        f"{os.fspath(path)}: line {number}: the cell of line {first} again: {text}"
                    )
                codes.append(cell.code)
    if not codes:
        raise FormatError(f"{os.fspath(path)}: no cell in it")
    return by_hash(np.array(codes, np.uint32))


def by_hash(codes: Codes) -> Codes:
    """Codes in the order of their module hashes, read-only; all are of the search space."""
    if len(codes) > _FEW_CELLS:
        hashes = nb101fast.cell_hashes()[nb101fast.cell_ids(codes)]
        order = np.lexsort(hashes.T[::-1])
    else:
        order = np.argsort([hash_of(int(code)) for code in codes])
    ordered = codes[order]
    ordered.flags.writeable = False
    return ordered


def hash_of(code: int) -> str:
    """The official module hash of a cell."""
    return Cell.from_code(code).hash


def shard_of(codes: Codes, shard: Shard) -> Codes:
    """The cells of one shard: as officially, those whose index modulo `count` is `index`."""
    return codes[shard.index :: shard.count]


def cell_work(code: int, units: Sequence[Unit]) -> CellWork:
    """A cell as a worker takes it, with the runs to be made."""
    cell = Cell.from_code(code)
    return CellWork(tuple(map(tuple, cell.matrix.tolist())), cell.ops, tuple(units))


def code_of(work: CellWork) -> int:
    """The code of the cell of `cell_work`."""
    return encode(work.matrix, work.ops)


def _cell_of_line(text: str, where: str) -> Cell:
    try:
        cell = cell_of_text(text)
    except OutOfDomainError as error:
        raise OutOfDomainError(f"{where}: {error}") from None
    except (ValueError, IndexError) as error:
        raise FormatError(f"{where}: {error}") from None
    if not cell.is_valid:
        raise OutOfDomainError(f"{where}: outside the search space: {text}")
    return cell


def cell_of_text(text: str) -> Cell:
    """The cell of an official hash, `id:NUMBER`, a code, or a JSON object of matrix and ops.

    Raises:
        ValueError, OutOfDomainError: none of these.
    """
    if text.startswith("{"):
        return _cell_of_json(text)
    if text.startswith("id:") and text[3:].isdecimal():
        return Cell.from_id(int(text[3:]))
    if len(text) == _HASH_DIGITS:
        return Cell.from_hash(text)
    if text.isdecimal():
        return Cell.from_code(int(text))
    raise ValueError(
        f"{text!r}; a module hash, id:NUMBER, a code, or matrix and ops as JSON are allowed"
    )


def _cell_of_json(text: str) -> Cell:
    try:
        value: Any = json.loads(text)
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from None
    if set(value) != {"matrix", "ops"}:
        raise ValueError(f"keys {sorted(value)}; 'matrix' and 'ops' are allowed")
    return Cell(value["matrix"], value["ops"])


def units_of(epochs: Sequence[int], repeats: int) -> tuple[Unit, ...]:
    """The runs of each cell, in their order."""
    return tuple((budget, repeat) for budget in sorted(epochs) for repeat in range(repeats))


class Ledger:
    """Which runs are made, of cells of which each has the same units.

    Example:
        >>> ledger = Ledger(units_of((4, 12), 1))
        >>> ledger.add(code, (4, 0)), ledger.left(code)
        (True, ((12, 0),))
    """

    def __init__(self, units: Sequence[Unit]) -> None:
        self.units = tuple(units)
        self._bits = {unit: 1 << position for position, unit in enumerate(self.units)}
        self._made: dict[int, int] = {}  # a bit for each unit: there may be 5 million

    def __len__(self) -> int:
        return sum(made.bit_count() for made in self._made.values())

    def add(self, code: int, unit: Unit) -> bool:
        """Note a run; False where it was noted before, KeyError where `unit` is none of these."""
        before = self._made.get(code, 0)
        self._made[code] = before | self._bits[unit]
        return not before & self._bits[unit]

    def left(self, code: int) -> tuple[Unit, ...]:
        """The runs of a cell that are not made."""
        made = self._made.get(code, 0)
        return tuple(unit for unit in self.units if not made & self._bits[unit])


def work_list(
    codes: Codes, made: Ledger, failed: Container[tuple[int, Unit]] = ()
) -> Iterator[CellWork]:
    """The cells that have runs neither made nor failed, each with these runs."""
    for code in codes.tolist():
        if left := [unit for unit in made.left(code) if (code, unit) not in failed]:
            yield cell_work(code, left)
