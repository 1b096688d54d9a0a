"""Compiles official TFRecord files, and runs in other forms, into an index."""

from __future__ import annotations

import os
import reprlib
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from . import _core
from .builder import CompileReport, IndexBuilder
from .checks import check_count, checked_threads
from .file_names import checked_name, checked_target
from .inputs import Meter, estimated_records, is_table
from .progress import Progress, told
from .provenance import checked_training
from .reader import IndexReader

# A file, or a pandas.DataFrame, polars.DataFrame, pyarrow.Table or another table of Arrow data.
Input: TypeAlias = str | os.PathLike[str] | Any


def compile(
    inputs: Input | Iterable[Input],
    output: str | os.PathLike[str] | None = None,
    *,
    update: str | os.PathLike[str] | None = None,
    strict: bool = False,
    denominator: int | None = None,
    synthetic: bool = False,
    training: Mapping[str, Any] | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> CompileReport:
    """Compile runs into an index file, which appears only when it is complete.

    Args:
        inputs: a file or a table, or several: official TFRecords (plain or gzip), result shards,
            indexes, Parquet, JSON, JSON Lines or CSV; or a pandas or polars DataFrame or an Arrow
            table with a row for each run. The contents tell the format. docs/own_results.md
            describes the columns. The records of a cell and budget become its repeats 0, 1 and so
            on, in their order.
        output: the index file, which is replaced only when the new one is complete and on disk.
            None is possible with `update` alone: the index that is updated is then replaced.
        update: an index whose runs are kept. If a new run has the cell, epochs and repeat of an
            old one, it replaces the old one. The sources of the old index are not needed.
        strict: raise an error for what is otherwise only reported: findings, repeats that some
            cells lack, and runs that equal an earlier one in every value.
        denominator: that of the accuracies, 9984 in the official files; None finds it.
        synthetic: whether the values were made up, such as those of `synthetic.write_tfrecord`.
        training: how the runs were trained, in types that JSON has. The provenance keeps it.
        threads: how many threads parse; None for one on each processor.
        progress: True for a bar, or a function that is called with the number of bytes that are
            read and the number of bytes in all.

    Returns:
        A `CompileReport` of what was read and written.

    Raises:
        FormatError: a record is damaged, and the message names the file, record and byte. Or
            columns are missing or unknown, and the message names all of them. Or, with `strict`,
            there is something to report. In all these cases nothing is written.
        ValueError: there is no input or no output, the output is one of the inputs, or an argument
            is not allowed.
        TypeError: an input is neither a file nor a table.
        OSError: a file is missing, or can't be read or written.
        ImportError: a table or a Parquet file needs `pip install "nb101fast[arrow]"`.

    Example:
        >>> nb101fast.compile("nasbench_full.tfrecord", "nasbench_full.nb101").missing_runs
        0
        >>> nb101fast.compile("retrained.tfrecord", update="nasbench_full.nb101").replaced_runs
        36
        >>> import pandas
        >>> frame = pandas.DataFrame({"id": [4, 4, 5], "epochs": 36, "test_accuracy": 0.9})
        >>> nb101fast.compile(frame, "mine.nb101").runs  # a row for each run
        3
    """
    if denominator is not None:
        check_count("denominator", denominator, 1, _core.MAX_DENOMINATOR)
    num_threads = checked_threads(threads)
    given = _inputs(inputs)
    paths = [each for each in given if isinstance(each, str)]
    base = None if update is None else IndexReader(update)
    written = update if output is None else output
    if written is None:
        raise ValueError("no output: give output=OUT, or update=OLD to write over that index")
    target = checked_target(paths, written)
    checked_training(training)
    builder = IndexBuilder(base, threads=num_threads)
    builder.reserve(sum(map(estimated_records, paths)))
    with told(progress, "compiling") as phases:
        phases.begin("reading")
        meter = Meter(sum(map(os.path.getsize, paths)), phases)
        for each in given:
            if isinstance(each, str):
                builder.add_file(each, meter)
            else:
                builder.add_table(each)
        phases.begin("writing")
        return builder.finish(
            target, strict=strict, denominator=denominator, synthetic=synthetic, training=training
        )


def _inputs(inputs: Any) -> list[Any]:
    """The inputs, with files as checked names."""
    if isinstance(inputs, (str, os.PathLike)) or is_table(inputs):
        inputs = [inputs]
    if isinstance(inputs, Mapping) or not isinstance(inputs, Iterable):
        raise TypeError(
            f"inputs={reprlib.repr(inputs)} is not allowed; use a file, a DataFrame, an "
            "Arrow table, or several of these"
        )
    given = [each if is_table(each) else checked_name(each) for each in inputs]
    if not given:
        raise ValueError("no input files: give at least one")
    return given
