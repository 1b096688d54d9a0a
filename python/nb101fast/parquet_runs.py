"""The runs of a Parquet file of either form that `nb101fast.tables` writes."""

from __future__ import annotations

from . import _core
from .arrow_runs import ArrowRuns
from .parquet_file import check_digest, open_parquet
from .tables import ROWS_AT_ONCE


def read_parquet(table: _core.RunTable, path: str) -> ArrowRuns:
    """Append the runs of a Parquet file to a table.

    The metadata says which form the file has; a file without metadata is taken for the form
    "runs", whose columns docs/own_results.md describes. The r-th row of a cell and budget becomes
    its repeat r.

    Returns:
        The runs that were read, with what the file says of them.

    Raises:
        FormatError: columns are missing or unknown, a type or a value is wrong, or the file has no
            runs. The message names the file, the row (counted from 0) and the column. The table
            then holds a part of the rows.
        ImportError: pyarrow is not installed.
    """
    with open_parquet(path) as reader:
        runs = ArrowRuns(path, reader.schema_arrow)
        digest = runs.append_to(table, reader.iter_batches(ROWS_AT_ONCE, columns=runs.names))
        check_digest(path, reader, digest)
    return runs
