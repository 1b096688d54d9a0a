"""The cells that a call asks for: by code, by cell id or by official hash; one of them or many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ._core import DOMAIN_RULE, OutOfDomainError
from .cell import Cell
from .codes import is_batch
from .hashes import Hashes, as_hashes
from .ids import NUM_CELLS, Ids, as_id, as_ids, cell_ids
from .reader import IndexReader


@dataclass(frozen=True)
class ChosenCells:
    """The ids of the cells that were asked for.

    Attributes:
        ids: int32 (N,); -1 for a code outside the search space and for a hash that is unknown.
        is_one: whether one cell was asked for, not an array of them.
    """

    ids: Ids
    is_one: bool


def choose_cells(
    reader: IndexReader, codes: Any = None, ids: Any = None, hashes: Any = None
) -> ChosenCells:
    """The cells of exactly one of three arguments.

    Args:
        reader: the index, which finds hashes.
        codes: one code, Cell or official hash; or many codes.
        ids: one cell id, or many.
        hashes: one official hash, or a sequence of them, or uint8 (N, 16).

    Raises:
        TypeError: none or several of the three are given, or one has a type that is not allowed.
        IndexError: a cell id is outside 0..423,623.
        OutOfDomainError: the one cell that is asked for is outside the search space.
    """
    given = {"codes": codes, "ids": ids, "hashes": hashes}
    names = [name for name, value in given.items() if value is not None]
    if len(names) != 1:
        raise TypeError(
            f"{' and '.join(names) or 'no cells'} given; use exactly one of codes, ids= and hashes="
        )
    if ids is not None:
        many = is_batch(ids)
        return ChosenCells(as_ids(ids if many else [as_id(ids)]), is_one=not many)
    if isinstance(codes, str) or isinstance(hashes, str):
        text = hashes if codes is None else codes
        return ChosenCells(np.array([_id_of_hash(reader, text)], np.int32), is_one=True)
    if hashes is not None:
        return ChosenCells(find_hashes(reader, hashes), is_one=False)
    if is_batch(codes):
        return ChosenCells(cell_ids(codes), is_one=False)
    return ChosenCells(np.array([_id_of_code(codes)], np.int32), is_one=True)


def find_hashes(reader: IndexReader, hashes: Hashes, threads: int = 1) -> Ids:
    """The cell id of each official hash: int32 (N,), -1 if the index has no such cell."""
    return reader.file.find(as_hashes(hashes), threads)


def _id_of_hash(reader: IndexReader, text: str) -> int:
    """The id of a cell in the index or, more slowly, anywhere in the search space."""
    found = int(find_hashes(reader, [text])[0])
    return found if found >= 0 else Cell.from_hash(text).id


def _id_of_code(code: Any) -> int:
    try:
        number: int = cell_ids(code)
    except ValueError:  # The number does not fit 32 bits.
        number = -1
    if number < 0:
        text = repr(code) if isinstance(code, Cell) else f"code {code}"
        may_be_id = not isinstance(code, Cell) and 0 <= code < NUM_CELLS
        hint = "; give a cell id as ids=" if may_be_id else ""
        raise OutOfDomainError(f"{text} is outside the search space: {DOMAIN_RULE}{hint}")
    return number
