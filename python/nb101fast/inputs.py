"""What `compile` reads, told by its first bytes: TFRecord, gzip of it, index, Parquet, JSON."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from . import _core
from .index import INDEX_MAGIC, FormatError, Index
from .index import open as open_index

CHUNK_BYTES = 8 << 20  # some 20,000 records: enough for the threads, little to hold
RECORD_BYTES = 411  # of an average official record, to guess how many a file holds
_LENGTH_BYTES = 8  # of a TFRecord frame; its masked checksum follows
_FRAME_START_BYTES = _LENGTH_BYTES + 4
_GZIP_MAGIC = b"\x1f\x8b"
_PARQUET_MAGIC = b"PAR1"
_GZIP_WINDOW = 31  # zlib's word for a gzip header and checksum

Progress = Callable[[int, int], None]  # done, and in all


@dataclass(frozen=True)
class Source:
    """One input file."""

    name: str
    num_bytes: int
    sha256: str
    records: int
    modified_ns: int  # as before reading: by it and the size, a compiled copy is current
    format: str = "tfrecord"
    synthetic: bool = False


class Meter:
    """Adds up the bytes of all inputs for the caller's progress function."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._total, self._progress, self._done = total, progress, 0

    def advance(self, count: int) -> None:
        """Tell that `count` more bytes are done."""
        self._done += count
        if self._progress:
            self._progress(self._done, self._total)


def format_of(path: str) -> str:
    """ "index", "parquet", "json", "tfrecord.gz" or, for all else, "tfrecord"."""
    with open(path, "rb") as file:
        start = file.read(_FRAME_START_BYTES)
    if is_frame_start(start):  # first: a length may look like anything
        return "tfrecord"
    if start.startswith(INDEX_MAGIC):
        return "index"
    if start.startswith(_PARQUET_MAGIC):
        return "parquet"
    if start.startswith(_GZIP_MAGIC):
        return "tfrecord.gz"
    return "json" if start.lstrip().startswith((b"{", b"[")) else "tfrecord"


def is_frame_start(start: bytes) -> bool:
    """Whether these are a record's length and its checksum, masked as TFRecord does."""
    crc = _core.crc32c(start[:_LENGTH_BYTES])
    masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
    checksum = start[_LENGTH_BYTES:_FRAME_START_BYTES]
    return checksum == masked.to_bytes(4, "little")


def estimated_records(path: str) -> int:
    """How many records a file may hold, to reserve memory."""
    if format_of(path) == "index":
        return open_index(path).num_runs
    return os.path.getsize(path) // RECORD_BYTES


def read_input(table: _core.RunTable, path: str, threads: int, meter: Meter) -> Source:
    """Append the runs of a file to a table.

    Raises:
        FormatError: damaged: which file, which record, which byte.
    """
    modified_ns = os.stat(path).st_mtime_ns
    kind = format_of(path)
    if kind.startswith("tfrecord"):
        records, size, sha256 = _read_records(table, path, threads, meter, kind.endswith("gz"))
        return Source(os.path.basename(path), size, sha256, records, modified_ns, kind)
    before = len(table)
    synthetic = False
    if kind == "index":
        index = open_index(path, verify="sections")
        synthetic = index.is_synthetic
        append_index(table, index)
    elif kind == "parquet":
        from .tables import parquet_provenance, read_parquet  # not everybody has pyarrow

        read_parquet(table, path)
        synthetic = bool(parquet_provenance(path).get("synthetic"))
    else:
        from .json_form import read_json

        read_json(table, path)
    size, sha256 = _digest(path, meter)
    records = len(table) - before
    return Source(os.path.basename(path), size, sha256, records, modified_ns, kind, synthetic)


def append_index(table: _core.RunTable, index: Index) -> None:
    """Append every run of an index, in the order of its records."""
    table.append_index(index._file)


def _digest(path: str, meter: Meter) -> tuple[int, str]:
    digest = hashlib.sha256()
    size = 0
    with open(path, "rb", buffering=0) as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
            meter.advance(len(chunk))
    return size, digest.hexdigest()


def _read_records(
    table: _core.RunTable, path: str, threads: int, meter: Meter, is_gzip: bool
) -> tuple[int, int, str]:
    """(records, bytes of the file, SHA-256 of them)."""
    reader = _core.RecordReader(table, path, threads)
    digest = hashlib.sha256()
    unpack = _Gunzip(path).unpack if is_gzip else _as_it_is
    size = 0
    # One helper thread reads ahead and one digests: both release the GIL, as the parser does.
    with ThreadPoolExecutor(2) as helpers:
        hashed: Future[None] | None = None
        for chunk in _chunks(path, helpers):
            if hashed:
                hashed.result()
            hashed = helpers.submit(digest.update, chunk)
            for piece in unpack(chunk):
                reader.feed(piece)
            size += len(chunk)
            meter.advance(len(chunk))
        for piece in unpack(b""):
            reader.feed(piece)
        if hashed:
            hashed.result()
    reader.finish()
    if not reader.num_records:
        raise FormatError(f"{path}: byte 0: an empty file: it has no record")
    return reader.num_records, size, digest.hexdigest()


def _chunks(path: str, helpers: ThreadPoolExecutor) -> Iterator[bytes]:
    with open(path, "rb", buffering=0) as file:
        chunk = file.read(CHUNK_BYTES)
        while chunk:
            following = helpers.submit(file.read, CHUNK_BYTES)
            yield chunk
            chunk = following.result()


def _as_it_is(chunk: bytes) -> Iterator[bytes]:
    if chunk:
        yield chunk


class _Gunzip:
    """Unpacks a gzip stream of any number of members, cut anywhere."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._member = zlib.decompressobj(_GZIP_WINDOW)
        self._started = False

    def unpack(self, chunk: bytes) -> Iterator[bytes]:
        """The bytes that a chunk holds; an empty chunk is the end of the file."""
        if not chunk and self._started and not self._member.eof:
            raise FormatError(f"{self._path}: its gzip stream is cut short")
        try:
            while chunk:
                if self._member.eof:
                    self._member = zlib.decompressobj(_GZIP_WINDOW)
                self._started = True
                yield self._member.decompress(chunk, CHUNK_BYTES)
                chunk = self._member.unconsumed_tail or self._member.unused_data
        except zlib.error as error:
            raise FormatError(f"{self._path}: its gzip stream is damaged: {error}") from None
