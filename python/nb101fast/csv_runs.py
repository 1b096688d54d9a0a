"""The runs of a CSV file, which has a line for each run; docs/own_results.md has an example."""

from __future__ import annotations

from contextlib import closing

from . import _core
from ._core import FormatError
from .csv_rows import csv_rows
from .provenance import Marks
from .run_rows import RunRows, checked_names


def read_csv(table: _core.RunTable, path: str) -> Marks:
    """Append the runs of a CSV file to a table.

    The first line has the names of the columns, which docs/own_results.md describes. Commas,
    semicolons or tabs stand between the fields. An empty field is a missing value.

    Returns:
        What the file says of its values.

    Raises:
        FormatError: the file is not CSV in UTF-8, or has no runs; columns are missing or unknown;
            or a value is wrong, and the message names its line and column. The table then holds a
            part of the runs.
    """
    marks = Marks()
    count = 0
    with closing(csv_rows(path, checked_names)) as parts:
        for part in parts:
            rows = RunRows(part.columns, part.names, part.place)
            marks |= rows.marks()
            table.append(*rows.runs().arrays())
            count += len(rows)
    if not count:
        raise FormatError(f"{path}: no runs: give at least one")
    return marks
