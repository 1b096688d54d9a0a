"""Writes an index in another format. The suffix of the output's name says which."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Iterator

import numpy as np

from . import _core
from .checks import checked_threads
from .file_names import checked_name
from .json_form import cell_objects
from .phrases import alternatives
from .progress import Phases, Progress, tell, told
from .provenance import Marks, is_official
from .reader import IndexReader
from .run_columns import RUN_COLUMNS, Column, record_places, run_columns
from .texts import Texts
from .whole_file import WholeFile

_RECORDS_AT_ONCE = 50_000  # This is about 20 MB of a TFRecord.
_CELLS_AT_ONCE = 1000
_GZIP_WINDOW = 31  # This value makes zlib write a gzip header and checksum.

# Each part is some bytes of the file, and how many of the index's runs they hold.
Parts = Iterator[tuple[bytes, int]]


def export(
    index: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    unmarked: bool = False,
    threads: int | None = None,
    progress: Progress | None = None,
) -> None:
    """Write the runs of an index in the format that the suffix of `output` names.

    - `.tfrecord` and `.tfrecord.gz` have each record as the official writer writes it, in the
      order in which they were compiled. If the index was compiled from one official file, the
      TFRecord, uncompressed, is equal to that file, byte for byte.
    - `.parquet` and `.csv` have a row for each run; docs/tables.md describes them.
    - `.json` is one list of all cells, and `.jsonl` has a cell on each line; docs/json.md describes
      them.

    `compile` reads all of these. An old output is replaced only when the new one is complete and on
    disk. The index is verified at level "sections" first.

    If values were made up, or measured on another data set than CIFAR-10, all of these files say
    so, except a TFRecord, which can't. Such an index is refused there, unless `unmarked` is true.

    Own columns are kept in a Parquet file. The other forms have no place for them, and a warning
    says so.

    Args:
        index: an open index, or its path.
        output: the file to write.
        unmarked: allow a TFRecord of values that were made up or measured on another data set. The
            file does not say so.
        threads: how many threads format a TFRecord; None for one on each processor.
        progress: True for a bar, or a function that is called with the number of runs done and the
            number of runs in all. It is not called for a Parquet file.

    Raises:
        ValueError: the suffix is none of these, the output is the index itself, or a TFRecord would
            not say that its values are not the official ones.
        FormatError: the index is damaged.
        ImportError: Parquet needs `pip install "nb101fast[arrow]"`.

    Example:
        >>> nb101fast.export("nasbench_full.nb101", "again.tfrecord")
        >>> nb101fast.export(index, "runs.parquet")
    """
    num_threads = checked_threads(threads)
    target = checked_name(output)
    suffix = _suffix_of(target)
    with told(progress, "exporting") as phases:
        phases.begin("verifying")
        reader = IndexReader(index, verify="sections")
        if os.path.exists(target) and os.path.samefile(target, reader.path):
            raise ValueError(f"output {target!r} is the index itself; use another name")
        if reader.own_columns and suffix != ".parquet":
            tell(
                f"own columns are left out: {', '.join(reader.own_columns)}; a Parquet file would "
                "keep them",
                "warning",
            )
        if suffix.startswith(".tfrecord") and not unmarked:
            _refuse_marks(target, Marks.of(reader.provenance))
        phases.begin("writing")
        _write(reader, target, suffix, num_threads, phases)


def _write(reader: IndexReader, target: str, suffix: str, threads: int, phases: Phases) -> None:
    if suffix == ".parquet":
        from .tables import to_parquet  # It needs pyarrow.

        to_parquet(reader, target)
        return
    if suffix.startswith(".tfrecord"):
        parts = _records(reader, threads)
    else:
        parts = _WRITERS[suffix](reader)
    done = 0
    with WholeFile(target) as file:
        for part, runs in _packed(parts) if suffix.endswith(".gz") else parts:
            file.write(part)
            done += runs
            phases(done, reader.num_runs)


def _refuse_marks(target: str, marks: Marks) -> None:
    others = [name for name in marks.datasets if not is_official(name)]
    reasons = ["were made up"] if marks.synthetic else []
    reasons += [f"were measured on {', '.join(map(repr, others))}"] if others else []
    if reasons:
        raise ValueError(
            f"output {target!r} can't say that its values {' and '.join(reasons)}, because the "
            "official format has no place for that; use another suffix, such as .parquet, or give "
            "unmarked=True and tell it to all who get the file"
        )


def _suffix_of(target: str) -> str:
    for suffix in SUFFIXES:
        if target.endswith(suffix):
            return suffix
    raise ValueError(
        f"output {target!r} is not allowed; use a name that ends in {_SUFFIXES_IN_WORDS}"
    )


def _records(reader: IndexReader, threads: int) -> Parts:
    writer = _core.RecordWriter(reader.file)
    left = reader.num_runs
    while frames := writer.next(_RECORDS_AT_ONCE, threads):
        runs = min(_RECORDS_AT_ONCE, left)
        left -= runs
        yield frames, runs


def _packed(parts: Parts) -> Parts:
    """The same bytes, compressed by gzip without a time: equal bytes give equal files."""
    packer = zlib.compressobj(wbits=_GZIP_WINDOW)
    for part, runs in parts:
        yield packer.compress(part), runs
    yield packer.flush(), 0


def _csv(reader: IndexReader) -> Parts:
    """Lines of CSV. A number has enough digits to give the same double."""
    marks = Marks.of(reader.provenance).in_words()
    yield (",".join([*RUN_COLUMNS, *marks]) + "\n").encode(), 0
    places = record_places(reader)
    for begin in range(0, places.shape[1], _RECORDS_AT_ONCE):
        part = places[:, begin : begin + _RECORDS_AT_ONCE]
        fields = [_csv_fields(column) for column in run_columns(reader, part).values()]
        lines = map(",".join, zip(*fields, strict=True))
        yield "".join(f"{line}\n" for line in lines).encode(), part.shape[1]


def _csv_fields(column: Column) -> list[str]:
    """The fields of a column. Of all texts, only the name of a data set can need quotes."""
    if not isinstance(column, Texts):
        return list(map(repr, column.tolist()))
    return Texts(list(map(_csv_text, column.different)), column.positions).to_list()


def _csv_text(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if {*text} & {*',"\r\n'} else text


def _json_lines(reader: IndexReader) -> Parts:
    for lines, runs in _cells_as_lines(reader):
        yield "".join(f"{line}\n" for line in lines).encode(), runs


def _json(reader: IndexReader) -> Parts:
    """A list with a cell on each line."""
    start = "[\n"
    for lines, runs in _cells_as_lines(reader):
        yield (start + ",\n".join(lines)).encode(), runs
        start = ",\n"
    yield b"\n]\n", 0


def _cells_as_lines(reader: IndexReader) -> Iterator[tuple[list[str], int]]:
    """The cells in the order of their first records, and how many runs they have."""
    rows, first = np.unique(record_places(reader)[0], return_index=True)
    ids = reader.cells[rows[np.argsort(first)]]
    for begin in range(0, len(ids), _CELLS_AT_ONCE):
        cells = list(cell_objects(reader, ids[begin : begin + _CELLS_AT_ONCE]))
        runs = sum(len(listed) for cell in cells for listed in cell["runs"].values())
        yield [json.dumps(cell, allow_nan=False) for cell in cells], runs


_WRITERS: dict[str, Callable[[IndexReader], Parts]] = {
    ".csv": _csv,
    ".json": _json,
    ".jsonl": _json_lines,
}
SUFFIXES = (".tfrecord", ".tfrecord.gz", ".parquet", *_WRITERS)
_SUFFIXES_IN_WORDS = alternatives(SUFFIXES).replace("'", "")
