"""The runs of a shard, read from its file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nb101fast import _core
from nb101fast.regular_file import open_regular

_CHUNK_BYTES = 8 << 20  # About 10,000 records keep the threads busy and take little memory.


@dataclass(frozen=True)
class ShardRuns:
    """Which runs a shard holds: one element for each record, in the order of the file.

    Attributes:
        offsets: uint64, the byte at which the record begins.
        codes: uint32, the pruned cell in the vertex order in which it was trained.
        epochs, repeats: uint32 and uint64, the budget and which of its repeats the run is.
        seeds, attempts: uint64, the seed of the attempt that succeeded, and how many were begun.
    """

    offsets: npt.NDArray[np.uint64]
    codes: npt.NDArray[np.uint32]
    epochs: npt.NDArray[np.uint32]
    repeats: npt.NDArray[np.uint64]
    seeds: npt.NDArray[np.uint64]
    attempts: npt.NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.codes)


def read_runs(path: str | os.PathLike[str]) -> ShardRuns:
    """Which runs a shard holds; the core reads about 500,000 a second with one thread.

    Raises:
        FormatError: a record is damaged and others follow it, or a record is not that of a training
            run. The error names the file, the byte and the record.

    Example:
        >>> runs = read_runs("training/nb101_digits/shard-00000-of-00001.tfrecord")
        >>> int(runs.codes[0]), int(runs.epochs[0]), int(runs.repeats[0])
        (20987971, 4, 0)
    """
    reader = _core.ShardReader(_name(path), os.cpu_count() or 1)
    for chunk in _chunks(path):
        reader.feed(chunk)
    return ShardRuns(**reader.runs())


def read_records(path: str | os.PathLike[str]) -> Iterator[tuple[int, bytes]]:
    """The byte at which each record of a shard begins, and the record without its frame.

    Raises:
        FormatError: a record is damaged and others follow it. The error names the file, the byte
            and the record.
    """
    stream = _core.FrameStream(_name(path))
    for chunk in _chunks(path):
        yield from stream.payloads(chunk)


def count_records(
    path: str | os.PathLike[str], counted: int = 0, offset: int = 0
) -> tuple[int, int]:
    """How many whole records a shard has, and the byte at which the last of them ends.

    Args:
        path: a shard.
        counted: how many records are counted already. They are not read again.
        offset: the byte at which the last of those ends.

    Raises:
        FormatError: as `read_records` raises it.
    """
    stream = _core.FrameStream(_name(path), offset, counted)
    for chunk in _chunks(path, offset):
        stream.count(chunk)
    return stream.num_records, stream.end


def _chunks(path: str | os.PathLike[str], offset: int = 0) -> Iterator[bytes]:
    with open(path, "rb", buffering=0, opener=open_regular) as file:
        file.seek(offset)
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _name(path: str | os.PathLike[str]) -> str:
    """The path as errors of the core show it, whatever bytes are in it."""
    return os.fsencode(path).decode("utf-8", "replace")
