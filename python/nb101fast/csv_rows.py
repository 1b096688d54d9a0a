"""The rows of a CSV file, which are checked as they are read."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, TextIO

from ._core import FormatError
from .phrases import counted
from .regular_file import open_regular
from .table_rows import NamesCheck, TableRows

_ROWS_AT_ONCE = 1 << 16
_DELIMITERS = ",;\t"


def csv_rows(path: str, checked_names: NamesCheck) -> Generator[TableRows, None, None]:
    """The rows of a CSV file, many at a time. The file is open until the generator ends.

    The first line has the names of the columns. Commas, semicolons or tabs stand between the
    fields. An empty field is a missing value.

    Raises:
        FormatError: the file is not CSV in UTF-8, or a line has another number of fields, and the
            message names the line; or what `checked_names` raises.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="", opener=open_regular) as file:
            yield from _rows(path, file, checked_names)
    except (csv.Error, UnicodeDecodeError) as error:
        raise FormatError(f"{path}: not CSV in UTF-8: {error}") from None


def _rows(path: str, file: TextIO, checked_names: NamesCheck) -> Iterator[TableRows]:
    header = file.readline()
    delimiter = max(_DELIMITERS, key=header.count)
    (own,) = csv.reader([header], delimiter=delimiter, strict=True)
    own = [name.strip() for name in own]
    names = checked_names(path, own)
    lines = _lines(path, csv.reader(file, delimiter=delimiter, strict=True), len(own))
    while part := list(itertools.islice(lines, _ROWS_AT_ONCE)):
        numbers, fields = zip(*part, strict=True)
        columns = dict(zip(own, zip(*fields, strict=True), strict=True))
        yield TableRows(
            {name: columns[given] for name, given in names.items()}, names, _place(path, numbers)
        )


def _lines(path: str, reader: Any, num_columns: int) -> Iterator[tuple[int, list[str]]]:
    """The number and the fields of each line that is not empty."""
    for fields in reader:
        number = reader.line_num + 1  # The reader does not count the header.
        if fields and len(fields) != num_columns:
            raise FormatError(
                f"{path}: line {number}: it has {counted(len(fields), 'field')}, but the first "
                f"line names {counted(num_columns, 'column')}; give a field for each"
            )
        if fields:
            yield number, fields


def _place(path: str, numbers: Sequence[int]) -> Callable[[int], str]:
    return lambda row: f"{path}: line {numbers[row]}"
