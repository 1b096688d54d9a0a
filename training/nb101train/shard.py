"""A sweep's results on disk: shards of whole records, each written by one driver alone.

A shard is a TFRecord of the official format that only grows. What a crash may leave at its end, a
part of a record or the zeros of a page that never reached the disk, is no record: readers leave it
out, and the next driver cuts it off.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO

from nb101fast import FormatError
from nb101fast._core import crc32c

from .file_lock import try_lock

if TYPE_CHECKING:
    from typing_extensions import Self

MAX_SHARDS = 100_000  # their names have five digits
_HEAD_BYTES, _TAIL_BYTES = 12, 4  # of a TFRecord's frame: length and checksum; checksum
_MAX_PAYLOAD = 1 << 20  # as nb101fast reads them
_READ_BYTES = 1 << 20
_OPEN_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)  # the last: on Windows
_FILE_NAME = re.compile(r"shard-(\d{5})-of-(\d{5})\.tfrecord")


@dataclass(frozen=True)
class Shard:
    """Which part of a sweep: number `index` of `count`, from 0.

    Example:
        >>> Shard.parse("3/8").results_in("out")
        PosixPath('out/shard-00003-of-00008.tfrecord')
    """

    index: int = 0
    count: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.count <= MAX_SHARDS:
            raise ValueError(f"{self.count} shards; 1 to {MAX_SHARDS} are allowed")
        if not 0 <= self.index < self.count:
            raise ValueError(
                f"shard {self}; 0/{self.count} to {self.count - 1}/{self.count} are allowed"
            )

    @classmethod
    def parse(cls, text: str) -> Shard:
        """The shard of a text INDEX/COUNT, or ValueError."""
        index, slash, count = text.partition("/")
        if not slash or not _is_number(index) or not _is_number(count):
            raise ValueError(f"shard {text!r}; INDEX/COUNT is allowed, as 0/8 to 7/8")
        return cls(int(index), int(count))

    def results_in(self, folder: str | os.PathLike[str]) -> Path:
        """The file of its results."""
        return Path(folder, f"shard-{self.suffix}.tfrecord")

    def failures_in(self, folder: str | os.PathLike[str]) -> Path:
        """The file of its failures."""
        return Path(folder, f"failures-{self.suffix}.jsonl")

    def status_in(self, folder: str | os.PathLike[str]) -> Path:
        """The file of its driver's status."""
        return Path(folder, f"status-{self.suffix}.json")

    def log_in(self, folder: str | os.PathLike[str]) -> Path:
        """How the names of its workers' logs begin."""
        return Path(folder, f"log-{self.suffix}")

    @property
    def suffix(self) -> str:
        """`00003-of-00008`, in the names of its files."""
        return f"{self.index:05}-of-{self.count:05}"

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def shards_in(folder: str | os.PathLike[str]) -> list[Shard]:
    """The shards that have a file of results in a folder, in the order of their names."""
    names = (_FILE_NAME.fullmatch(path.name) for path in sorted(Path(folder).glob("shard-*")))
    return [Shard(int(name[1]), int(name[2])) for name in names if name]


def read_records(path: str | os.PathLike[str], start: int = 0) -> Iterator[tuple[int, bytes]]:
    """Where each record begins, and its payload; a torn one at the end is left out.

    Args:
        path: a shard.
        start: the byte at which a record begins.

    Raises:
        FormatError: a damaged record with other bytes after it: which file, which byte.
    """
    with open(path, "rb", buffering=_READ_BYTES) as file:
        yield from _records(file, os.fspath(path), start)


def frame(payload: bytes) -> bytes:
    """A payload as it stands in a TFRecord: after its length and before its checksum."""
    length = struct.pack("<Q", len(payload))
    return length + _checksum(length) + payload + _checksum(payload)


def end_of(start: int, payload: bytes) -> int:
    """Where a record ends that begins at `start`."""
    return start + _HEAD_BYTES + len(payload) + _TAIL_BYTES


def _records(file: BinaryIO, name: str, start: int) -> Iterator[tuple[int, bytes]]:
    file.seek(start)
    while head := file.read(_HEAD_BYTES):
        size = _sound_size(head)
        body = b"" if size is None else file.read(size + _TAIL_BYTES)
        payload, checksum = body[:size], body[-_TAIL_BYTES:]
        if size is not None and len(body) == size + _TAIL_BYTES and _checksum(payload) == checksum:
            yield start, payload
            start = end_of(start, payload)
        elif any(any(rest) for rest in iter(lambda: file.read(_READ_BYTES), b"")):
            raise FormatError(f"{name}: byte {start}: a damaged record, and others after it")
        else:
            return


def _sound_size(head: bytes) -> int | None:
    """The length of a payload as its frame's head says, or None where that is damaged."""
    if len(head) < _HEAD_BYTES or _checksum(head[:8]) != head[8:]:
        return None
    size = int(struct.unpack("<Q", head[:8])[0])
    return size if size <= _MAX_PAYLOAD else None


def _checksum(data: bytes) -> bytes:
    """CRC-32C, masked as TFRecord does."""
    crc = crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


class AppendOnlyFile:
    """A file that one process extends, by whole pieces that are on disk when `append` returns.

    Args:
        path: the file, made where there is none.

    Raises:
        BlockingIOError: another process has it open so.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        self._descriptor = os.open(path, _OPEN_FLAGS, 0o644)
        if not try_lock(self._descriptor):
            os.close(self._descriptor)
            raise BlockingIOError(f"{self.path}: another driver is writing it")
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
        """Add to the end; all of it or, where that fails, nothing.

        Raises:
            OSError: the disk is full, say.
        """
        view = memoryview(data)
        try:
            os.lseek(self._descriptor, self.size, os.SEEK_SET)
            while view:
                view = view[os.write(self._descriptor, view) :]
            os.fsync(self._descriptor)
        except BaseException as error:  # an interruption too
            os.ftruncate(self._descriptor, self.size)
            if isinstance(error, OSError):
                raise type(error)(error.errno, f"{self.path}: {error.strerror}") from None
            raise
        self.size += len(data)

    def cut(self, size: int) -> int:
        """Keep the first `size` bytes; returns how many were cut off."""
        cut_off = self.size - size
        if cut_off:
            os.ftruncate(self._descriptor, size)
            os.fsync(self._descriptor)
            self.size = size
        return cut_off

    def close(self) -> None:
        """Close it, which ends its lock."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class ShardWriter(AppendOnlyFile):
    """The shard of one driver.

    Attributes:
        num_records: in it.
        torn_bytes: how many were cut off its end when it was opened.

    Raises:
        BlockingIOError: another driver has it.
        FormatError: a damaged record elsewhere than at the end.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(path)
        try:
            end = self.num_records = 0
            for start, payload in read_records(path):
                end = end_of(start, payload)
                self.num_records += 1
            self.torn_bytes = self.cut(end)
        except BaseException:
            self.close()
            raise

    def append_records(self, payloads: Sequence[bytes]) -> None:
        """Add records, with one wait for the disk."""
        self.append(b"".join(map(frame, payloads)))
        self.num_records += len(payloads)


def sync_folder(folder: str) -> None:
    """Have the names of a folder's files on disk."""
    if os.name == "nt":
        return  # it has no descriptor of a folder
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
