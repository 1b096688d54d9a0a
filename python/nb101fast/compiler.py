"""Compiles official TFRecord files, and runs in other formats, into an index."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from typing import Any

from . import _core
from .builder import CompileReport, IndexBuilder
from .inputs import Meter, estimated_records
from .locations import checked_name, core_name
from .progress import Progress, told
from .reader import IndexReader


def compile(
    inputs: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
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
        inputs: a file, or several: official TFRecords (plain or gzip), result shards, indexes,
            Parquet or JSON. The contents tell the format. The r-th record of a cell and budget
            becomes its repeat r.
        output: the index file, which is replaced only when the new one is complete and on disk.
            None is possible with `update` alone: the index that is updated is then replaced.
        update: an index whose runs are kept. If a new run has the cell, epochs and repeat of an
            old one, it replaces the old one. The sources of the old index are not needed.
        strict: raise an error for what is otherwise only reported: findings, repeats that some
            cells lack, and runs that occur twice.
        denominator: that of the accuracies, 9984 in the official files; None finds it.
        synthetic: whether the values were made up, such as those of `synthetic.write_tfrecord`.
        training: how the runs were trained, in types that JSON has. The provenance keeps it.
        threads: how many threads parse; None for one on each processor.
        progress: True for a bar, or a function that is called with the number of bytes that are
            read and the number of bytes in all.

    Returns:
        A `CompileReport` of what was read and written.

    Raises:
        FormatError: a record is damaged, and the message names the file, record and byte. Or,
            with `strict`, there is something to report. In both cases nothing is written.

    Example:
        >>> nb101fast.compile("nasbench_full.tfrecord", "nasbench_full.nb101").cells
        423624
        >>> nb101fast.compile("retrained.tfrecord", update="nasbench_full.nb101").replaced_runs
        12
    """
    if denominator is not None and not 1 <= denominator <= _core.MAX_DENOMINATOR:
        raise ValueError(
            f"denominator={denominator} is not allowed; use 1 to {_core.MAX_DENOMINATOR}"
        )
    if threads is not None and threads < 1:
        raise ValueError(f"threads={threads} is not allowed; use 1 or more")
    paths = _paths(inputs)
    base = None if update is None else IndexReader(update)
    target = _target(paths, output, base)
    builder = IndexBuilder(base, threads=threads)
    builder.reserve(sum(map(estimated_records, paths)))
    with told(progress, "compiling") as phases:
        phases.begin("reading")
        meter = Meter(sum(map(os.path.getsize, paths)), phases)
        for path in paths:
            builder.add_file(path, meter)
        phases.begin("writing")
        return builder.finish(
            target, strict=strict, denominator=denominator, synthetic=synthetic, training=training
        )


def _paths(inputs: Any) -> list[str]:
    if isinstance(inputs, (str, os.PathLike)):
        inputs = [inputs]
    paths = [checked_name(path) for path in inputs]
    if not paths:
        raise ValueError("no input files: give at least one")
    return paths


def _target(
    paths: list[str], output: str | os.PathLike[str] | None, base: IndexReader | None
) -> str:
    """The name of the index file, after checks that it can be written."""
    if output is not None:
        target = checked_name(output)
    elif base is not None:
        target = base.path
    else:
        raise ValueError("no output: give output=OUT, or update=OLD to write over that index")
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            if os.path.samefile(path, target):
                raise ValueError(f"output {target!r} is the input {path!r}; use another name")
    _core.check_regular(core_name(target))  # Nothing is compiled in vain.
    folder = os.path.dirname(os.path.abspath(target))
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"output {target!r}: there is no folder {folder!r}; make it first")
    return target
