"""Attaches own columns to an index, and detaches them; docs/own_columns.md shows how."""

from __future__ import annotations

import bisect
import itertools
import os
import reprlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from . import _core
from ._core import FormatError
from .cell import Cell
from .cell_rows import CellRows, check_name, checked_names, rows_of_objects
from .checks import check_type
from .chosen_cells import choose_cells
from .codes import NUM_CELLS, Hashes, ManyCodes, ManyIds
from .formats import format_of
from .inputs import is_table
from .locations import checked_name, checked_target, core_name
from .own_column import Doubles, Ids, Label, narrowest
from .phrases import alternatives, counted
from .reader import IndexReader, Rows
from .regular_file import open_regular
from .table_rows import digests_of

# A table with a row for each cell, or values by the name of their column.
Columns: TypeAlias = str | os.PathLike[str] | Mapping[str, Any] | Any


@dataclass(frozen=True)
class AttachReport:
    """The index that `attach` wrote.

    Attributes:
        output: the index file.
        num_bytes: its size.
        cells: by the name of each new column, how many cells have a value there.
        unknown: how many values are left out because the index lacks their cells.
        first_unknown: where the first of them stands; empty if there is none.
        seconds: how long it took.
    """

    output: str
    num_bytes: int
    cells: Mapping[str, int]
    unknown: int
    first_unknown: str
    seconds: float


def attach(
    index: str | os.PathLike[str],
    columns: Columns,
    output: str | os.PathLike[str],
    *,
    codes: ManyCodes | None = None,
    ids: ManyIds | None = None,
    hashes: Hashes | None = None,
    name: str | None = None,
    units: Mapping[str, str] | None = None,
    descriptions: Mapping[str, str] | None = None,
    replace: bool = False,
    strict: bool = False,
) -> AttachReport:
    """Write an index with further columns, which have one number for each cell.

    The columns can be used like metrics by every method of `Index`. All else in the index stays as
    it is. The index is verified at level "sections" first. The output appears only when it is
    complete and on disk.

    Args:
        index: an open index, or its path.
        columns: one of these:
            values by the name of the column, as numbers of all 423,624 cells by cell id, NaN where
            a value is missing; or as numbers of the cells that `codes`, `ids` or `hashes` name, in
            their order; or as numbers by official hash or by `Cell`.
            A table with a row for each cell: a CSV or Parquet file, a DataFrame of pandas or
            polars, or an Arrow table. The column "hash", "id" or "code" names the cell, and each
            other column is attached.
            A JSON file with a number, or an object of numbers by name, for each official hash.
        output: the index file to write. It may be the index itself.
        codes, ids, hashes: the cells of the values, as `Index.query` takes them.
        name: of the column, for a JSON file with a number for each hash.
        units: by the name of a column, its unit: at most 32 bytes of UTF-8.
        descriptions: by the name of a column, a line about it: at most 160 bytes of UTF-8.
        replace: let a new column take the place of one that has its name. It keeps the unit and the
            description if no new ones are given.
        strict: refuse values of cells that the index lacks, which are otherwise counted.

    Returns:
        An `AttachReport` of what was written.

    Raises:
        FormatError: the index or the table is damaged; a name is not allowed, such as that of a
            metric; a cell has two values; or a value is infinite or no number. The message says
            where it stands. Nothing is written then.
        ValueError: the index has a column of the name already, or an argument is not allowed.
        ImportError: a DataFrame or a Parquet file needs `pip install "nb101fast[arrow]"`.

    Example:
        >>> latencies = {"28cfc7874f6d200472e1a9dcd8650aa0": 3.5}
        >>> columns, units = {"latency_ms": latencies}, {"latency_ms": "ms"}
        >>> nb101fast.attach("nasbench_full.nb101", columns, "more.nb101", units=units).cells
        {'latency_ms': 1}
        >>> nb101fast.open("more.nb101").where(latency_ms=(None, 4))
        array([...], dtype=int32)
    """
    began = time.monotonic()
    reader = IndexReader(index)
    columns = _checked_columns(columns)
    target = checked_target([columns] if isinstance(columns, str) else [], output)
    given = [*_given(reader, columns, codes, ids, hashes, name)]
    names = [each for part in given for each in part.values]
    labels = _labels(reader, names, units or {}, descriptions or {}, replace)
    lacking = [(part, part.lacking(reader)) for part in given]
    unknown = sum(len(positions) for _, positions in lacking)
    places = (part.place(int(positions[0])) for part, positions in lacking if len(positions))
    first_unknown = next(places, "")
    if strict and unknown:
        raise FormatError(
            f"{first_unknown}: the index has no such cell; a strict call refuses "
            f"{counted(unknown, 'value')} of cells that the index lacks"
        )
    reader.verify("sections")
    new = {n: v for part in given for n, v in part.by_row(reader).items()}
    num_bytes = _write(reader, target, {**_kept(reader, reader.own_columns), **new}, labels)
    return AttachReport(
        output=os.fspath(output),
        num_bytes=num_bytes,
        cells={name: int((~np.isnan(values)).sum()) for name, values in new.items()},
        unknown=unknown,
        first_unknown=first_unknown,
        seconds=time.monotonic() - began,
    )


def detach(
    index: str | os.PathLike[str],
    names: str | Iterable[str],
    output: str | os.PathLike[str],
) -> None:
    """Write an index without some of its own columns. All else stays as it is.

    Args:
        index: an open index, or its path.
        names: the name of a column, or several.
        output: the index file to write. It may be the index itself.

    Raises:
        FormatError: the index is damaged.
        ValueError: the index has no own column of a name.

    Example:
        >>> columns = {"latency_ms": np.arange(float(nb101fast.NUM_CELLS))}
        >>> report = nb101fast.attach(index, columns, "more.nb101")
        >>> nb101fast.detach("more.nb101", "latency_ms", "less.nb101")
        >>> dict(nb101fast.open("less.nb101").own_columns)
        {}
    """
    reader = IndexReader(index)
    target = checked_target([], output)
    listed = [names] if isinstance(names, str) else list(names)
    for name in listed:
        if name not in reader.own_columns:
            known = alternatives(reader.own_columns) if reader.own_columns else "another index"
            raise ValueError(f"names={name!r} is not an own column of this index; use {known}")
    reader.verify("sections")
    left = [name for name in reader.own_columns if name not in listed]
    _write(reader, target, _kept(reader, left), reader.own_columns)


def _kept(reader: IndexReader, names: Iterable[str]) -> dict[str, npt.NDArray[Any]]:
    """The values of own columns by row."""
    return {name: reader.own_column(name).values for name in names}


def _write(
    reader: IndexReader,
    target: str,
    columns: Mapping[str, Doubles],
    labels: Mapping[str, Label],
) -> int:
    own = [
        (name, labels[name].unit, labels[name].description, narrowest(values))
        for name, values in columns.items()
    ]
    return _core.write_with_own_columns(reader.file, core_name(target), own)


def _labels(
    reader: IndexReader,
    names: Sequence[str],
    units: Mapping[str, str],
    descriptions: Mapping[str, str],
    replace: bool,
) -> dict[str, Label]:
    """The labels of all own columns, old and new, after checks of the new ones."""
    for argument, texts in (("units", units), ("descriptions", descriptions)):
        if not isinstance(texts, Mapping) or not all(isinstance(t, str) for t in texts.values()):
            raise TypeError(f"{argument}={reprlib.repr(texts)} is not allowed; use texts by name")
        for name in texts:
            if name not in names:
                raise ValueError(
                    f"{argument}: {name!r} is not one of the columns; use {alternatives(names)}"
                )
    labels = dict(reader.own_columns)
    for name in names:
        if name in labels and not replace:
            raise ValueError(
                f"the index has an own column {name!r} already; use another name, or replace=True"
            )
        old = labels.get(name, Label())
        new = Label(units.get(name, old.unit), descriptions.get(name, old.description))
        _core.check_label(name, new.unit, new.description)
        labels[name] = new
    return labels


# ---------------------------------------------------------------- values by cell


@dataclass(frozen=True)
class _CellValues:
    """Values of cells, after checks that none is infinite and that each cell is there once.

    Attributes:
        ids: int32 (N,); -1 for a cell that the index lacks.
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


def _checked_columns(columns: Any) -> Any:
    """The columns, with a file as its checked name."""
    if isinstance(columns, (str, os.PathLike)):
        return checked_name(columns)
    if isinstance(columns, Mapping) or is_table(columns):
        return columns
    raise TypeError(
        f"columns={reprlib.repr(columns)} is not allowed; use values by name, a table or a file"
    )


def _given(
    reader: IndexReader,
    columns: Any,
    codes: ManyCodes | None,
    ids: ManyIds | None,
    hashes: Hashes | None,
    name: str | None,
) -> Iterator[_CellValues]:
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
        raise TypeError("codes, ids and hashes name one cell; use an array or a list")
    return chosen.ids


def _of_values(reader: IndexReader, name: str, values: Any, cells: Ids | None) -> _CellValues:
    if isinstance(values, Mapping):
        if cells is not None:
            raise TypeError(f"columns: {name!r} names its cells; leave out codes, ids and hashes")
        keys = [*values]
        ids = reader.file.find(digests_of([_hash_of(name, key) for key in keys]))
        numbers = _numbers(name, list(values.values()), len(keys))
        return _CellValues(ids, {name: numbers}, lambda row: f"columns: {name!r}: {keys[row]!r}")
    ids = np.arange(NUM_CELLS, dtype=np.int32) if cells is None else cells
    numbers = _numbers(name, values, len(ids))
    return _CellValues(ids, {name: numbers}, lambda row: f"columns: {name!r}: position {row}")


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
    return array.astype(np.float64)


def _joined(reader: IndexReader, parts: Sequence[CellRows]) -> _CellValues:
    starts = [0, *itertools.accumulate(map(len, parts))]
    values = [part.values() for part in parts]

    def place(row: int) -> str:
        number = bisect.bisect_right(starts, row) - 1
        return parts[number].place(row - starts[number])

    return _CellValues(
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

        with open(path, "rb", opener=open_regular) as file:
            yield rows_of_objects(path, parse_whole(path, file.read()), name)
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
