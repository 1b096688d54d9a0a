"""Tables with a row for each run, whatever holds them: the names of their columns, and their runs.

docs/own_results.md describes the columns. Those that a table lacks are missing values, which are
NaN; only the epochs and the cell must be there.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ._core import FormatError, OutOfDomainError
from .cell import Cell
from .codes import Codes
from .hashes import ids_of_hashes
from .ids import Ids, cell_codes, cell_ids, cell_parameters
from .matrix_codec import decode
from .measurement import METRICS, STAGED_METRICS
from .phrases import with_nearest
from .provenance import Marks
from .runs import Runs
from .table_rows import INTEGERS, Flags, TableRows, digests_of, shown

_SYNONYMS = {
    "code": "graph",
    "id": "cell_id",
    "ops": "operations",
    **{metric: f"final_{metric}" for metric in METRICS},
}
_UNUSED = ("repeat", "seed")
_KNOWN = (
    *("matrix", "operations", "hash", *INTEGERS),
    *STAGED_METRICS,
    *("total_time", "synthetic", "dataset"),
    *_UNUSED,
)
_WAYS = "matrix and ops, hash, id or code"
_FLAGS = {"true": True, "false": False, "1": True, "0": False, "": False}


def checked_names(source: str, names: Iterable[str]) -> dict[str, str]:
    """The columns of a table by the name that the package has for them.

    Args:
        source: the name of the table, for errors.
        names: the names of its columns.

    Returns:
        For each name such as "final_test_accuracy", the table's own name, such as "test_accuracy".

    Raises:
        FormatError: columns are missing, unknown or there twice. The message names all of them.
    """
    listed = list(names)
    given: dict[str, list[str]] = {}
    for name in listed:
        given.setdefault(_SYNONYMS.get(name, name), []).append(name)
    faults = [
        *_missing(given),
        *_unknown([name for name in given if name not in _KNOWN]),
        *(
            f"{' and '.join(map(repr, twice))} are the same column; give one of them"
            for twice in given.values()
            if len(twice) > 1
        ),
    ]
    if faults:
        raise FormatError(f"{source}: {'; '.join(faults)}")
    return {name: own for name, (own,) in given.items()}


def _missing(given: Mapping[str, Any]) -> list[str]:
    faults = [] if "epochs" in given else ["the column 'epochs' is missing"]
    if not {"matrix", "operations", "graph", "hash", "cell_id"} & given.keys():
        faults.append(f"no column names the cells: add {_WAYS}")
    if "matrix" in given and "operations" not in given:
        faults.append("the column 'ops' is missing, which 'matrix' needs")
    if "operations" in given and "matrix" not in given:
        faults.append("the column 'matrix' is missing, which 'ops' needs")
    return faults


def _unknown(names: Sequence[str]) -> list[str]:
    told = with_nearest(names, (*_KNOWN, *_SYNONYMS))
    return [f"unknown columns: {told}; rename them or leave them out"] if names else []


@dataclass(frozen=True)
class RunRows(TableRows):
    """Some rows of a table with a row for each run, with the names that `checked_names` gives.

    Example:
        >>> columns = {"hash": ["28cfc7874f6d200472e1a9dcd8650aa0"], "epochs": [108]}
        >>> RunRows(columns, {name: name for name in columns}, "row {}".format).runs().codes
        array([...], dtype=uint32)
    """

    def runs(self) -> Runs:
        """The runs of the rows. A value that is missing is NaN.

        If the parameters are missing, they are those of the cell's official network.

        Raises:
            FormatError: a value is not allowed. The message says which row and column it is in.
        """
        codes = self._codes
        parameters = self.integers("trainable_parameters")
        official = cell_parameters()[cell_ids(codes)]
        epochs = self.integers("epochs")
        self.check("epochs", ~np.isnan(epochs), lambda row: "there is no value; give one")
        return Runs(
            codes,
            epochs.astype(np.uint32),
            np.stack([self.numbers(name) for name in STAGED_METRICS], axis=1),
            np.where(np.isnan(parameters), official, parameters).astype(np.int32),
            self.numbers("total_time"),
        )

    def marks(self) -> Marks:
        """What the columns `synthetic` and `dataset` say of the rows.

        Raises:
            FormatError: a value of `synthetic` is not true or false.
        """
        synthetic = False
        for row, value in enumerate(self.listed("synthetic")):
            if isinstance(value, float):  # as a column of 0, 1 and missing values is read
                value = None if math.isnan(value) else f"{value:g}"
            text = "" if value is None else str(value).lower()
            if text not in _FLAGS:
                self.refuse("synthetic", row, f"{shown(value)} is not allowed; use true or false")
            synthetic |= _FLAGS[text]
        return Marks.of_datasets(set(self.texts("dataset").to_list()) - {""}, synthetic=synthetic)

    # ---------------------------------------------------------------- cells
    #
    # `_graphs`, `_matrices`, `_hashes` and `_cell_ids` each read a column that names the cells.
    # They give the codes of the rows: int64 (N,), -1 where the column has no value.

    @cached_property
    def _codes(self) -> Codes:
        """The code of each row's cell. The columns that are read must name the same cell."""
        codes, ids = np.zeros(len(self), np.uint32), np.full(len(self), -1, np.int32)
        for name, read in (
            ("graph", self._graphs),
            ("matrix", self._matrices),
            ("hash", self._hashes),
            ("cell_id", self._cell_ids),
        ):
            # Where each row has a graph, its matrix says the same in more bytes and is not read.
            if name not in self.columns or (name == "matrix" and (ids >= 0).all()):
                continue
            given = read()
            own = np.where(given >= 0, cell_ids(given.astype(np.uint32)), -1)
            is_first = ids < 0
            codes[is_first] = np.maximum(given[is_first], 0)
            ids = np.where(is_first, own, ids)
            self.check(name, (own < 0) | (own == ids), _other_cell(own, ids))
        if (ids < 0).any():
            row = int(np.argmax(ids < 0))
            raise FormatError(f"{self.place(row)}: nothing names the cell; give {_WAYS}")
        return codes

    def _graphs(self) -> npt.NDArray[np.int64]:
        numbers = self.integers("graph")
        is_given = ~np.isnan(numbers)
        codes = np.where(is_given, numbers, 0).astype(np.uint32)
        self.check(
            "graph",
            ~is_given | (cell_ids(codes) >= 0),
            lambda row: f"code {codes[row]} is outside the search space",
        )
        for row in np.flatnonzero(is_given & ~are_pruned(codes)).tolist():
            codes[row] = Cell.from_code(int(codes[row])).code
        return np.where(is_given, codes, np.int64(-1))

    def _matrices(self) -> npt.NDArray[np.int64]:
        matrices, operations = self.texts("matrix"), self.texts("operations")
        places = np.stack([matrices.positions, operations.positions])
        pairs, rows, which = np.unique(places, axis=1, return_index=True, return_inverse=True)
        codes = np.full(pairs.shape[1], -1, np.int64)
        for number, (matrix, ops) in enumerate(pairs.T.tolist()):
            texts = matrices.different[matrix], operations.different[ops]
            if not any(texts):
                continue
            try:
                codes[number] = _code_of(*texts)
            except (ValueError, OutOfDomainError) as error:
                self.refuse("matrix", int(rows[number]), str(error))
        return codes[which.reshape(-1)]

    def _hashes(self) -> npt.NDArray[np.int64]:
        texts = self.texts("hash")
        ids = ids_of_hashes(digests_of(texts.different))
        is_known = (ids >= 0) | np.array([not text for text in texts.different])
        self.check(
            "hash",
            is_known[texts.positions],
            lambda row: (
                f"{shown(texts.different[texts.positions[row]])} is not the hash of any cell"
            ),
        )
        return np.where(ids >= 0, cell_codes()[ids], np.int64(-1))[texts.positions]

    def _cell_ids(self) -> npt.NDArray[np.int64]:
        ids = self.integers("cell_id")
        is_given = ~np.isnan(ids)
        codes = cell_codes()[np.where(is_given, ids, 0).astype(np.int64)]
        return np.where(is_given, codes, np.int64(-1))


def _other_cell(own: Ids, ids: Ids) -> Callable[[int], str]:
    return lambda row: (
        f"it names cell {own[row]}, but another column of the row names cell {ids[row]}"
    )


@lru_cache(maxsize=1 << 14)
def _code_of(matrix: str, ops: str) -> int:
    """The code of the pruned graph of a matrix and operations that are written as texts."""
    cell = Cell(_matrix_of(matrix), re.findall(r"[^\s,\[\]()'\"]+", ops))
    if not cell.is_valid:
        raise ValueError(f"{shown(matrix)} is not a cell of the search space")
    return cell.code


def _matrix_of(text: str) -> list[list[int]]:
    """The matrix of "011 001 000", of "011001000" or of "[[0, 1, 1], [0, 0, 1], [0, 0, 0]]"."""
    try:
        rows = json.loads(text) if text.startswith("[") else _rows_of_digits(text)
        if all(type(value) is int for row in rows for value in row):
            return [list(row) for row in rows]
    except (ValueError, TypeError, RecursionError):
        pass
    raise ValueError(
        f"{shown(text)} is not a matrix; use nested lists, or the digits 0 and 1 of all rows, "
        "49 for 7 vertices"
    )


def _rows_of_digits(text: str) -> list[list[int]]:
    words = text.split()
    digits = "".join(words)
    size = math.isqrt(len(digits))
    if len(words) not in (1, size) or size * size != len(digits) or {*digits} - {"0", "1"}:
        raise ValueError
    return [[int(digit) for digit in digits[at : at + size]] for at in range(0, len(digits), size)]


def are_pruned(codes: Codes) -> Flags:
    """Whether each code is packed as a pruned graph: bool (N,).

    In a pruned graph, the interior vertices that are used come first. The other interior vertices
    have no edges and the operation 0.
    """
    matrices, labels = decode(codes)
    entered: Flags = np.asarray(matrices.any(axis=1))[:, 1:6]
    left: Flags = np.asarray(matrices.any(axis=2))[:, 1:6]
    # Edges go from lower to higher vertices. So a vertex with edges in and out lies on a path from
    # input to output if this holds for all vertices.
    faults = np.concatenate(
        [
            entered != left,
            ~entered[:, :-1] & entered[:, 1:],  # an unused vertex before a used one
            ~entered & (labels != 0),
        ],
        axis=1,
    )
    return np.asarray(~faults.any(axis=1))
