"""The results of a sweep on disk. They are split into shards, and one driver writes each shard.

A shard is a TFRecord file of the official format that only grows. A crash may leave a torn record
at its end. This is a part of a record, or a record in which some bytes are zeros because they never
reached the disk. Readers leave a torn record out, and the next driver cuts it off.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nb101fast import _core

from .append_only_file import AppendOnlyFile
from .shard_runs import count_records

MAX_SHARDS = 100_000  # The names of their files have five digits.
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
