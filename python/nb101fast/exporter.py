"""An index back to a TFRecord of the official format."""

from __future__ import annotations

import os

from . import _core
from .index import Index, checked_name, open
from .inputs import Progress

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
    target = checked_name(output)
    if os.path.exists(target) and os.path.samefile(target, opened.path):
        raise ValueError(f"output {target!r} is the index itself")
    writer = _core.RecordWriter(opened._file)
    file = _core.AtomicFile(target)
    done = 0
    while frames := writer.next(_RECORDS_AT_ONCE, threads or os.cpu_count() or 1):
        file.write(frames)
        done = min(done + _RECORDS_AT_ONCE, opened.num_runs)
        if progress:
            progress(done, opened.num_runs)
    file.commit()
