"""An index back to a TFRecord of the official format."""

from __future__ import annotations

import os
import secrets

from . import _core
from .compiler import Progress
from .index import Index, open

_RECORDS_AT_ONCE = 50_000  # some 20 MB


def export(
    index: Index | str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> None:
    """Write the records of an index in their input's order, each as the official writer does.

    Of an index compiled from one file by the official format's rules, this is that file, byte for
    byte. The output is replaced only when the new one is complete and on disk.

    Args:
        index: an open index, or its path.
        output: the TFRecord file.
        threads: to format with; None for all processors.
        progress: called with the records done and the records in all.

    Example:
        >>> nb101fast.export("nasbench_full.nb101", "again.tfrecord")
    """
    opened = index if isinstance(index, Index) else open(index)
    target = os.fspath(output)
    if os.path.exists(target) and os.path.samefile(target, opened.path):
        raise ValueError(f"output {target!r} is the index itself")
    temporary = f"{target}.{secrets.token_hex(4)}.tmp"
    try:
        _write(opened, temporary, threads or os.cpu_count() or 1, progress)
        os.replace(temporary, target)
    except BaseException:
        if os.path.exists(temporary):
            os.remove(temporary)
        raise


def _write(index: Index, path: str, threads: int, progress: Progress | None) -> None:
    writer = _core.RecordWriter(index._file)
    done = 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
        while frames := writer.next(_RECORDS_AT_ONCE, threads):
            file.write(frames)
            done = min(done + _RECORDS_AT_ONCE, index.num_runs)
            if progress:
                progress(done, index.num_runs)
        file.flush()
        os.fsync(file.fileno())
