"""The files that `compile` reads: TFRecord, plain or gzip, index, Parquet and JSON."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from . import _core
from ._core import FormatError
from .file_sample import sample_sha256
from .formats import Format, format_of
from .gzip_stream import GzipStream
from .locations import shown_name
from .progress import Phases
from .reader import IndexReader
from .regular_file import open_regular

CHUNK_BYTES = 8 << 20  # About 20,000 records keep all threads busy and take little memory.
RECORD_BYTES = (
    405  # This is just below the average size, so the reserved memory suffices for official files.
)


@dataclass(frozen=True)
class Source:
    """One input file, as the provenance of an index names it.

    Attributes:
        name: the file's name without its folder.
        num_bytes, sha256: the size and the SHA-256 of the file.
        records: how many runs it holds.
        modified_ns: the time of the last change before the file was read.
        sample_sha256: that of some blocks before the file was read. If these, the time and the size
            are still the same, a compiled copy counts as up to date.
        format: the format in which it was read.
        synthetic: whether the file says that its values were made up.
        url: where it was downloaded from; None for a local file.
    """

    name: str
    num_bytes: int
    sha256: str
    records: int
    modified_ns: int
    sample_sha256: str
    format: Format = "tfrecord"
    synthetic: bool = False
    url: str | None = None

    def facts(self) -> dict[str, Any]:
        """The attributes that the provenance keeps: those that are not None."""
        return {name: value for name, value in asdict(self).items() if value is not None}


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
    kind = (
        format_of(path) or "tfrecord"
    )  # The TFRecord reader gives the best error for unknown bytes.
    if kind in ("tfrecord", "tfrecord.gz"):
        records, size, sha256 = _read_records(table, path, threads, meter, kind == "tfrecord.gz")
        return Source(name, size, sha256, records, *state, kind)
    before = len(table)
    synthetic = False
    if kind == "index":
        reader = IndexReader(path, verify="sections")
        synthetic = reader.is_synthetic
        table.append_index(reader.file)
    elif kind == "parquet":
        from .parquet_runs import parquet_provenance, read_parquet  # It needs pyarrow.

        read_parquet(table, path)
        synthetic = bool(parquet_provenance(path).get("synthetic"))
    else:
        from .json_form import read_json

        read_json(table, path)
    size, sha256 = _digest(path, meter)
    records = len(table) - before
    return Source(name, size, sha256, records, *state, kind, synthetic)


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
    reader = _core.RecordReader(table, os.fsencode(path), threads)
    digest = hashlib.sha256()
    gzip = GzipStream(path) if is_gzip else None
    size = 0
    # One thread reads ahead and one digests. Both release the GIL, and so does the parser.
    with ThreadPoolExecutor(2) as helpers:
        hashed: Future[None] | None = None
        for chunk in _chunks(path, helpers):
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


def _chunks(path: str, helpers: ThreadPoolExecutor) -> Iterator[memoryview]:
    """The pieces of a file. A piece is valid until two more are read."""
    buffers = itertools.cycle(np.empty(CHUNK_BYTES, np.uint8).data for _ in range(3))
    with open(path, "rb", buffering=0, opener=open_regular) as file:

        def read() -> memoryview:
            buffer = next(buffers)
            return buffer[: file.readinto(buffer)]

        chunk = read()
        while chunk:
            following = helpers.submit(read)
            yield chunk
            chunk = following.result()
