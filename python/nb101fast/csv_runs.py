"""The runs of a CSV file, which has a line for each run; docs/own_results.md has an example."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TextIO

from . import _core
from ._core import FormatError
from .provenance import Marks
from .regular_file import open_regular
from .run_rows import RunRows, checked_names

_ROWS_AT_ONCE = 1 << 16
_DELIMITERS = ",;\t"


def read_csv(table: _core.RunTable, path: str) -> Marks:
    """Append the runs of a CSV file to a table.

    The first line has the names of the columns, which docs/own_results.md describes. Commas,
    semicolons or tabs stand between the fields. An empty field is a missing value.

    Returns:
        What the file says of its values.

    Raises:
        FormatError: the file is not CSV in UTF-8, or has no runs; columns are missing or unknown;
            or a value is wrong. The message names the line and the column. The table then holds a
            part of the runs.
    """
    marks = Marks()
    count = 0
    try:
        with open(path, encoding="utf-8-sig", newline="", opener=open_regular) as file:
            for rows in _rows(path, file):
                marks |= rows.marks()
                table.append(*rows.runs().arrays())
                count += len(rows)
    except (csv.Error, UnicodeDecodeError) as error:
        raise FormatError(f"{path}: not CSV in UTF-8: {error}") from None
    if not count:
        raise FormatError(f"{path}: no runs: give at least one")
    return marks


def _rows(path: str, file: TextIO) -> Iterator[RunRows]:
    """The rows of the file, many at a time."""
    header = file.readline()
    delimiter = max(_DELIMITERS, key=header.count)
    (own,) = csv.reader([header], delimiter=delimiter, strict=True)
    own = [name.strip() for name in own]
    names = checked_names(path, own)
    lines = _lines(path, csv.reader(file, delimiter=delimiter, strict=True), len(own))
    while part := list(itertools.islice(lines, _ROWS_AT_ONCE)):
        numbers, fields = zip(*part, strict=True)
        columns = dict(zip(own, zip(*fields, strict=True), strict=True))
        yield RunRows(
            {name: columns[given] for name, given in names.items()}, names, _place(path, numbers)
        )


def _lines(path: str, reader: Any, num_columns: int) -> Iterator[tuple[int, list[str]]]:
    """The number and the fields of each line that is not empty."""
    for fields in reader:
        number = reader.line_num + 1  # The reader does not count the header.
        if fields and len(fields) != num_columns:
            raise FormatError(
                f"{path}: line {number}: it has {len(fields)} fields, but the first line names "
                f"{num_columns} columns; give a field for each"
            )
        if fields:
            yield number, fields


def _place(path: str, numbers: Sequence[int]) -> Callable[[int], str]:
    return lambda row: f"{path}: line {numbers[row]}"
