"""The results of a sweep on disk. They are split into shards, and one driver writes each shard.

A shard is a TFRecord file of the official format that only grows. A crash may leave a torn record
at its end. This is a part of a record, or a record in which some bytes are zeros because they never
reached the disk. Readers leave a torn record out, and the next driver cuts it off.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nb101fast import _core
from nb101fast.file_lock import try_lock
from nb101fast.regular_file import open_own, open_regular

if TYPE_CHECKING:
    from typing_extensions import Self

MAX_SHARDS = 100_000  # The names of their files have five digits.
_CHUNK_BYTES = 8 << 20  # About 10,000 records keep the threads busy and take little memory.
# On Windows a file is binary only if it is opened as such.
_OPEN_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
_FILE_NAME = re.compile(r"shard-(\d{5})-of-(\d{5})\.tfrecord")


@dataclass(frozen=True)
class Shard:
    """One part of a sweep: number `index` of `count`, counted from 0.

    Example:
        >>> Shard.parse("3/8").results_in("out")
        PosixPath('out/shard-00003-of-00008.tfrecord')
    """

    index: int = 0
    count: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.count <= MAX_SHARDS:
            raise ValueError(f"{self.count} shards are not allowed; use 1 to {MAX_SHARDS}")
        if not 0 <= self.index < self.count:
            raise ValueError(
                f"shard {self} is not allowed; use 0/{self.count} to {self.count - 1}/{self.count}"
            )

    @classmethod
    def parse(cls, text: str) -> Shard:
        """The shard of a text INDEX/COUNT, such as 3/8. Another text is a ValueError."""
        index, slash, count = text.partition("/")
        if not slash or not _is_number(index) or not _is_number(count):
            raise ValueError(f"shard {text!r} is not allowed; use INDEX/COUNT, such as 0/8 to 7/8")
        return cls(int(index), int(count))

    def cells_of(self, codes: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
        """The cells of this part of a sweep: those whose position modulo `count` is `index`."""
        return codes[self.index :: self.count]

    def results_in(self, folder: str | os.PathLike[str]) -> Path:
        """The path of the file with the shard's results."""
        return Path(folder, f"shard-{self.suffix}.tfrecord")

    def failures_in(self, folder: str | os.PathLike[str]) -> Path:
        """The path of the file with the shard's failures."""
        return Path(folder, f"failures-{self.suffix}.jsonl")

    def status_in(self, folder: str | os.PathLike[str]) -> Path:
        """The path of the file with the status of the shard's driver."""
        return Path(folder, f"status-{self.suffix}.json")

    def log_in(self, folder: str | os.PathLike[str]) -> Path:
        """The path with which the names of the workers' logs begin."""
        return Path(folder, f"log-{self.suffix}")

    @property
    def suffix(self) -> str:
        """The part of its files' names that names the shard, such as `00003-of-00008`."""
        return f"{self.index:05}-of-{self.count:05}"

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def shards_in(folder: str | os.PathLike[str]) -> list[Shard]:
    """The shards whose files of results are in a folder, in the order of the files' names."""
    names = (_FILE_NAME.fullmatch(path.name) for path in sorted(Path(folder).glob("shard-*")))
    return [Shard(int(name[1]), int(name[2])) for name in names if name]


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


class AppendOnlyFile:
    """A file that one process extends piece by piece; a piece is on disk when `append` returns.

    Args:
        path: the file. It is made if it does not exist.

    Raises:
        BlockingIOError: another process has opened the file in this way.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        self._descriptor = open_own(path, _OPEN_FLAGS)
        if not try_lock(self._descriptor):
            os.close(self._descriptor)
            raise BlockingIOError(
                f"{self.path}: another driver writes this file; wait for it to end"
            )
        self.size = os.fstat(self._descriptor).st_size
        sync_folder(os.path.dirname(os.path.abspath(path)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def append(self, data: bytes) -> None:
        """Add a piece to the end. If that fails, nothing of the piece is left in the file.

        Raises:
            OSError: the piece can't be written, for example because the disk is full.
        """
        view = memoryview(data)
        try:
            os.lseek(self._descriptor, self.size, os.SEEK_SET)
            while view:
                view = view[os.write(self._descriptor, view) :]
            os.fsync(self._descriptor)
        except BaseException as error:  # KeyboardInterrupt is included.
            os.ftruncate(self._descriptor, self.size)
            if isinstance(error, OSError):
                raise type(error)(error.errno, f"{self.path}: {error.strerror}") from None
            raise
        self.size += len(data)

    def cut(self, size: int) -> int:
        """Cut the file down to `size` bytes; return how many bytes were cut off."""
        cut_off = self.size - size
        if cut_off:
            os.ftruncate(self._descriptor, size)
            os.fsync(self._descriptor)
            self.size = size
        return cut_off

    def close(self) -> None:
        """Close the file, which also frees its lock."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class ShardWriter(AppendOnlyFile):
    """The shard of one driver.

    Attributes:
        num_records: how many records the shard has.
        torn_bytes: how many bytes of a torn record were cut off the end when it was opened.

    Raises:
        BlockingIOError: another driver writes the shard.
        FormatError: a record is damaged and others follow it.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(path)
        try:
            self.num_records, end = count_records(path)
            self.torn_bytes = self.cut(end)
        except BaseException:
            self.close()
            raise

    def append_records(self, payloads: Sequence[bytes]) -> None:
        """Add records, and wait once until all of them are on disk."""
        self.append(b"".join(map(_core.frame, payloads)))
        self.num_records += len(payloads)


def sync_folder(folder: str) -> None:
    """Wait until the names of a folder's files are on disk."""
    if os.name == "nt":
        return  # Windows can't open a folder.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
