"""Attaches own columns to an index, and detaches them; docs/own_columns.md shows how."""

from __future__ import annotations

import os
import reprlib
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _core
from ._core import FormatError
from .arrays import Doubles
from .cell_values import Columns, checked_columns, given_values
from .codes import ManyCodes
from .file_names import checked_target, core_name
from .hashes import Hashes
from .ids import ManyIds
from .own_column import Label, as_stored
from .phrases import alternatives, counted
from .reader import IndexReader


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
    columns = checked_columns(columns)
    target = checked_target([columns] if isinstance(columns, str) else [], output)
    given = [*given_values(reader, columns, codes, ids, hashes, name)]
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
    own = [as_stored(name, labels[name], values) for name, values in columns.items()]
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
