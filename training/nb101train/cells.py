"""The cells of a sweep, as a user names them: all up to a size, or a list in a text file."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

import nb101fast
from nb101fast import Cell, FormatError, OutOfDomainError
from nb101fast.cell_text import Form, cell_of_text, form_of_text
from nb101fast.codes import ManyCodes, as_codes
from nb101fast.regular_file import open_regular

from .work import Codes

_CELLS_BY_VERTICES = {
    2: 1,
    3: 6,
    4: 84,
    5: 2_441,
    6: 62_010,
    7: 359_082,
}  # The ids are in this order.
_FEW_CELLS = 10_000  # For more cells, building the table of all hashes is faster.
_OUTSIDE = "is outside the search space; use cells of at most 7 vertices and 9 edges"


@dataclass(frozen=True)
class CellList:
    """The cells that a file lists.

    Attributes:
        codes: by module hash.
        forms: how many lines name their cell by each form.
    """

    codes: Codes
    forms: Mapping[Form, int]

    def __str__(self) -> str:
        """How many cells there are, and how they are named: "3 cells: 2 by hash, 1 by id"."""
        forms = ", ".join(f"{count:,} by {form}" for form, count in self.forms.items())
        cells = "cell" if len(self.codes) == 1 else "cells"
        return f"{len(self.codes):,} {cells}: {forms}"


def cells_up_to(max_vertices: int) -> Codes:
    """The official representatives of all cells of at most so many vertices, by module hash.

    Raises:
        ValueError: `max_vertices` is not 2 to 7.

    Example:
        >>> len(cells_up_to(4)), len(cells_up_to(7))
        (91, 423624)
    """
    if max_vertices not in _CELLS_BY_VERTICES:
        least, most = min(_CELLS_BY_VERTICES), max(_CELLS_BY_VERTICES)
        raise ValueError(f"max_vertices={max_vertices} is not allowed; use {least} to {most}")
    count = sum(_CELLS_BY_VERTICES[each] for each in range(2, max_vertices + 1))
    return by_hash(nb101fast.cell_codes()[:count])


def _is_utf8(line: str) -> bool:
    try:
        line.encode()
    except UnicodeEncodeError:  # a byte that is not UTF-8 was read as a lone surrogate
        return False
    return True


def read_cells(path: str | os.PathLike[str]) -> CellList:
    """Read the cells that a text file lists, one in each line. Empty lines are skipped.

    A line holds one of these:

    - a module hash or `id:NUMBER`, which means the official representative of the cell;
    - a code, or a JSON object of `matrix` and `ops`: the cell is pruned, and trained in the vertex
      order that the line gives.

    Raises:
        FormatError: a line names no cell, or the cell of an earlier line. The text names the line.
        OutOfDomainError: a cell is outside the search space, so that an index could not hold it.
    """
    name = os.fspath(path)
    lines: dict[int, int] = {}  # The keys are cell ids.
    forms: Counter[Form] = Counter()
    codes = []
    with open(path, encoding="utf-8-sig", errors="surrogateescape", opener=open_regular) as file:
        for number, line in enumerate(file, 1):
            if not line.isascii() and not _is_utf8(line):
                raise FormatError(f"{name}: line {number}: this is not UTF-8; write it in UTF-8")
            if text := line.strip():
                cell = _cell_of_line(text, f"{name}: line {number}")
                first = lines.setdefault(cell.id, number)
                if first != number:
                    raise FormatError(
                        f"{name}: line {number}: {text} is the cell of line {first} again; "
                        "list each cell once"
                    )
                codes.append(cell.code)
                forms[form_of_text(text)] += 1
    if not codes:
        raise FormatError(f"{name}: no cells in the file; write one in each line")
    return CellList(by_hash(np.array(codes, np.uint32)), forms)


def checked_cells(codes: ManyCodes) -> Codes:
    """The codes of cells that a sweep can train.

    Raises:
        TypeError: these are cell ids, or codes of another type than uint32.
        OutOfDomainError: a cell is outside the search space, so that an index could not hold it.
        ValueError: a cell is there twice.

    Example:
        >>> checked_cells(nb101fast.cell_codes()[index.top_k("test_accuracy", 5)])
    """
    checked = as_codes(codes)
    ids = nb101fast.cell_ids(checked)
    outside = np.flatnonzero(ids < 0)
    if len(outside):
        raise OutOfDomainError(f"codes[{outside[0]}]={checked[outside[0]]} {_OUTSIDE}")
    places = np.unique(ids, return_index=True)[1]
    if len(places) < len(ids):
        again = np.setdiff1d(np.arange(len(ids)), places)[0]
        first = np.flatnonzero(ids == ids[again])[0]
        raise ValueError(
            f"codes[{again}]={checked[again]} is the cell of codes[{first}] again; give each cell "
            "once"
        )
    return checked


def by_hash(codes: Codes) -> Codes:
    """Codes of the search space, in the order of their module hashes: a read-only array."""
    if len(codes) > _FEW_CELLS:
        hashes = nb101fast.cell_hashes()[nb101fast.cell_ids(codes)]
        order = np.lexsort(hashes.T[::-1])
    else:
        order = np.argsort([Cell.from_code(code).hash for code in codes.tolist()])
    ordered = codes[order]
    ordered.flags.writeable = False
    return ordered


def _cell_of_line(text: str, where: str) -> Cell:
    try:
        cell = cell_of_text(text)
    except OutOfDomainError as error:
        raise OutOfDomainError(f"{where}: {error}") from None
    except (ValueError, IndexError) as error:
        raise FormatError(f"{where}: {error}") from None
    if not cell.is_valid:
        raise OutOfDomainError(f"{where}: {text} {_OUTSIDE}")
    return cell
