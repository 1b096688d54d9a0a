"""Official TFRecord files to an index."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from . import _core
from .index import checked_name

CHUNK_BYTES = 16 << 20  # some 40,000 records: enough for the threads, little to hold
RECORD_BYTES = 411  # of an average official record, to guess how much memory to reserve

Progress = Callable[[int, int], None]  # bytes done, bytes in all


@dataclass(frozen=True)
class Source:
    """One input file."""

    name: str
    num_bytes: int
    sha256: str
    records: int
    modified_ns: int  # as before reading: by it and the size, a compiled copy is current


@dataclass(frozen=True)
class Findings:
    """What a compilation found worth telling, though it was kept: how many, and the first."""

    other_parameters: tuple[int, str]
    odd_accuracies: tuple[int, str]
    odd_times: tuple[int, str]
    unknown_fields: tuple[int, str]


@dataclass(frozen=True)
class CompileReport:
    """What `compile` read and wrote."""

    output: str
    num_bytes: int
    records: int
    cells: int
    runs: int
    missing_runs: int
    denominator: int | None
    official_order: bool
    wide_columns: tuple[str, ...]
    findings: Findings
    sources: tuple[Source, ...]
    seconds: float


def compile(
    inputs: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    *,
    denominator: int | None = None,
    synthetic: bool = False,
    threads: int | None = None,
    progress: Progress | None = None,
) -> CompileReport:
    """Compile official TFRecord files into an index file, written atomically.

    Args:
        inputs: a file, or several; the r-th record of a cell and budget becomes its repeat r.
        output: the index file; replaced only when the new one is complete and on disk.
        denominator: of the accuracies (9984 in the official files); None finds it.
        synthetic: mark the values as made up, as of `synthetic.write_tfrecord`.
        threads: to parse with; None for all processors.
        progress: called with the bytes done and the bytes in all.

    Raises:
        FormatError: a damaged record: which file, which record, which byte. Nothing is written.

    Example:
        >>> nb101fast.compile("nasbench_full.tfrecord", "nasbench_full.nb101").cells
        423624
    """
    began = time.monotonic()
    if denominator is not None and not 1 <= denominator <= _core.MAX_DENOMINATOR:
        raise ValueError(f"denominator={denominator}; 1 to {_core.MAX_DENOMINATOR} are allowed")
    if threads is not None and threads < 1:
        raise ValueError(f"threads={threads}; 1 or more are allowed")
    paths = _paths(inputs)
    target = checked_name(output)
    _check_output(paths, target)
    table = _core.RunTable()
    sizes = [os.path.getsize(path) for path in paths]
    table.reserve(sum(sizes) // RECORD_BYTES)
    meter = _Meter(sum(sizes), progress)
    sources = tuple(_read(table, path, threads or os.cpu_count() or 1, meter) for path in paths)
    marks = {"synthetic": True} if synthetic else {}
    provenance = make_provenance([asdict(source) for source in sources], **marks)
    summary = table.write_index(target, json.dumps(provenance), denominator or 0)
    return CompileReport(
        output=target,
        records=sum(source.records for source in sources),
        findings=Findings(**table.findings),
        sources=sources,
        seconds=time.monotonic() - began,
        denominator=summary.pop("denominator") or None,
        **summary,
    )


def make_provenance(sources: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """What an index says of its origin. `$SOURCE_DATE_EPOCH` fixes the time."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH", "")
    if fixed and not fixed.isdecimal():
        raise ValueError(f"$SOURCE_DATE_EPOCH is {fixed!r}; seconds since 1970 are allowed")
    seconds = float(fixed or time.time())
    created = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return {
        "tool": "nb101fast",
        "version": _core.__version__,
        "created": created.isoformat(timespec="seconds"),
        "sources": sources,
        **more,
    }


def _paths(inputs: Any) -> list[str]:
    if isinstance(inputs, (str, os.PathLike)):
        inputs = [inputs]
    paths = [checked_name(path) for path in inputs]
    if not paths:
        raise ValueError("inputs are empty; one file or more are allowed")
    return paths


def _check_output(paths: list[str], target: str) -> None:
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            if os.path.samefile(path, target):
                raise ValueError(f"output {target!r} is the input {path!r}")
    if os.path.exists(target) and not (os.path.isfile(target) or os.path.isdir(target)):
        raise ValueError(f"output {target!r} is not a regular file")
    folder = os.path.dirname(os.path.abspath(target))
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"output {target!r}: there is no folder {folder!r}")


class _Meter:
    """Adds up the bytes of all inputs for the caller's progress function."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._total, self._progress, self._done = total, progress, 0

    def advance(self, count: int) -> None:
        self._done += count
        if self._progress:
            self._progress(self._done, self._total)


def _read(table: _core.RunTable, path: str, threads: int, meter: _Meter) -> Source:
    reader = _core.RecordReader(table, path, threads)
    digest = hashlib.sha256()
    num_bytes = 0
    modified_ns = os.stat(path).st_mtime_ns
    # One helper thread reads ahead and one digests: both release the GIL, as the parser does.
    with ThreadPoolExecutor(2) as helpers:
        hashed: Future[None] | None = None
        for chunk in _chunks(path, helpers):
            if hashed:
                hashed.result()
            hashed = helpers.submit(digest.update, chunk)
            reader.feed(chunk)
            num_bytes += len(chunk)
            meter.advance(len(chunk))
        if hashed:
            hashed.result()
    reader.finish()
    if not num_bytes:
        raise _core.FormatError(f"{path}: byte 0: an empty file: it has no record")
    name = os.path.basename(path)
    return Source(name, num_bytes, digest.hexdigest(), reader.num_records, modified_ns)


def _chunks(path: str, helpers: ThreadPoolExecutor) -> Iterator[bytes]:
    with open(path, "rb", buffering=0) as file:
        chunk = file.read(CHUNK_BYTES)
        while chunk:
            following = helpers.submit(file.read, CHUNK_BYTES)
            yield chunk
            chunk = following.result()
