"""What `compile` reads: TFRecord, plain or gzip, index, Parquet, JSON, CSV; tables in memory."""

from __future__ import annotations

import hashlib
import io
import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from . import _core
from ._core import FormatError
from .file_names import shown_name
from .file_sample import sample_sha256
from .formats import Format, format_of
from .gzip_stream import GzipStream
from .own_column import OwnColumn
from .progress import Phases
from .provenance import Marks
from .reader import IndexReader
from .regular_file import open_regular

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

CHUNK_BYTES = 8 << 20  # About 20,000 records keep all threads busy and take little memory.
# This is just below the average size, so the reserved memory suffices for official files.
RECORD_BYTES = 405

_TABLE_PROTOCOLS = ("__arrow_c_stream__", "__arrow_c_array__", "__dataframe__")


@dataclass(frozen=True)
class Source:
    """One input, as the provenance of an index names it.

    Attributes:
        name: the file's name without its folder, or the kind of a table that has no file.
        num_bytes, sha256: the size and the SHA-256 of the file, or of a table's contents.
        records: how many runs it holds.
        modified_ns: the time of the last change before the file was read; None for a table.
        sample_sha256: that of some blocks before the file was read. If these, the time and the size
            are still the same, a compiled copy counts as up to date. None for a table.
        format: the format in which it was read.
        url: where it was downloaded from; None for a local file.
        marks: what the file says of its values.
        within: if it was written from an index, the sources that this index names.
        own_columns: the own columns that it has, by name.
    """

    name: str
    num_bytes: int
    sha256: str
    records: int
    modified_ns: int | None = None
    sample_sha256: str | None = None
    format: Format | Literal["table"] = "tfrecord"
    url: str | None = None
    marks: Marks = field(default=Marks(), repr=False)
    within: Sequence[Mapping[str, Any]] = field(default=(), repr=False)
    own_columns: Mapping[str, OwnColumn] = field(default_factory=dict, repr=False)

    @property
    def synthetic(self) -> bool:
        """Whether the file says that its values were made up."""
        return self.marks.synthetic

    def facts(self) -> list[dict[str, Any]]:
        """What the provenance keeps: a list of this source and of the sources within it."""
        kept = {**vars(self), "synthetic": self.synthetic}
        for name in ("marks", "within", "own_columns"):
            del kept[name]
        own = {name: value for name, value in kept.items() if value is not None}
        return [own, *({"within": self.name, **source} for source in self.within)]


class Meter:
    """Counts the bytes that are read from all inputs, and tells how many there are."""

    def __init__(self, total: int, phases: Phases) -> None:
        self._total, self._phases, self._done = total, phases, 0

    def advance(self, count: int) -> None:
        """Count so many more bytes as done."""
        self._done += count
        self._phases(self._done, self._total)


def estimated_records(path: str) -> int:
    """About how many records a file holds, to reserve memory."""
    if format_of(path) == "index":
        return IndexReader(path).num_runs
    return os.path.getsize(path) // RECORD_BYTES


def read_input(table: _core.RunTable, path: str, threads: int, meter: Meter) -> Source:
    """Append the runs of a file to a table.

    Raises:
        FormatError: the file is damaged; the message says which record and which byte.
    """
    state = os.stat(path).st_mtime_ns, sample_sha256(path)
    name = shown_name(os.path.basename(path))
    # The TFRecord reader gives the best error for unknown bytes.
    kind = format_of(path) or "tfrecord"
    if kind in ("tfrecord", "tfrecord.gz"):
        records, size, sha256 = _read_records(table, path, threads, meter, kind == "tfrecord.gz")
        return Source(name, size, sha256, records, *state, kind)
    before = len(table)
    marks, provenance, own_columns = _read_runs(table, path, kind)
    size, sha256 = _digest(path, meter)
    records = len(table) - before
    within = provenance.get("sources", [])
    return Source(
        *(name, size, sha256, records, *state, kind),
        marks=marks,
        within=within,
        own_columns=own_columns,
    )


def _read_runs(
    table: _core.RunTable, path: str, kind: Format
) -> tuple[Marks, Mapping[str, Any], Mapping[str, OwnColumn]]:
    """Append the runs of a file.

    Returns:
        Its marks; and the provenance and the own columns, if it was an index once.
    """
    if kind == "index":
        reader = IndexReader(path, verify="sections")
        table.append_index(reader.file)
        own = {name: reader.own_column(name) for name in reader.own_columns}
        return Marks.of(reader.provenance), reader.provenance, own
    if kind == "parquet":
        from .parquet_runs import read_parquet  # It needs pyarrow.

        runs = read_parquet(table, path)
        return runs.marks, runs.provenance, runs.own_columns
    if kind == "csv":
        from .csv_runs import read_csv

        return read_csv(table, path), {}, {}
    from .json_runs import read_json

    return read_json(table, path), {}, {}


def is_table(value: object) -> bool:
    """Whether a value is a table of a library: pandas, polars, Arrow or another with Arrow data."""
    return any(hasattr(value, name) for name in _TABLE_PROTOCOLS)


def read_table(table: _core.RunTable, frame: Any) -> Source:
    """Append the runs of a table in memory to a table of the core.

    Args:
        frame: a pandas.DataFrame, polars.DataFrame, pyarrow.Table or another table of Arrow data.

    Raises:
        FormatError: columns are missing or unknown, or a value is wrong.
        ImportError: pyarrow is not installed.
        ValueError: Arrow has no types for the values.
    """
    from .arrow_runs import ArrowRuns, as_arrow, name_of  # It needs pyarrow.
    from .tables import ROWS_AT_ONCE

    before, name = len(table), name_of(frame)
    arrow_table = as_arrow(frame)
    runs = ArrowRuns(name, arrow_table.schema)
    digest = runs.append_to(table, arrow_table.to_batches(max_chunksize=ROWS_AT_ONCE))
    return Source(
        name,
        arrow_table.get_total_buffer_size(),  # nbytes of an old Arrow fails for polars.
        digest.hexdigest(),
        len(table) - before,
        format="table",
        marks=runs.marks,
        within=runs.provenance.get("sources", []),
        own_columns=runs.own_columns,
    )


def _digest(path: str, meter: Meter) -> tuple[int, str]:
    digest = hashlib.sha256()
    size = 0
    with open(path, "rb", buffering=0, opener=open_regular) as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
            meter.advance(len(chunk))
    return size, digest.hexdigest()


def _read_records(
    table: _core.RunTable, path: str, threads: int, meter: Meter, is_gzip: bool
) -> tuple[int, int, str]:
    """How many records and bytes a TFRecord has, and the SHA-256 of its bytes."""
    from concurrent.futures import ThreadPoolExecutor  # It would slow down every import.

    reader = _core.RecordReader(table, os.fsencode(path), threads)
    digest = hashlib.sha256()
    gzip = GzipStream(path) if is_gzip else None
    size = 0
    # One thread reads ahead and one digests. Both release the GIL, and so does the parser. They end
    # before the file is closed.
    with (
        open(path, "rb", buffering=0, opener=open_regular) as file,
        ThreadPoolExecutor(2) as helpers,
    ):
        hashed: Future[None] | None = None
        for chunk in _chunks(file, helpers):
            if hashed:
                hashed.result()
            hashed = helpers.submit(digest.update, chunk)
            for piece in gzip.unpack(chunk) if gzip else (chunk,):
                reader.feed(piece)
            size += len(chunk)
            meter.advance(len(chunk))
        if hashed:
            hashed.result()
    if gzip:
        gzip.finish()
    reader.finish()
    if not reader.num_records:
        raise FormatError(f"{path}: byte 0: the file is empty; give at least one record")
    return reader.num_records, size, digest.hexdigest()


def _chunks(file: io.FileIO, helpers: ThreadPoolExecutor) -> Iterator[memoryview]:
    """The pieces of a file. A piece is valid until two more are read."""
    buffers = itertools.cycle(np.empty(CHUNK_BYTES, np.uint8).data for _ in range(3))

    def read() -> memoryview:
        buffer = next(buffers)
        return buffer[: file.readinto(buffer)]

    chunk = read()
    while chunk:
        following = helpers.submit(read)
        yield chunk
        chunk = following.result()
