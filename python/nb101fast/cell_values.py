"""The values of own columns as users give them: by cell, in an array, a table or a file."""

from __future__ import annotations

import bisect
import itertools
import os
import reprlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from . import _core
from ._core import FormatError
from .arrays import Doubles
from .cell import Cell
from .cell_rows import CellRows, check_name, checked_names, rows_of_objects
from .checks import check_type
from .chosen_cells import choose_cells
from .codes import ManyCodes
from .file_names import checked_name
from .formats import format_of
from .hashes import Hashes
from .ids import NUM_CELLS, Ids, ManyIds
from .inputs import is_table
from .reader import IndexReader, Rows
from .regular_file import read_regular
from .table_rows import digests_of

# A table with a row for each cell, or values by the name of their column.
Columns: TypeAlias = str | os.PathLike[str] | Mapping[str, Any] | Any


@dataclass(frozen=True)
class CellValues:
    """Values of cells, after checks that none is infinite and that each cell is there once.

    Attributes:
        ids: int32 (N,); -1 for a hash that the index lacks and for a code outside the search space.
            The index may lack other cells too.
        values: float64 (N,) by the name of the column.
        place: what an error calls the value at a position.
    """

    ids: Ids
    values: Mapping[str, Doubles]
    place: Callable[[int], str]

    def __post_init__(self) -> None:
        for name, values in self.values.items():
            if np.isinf(values).any():
                row = int(np.argmax(np.isinf(values)))
                raise FormatError(
                    f"{self.place(row)}: column {name!r}: {values[row]} is not allowed; use a "
                    "finite number, or NaN for a missing value"
                )
        counts = np.bincount(self.ids[self.ids >= 0], minlength=NUM_CELLS)
        if (twice := counts > 1).any():
            first, second, *_ = np.flatnonzero(self.ids == np.argmax(twice)).tolist()
            raise FormatError(
                f"{self.place(second)}: cell {self.ids[first]} is there already, at "
                f"{self.place(first)}; give each cell once"
            )

    def lacking(self, reader: IndexReader) -> Rows:
        """The positions of values whose cells the index lacks."""
        has_value = np.zeros(len(self.ids), np.bool_)
        for values in self.values.values():
            has_value |= ~np.isnan(values)
        return np.flatnonzero((reader.rows_of(self.ids) < 0) & has_value)

    def by_row(self, reader: IndexReader) -> dict[str, Doubles]:
        """The values of each row of the index, NaN where there is none."""
        rows = reader.rows_of(self.ids)
        known = rows >= 0
        columns = {}
        for name, values in self.values.items():
            columns[name] = np.full(len(reader), np.nan)
            columns[name][rows[known]] = values[known]
        return columns


def checked_columns(columns: Any) -> Any:
    """The columns, with a file as its checked name.

    Raises:
        TypeError: they are neither values by name nor a table or a file.
        ValueError: the name of the file is not allowed.
    """
    if isinstance(columns, (str, os.PathLike)):
        return checked_name(columns)
    if isinstance(columns, Mapping) or is_table(columns):
        return columns
    raise TypeError(
        f"columns={reprlib.repr(columns)} is not allowed; use values by name, a table or a file"
    )


def given_values(
    reader: IndexReader,
    columns: Any,
    codes: ManyCodes | None,
    ids: ManyIds | None,
    hashes: Hashes | None,
    name: str | None,
) -> Iterator[CellValues]:
    """The values that `attach` is given, in one part for each set of cells.

    Args:
        reader: the index.
        columns: what `checked_columns` returned.
        codes, ids, hashes, name: as in `attach`.

    Raises:
        FormatError: the values, their cells or the file are not sound.
        TypeError: the columns name their cells, and `codes`, `ids` or `hashes` are given too.
        ValueError: there are no columns, or not as many values as cells.
    """
    is_named = not (codes is None and ids is None and hashes is None)
    if isinstance(columns, Mapping) and not is_table(columns):
        if not columns:
            raise ValueError("columns is empty; give values for at least one name")
        cells = _chosen(reader, codes, ids, hashes) if is_named else None
        for own, values in columns.items():
            check_type("a name in columns", own, str, use="a text")
            check_name("columns", own)
            yield _of_values(reader, own, values, cells)
        return
    if is_named:
        raise TypeError("codes, ids and hashes go with values by name; a table names its cells")
    rows = [*(_rows_of_table(columns) if is_table(columns) else _rows_of_file(columns, name))]
    if not rows:
        source = columns if isinstance(columns, str) else "columns"
        raise FormatError(f"{source}: the table has no rows: give at least one")
    yield _joined(reader, rows)


def _chosen(reader: IndexReader, codes: Any, ids: Any, hashes: Any) -> Ids:
    chosen = choose_cells(reader, codes, ids, hashes)
    if chosen.is_one:
        raise TypeError("one cell is given for values by name; give an array or a list of cells")
    return chosen.ids


def _of_values(reader: IndexReader, name: str, values: Any, cells: Ids | None) -> CellValues:
    if isinstance(values, Mapping):
        if cells is not None:
            raise TypeError(f"columns: {name!r} names its cells; leave out codes, ids and hashes")
        keys = [*values]
        ids = reader.file.find(digests_of([_hash_of(name, key) for key in keys]))
        numbers = _numbers(name, list(values.values()), len(keys))
        return CellValues(ids, {name: numbers}, lambda row: f"columns: {name!r}: {keys[row]!r}")
    ids = np.arange(NUM_CELLS, dtype=np.int32) if cells is None else cells
    numbers = _numbers(name, values, len(ids))
    return CellValues(ids, {name: numbers}, lambda row: f"columns: {name!r}: position {row}")


def _hash_of(name: str, key: object) -> str:
    if isinstance(key, str):
        return key
    if isinstance(key, Cell):
        return key.hash
    raise TypeError(
        f"columns: {name!r} has the key {key!r}; use an official hash or a Cell, or give an array "
        "with ids= or codes="
    )


def _numbers(name: str, values: Any, count: int) -> Doubles:
    """The values as float64 (count,)."""
    _core.check_mask(values, "values")
    array = np.asarray(values)
    if array.dtype.kind not in "fiu":
        raise TypeError(
            f"columns: {name!r} has values of type {array.dtype}; use numbers, NaN where missing"
        )
    if array.shape != (count,):
        raise ValueError(
            f"columns: {name!r} has values of shape {array.shape}; use {count} numbers, one for "
            "each cell"
        )
    numbers: Doubles = array.astype(np.float64)
    if array.dtype.kind in "iu" and (numbers.astype(array.dtype) != array).any():
        raise ValueError(f"columns: {name!r} has an integer that a double does not hold; round it")
    return numbers


def _joined(reader: IndexReader, parts: Sequence[CellRows]) -> CellValues:
    starts = [0, *itertools.accumulate(map(len, parts))]
    values = [part.values() for part in parts]

    def place(row: int) -> str:
        number = bisect.bisect_right(starts, row) - 1
        return parts[number].place(row - starts[number])

    return CellValues(
        np.concatenate([part.ids(reader) for part in parts]),
        {name: np.concatenate([each[name] for each in values]) for name in values[0]},
        place,
    )


def _rows_of_table(table: Any) -> Iterator[CellRows]:
    from .arrow_runs import as_arrow, name_of, rows_of_batches  # They need pyarrow.

    source = name_of(table)
    arrow = as_arrow(table)
    yield from _as_cells(rows_of_batches(source, arrow.schema, arrow.to_batches(), checked_names))


def _rows_of_file(path: str, name: str | None) -> Iterator[CellRows]:
    kind = format_of(path)
    if kind == "csv":
        from .csv_rows import csv_rows

        yield from _as_cells(csv_rows(path, checked_names))
    elif kind == "json":
        from .json_documents import parse_whole

        yield rows_of_objects(path, parse_whole(path, read_regular(path)), name)
    elif kind == "parquet":
        from .arrow_runs import rows_of_batches
        from .parquet_file import open_parquet

        with open_parquet(path) as file:
            batches = file.iter_batches()
            yield from _as_cells(rows_of_batches(path, file.schema_arrow, batches, checked_names))
    else:
        raise FormatError(f"{path}: byte 0: the file is no table; use CSV, JSON or Parquet")


def _as_cells(rows: Iterable[Any]) -> Iterator[CellRows]:
    for each in rows:
        yield CellRows(each.columns, each.names, each.place)
