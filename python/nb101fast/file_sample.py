"""A sample of a file: some of its blocks, by which most changes are told without reading it all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable

from .regular_file import open_regular

BLOCK_BYTES = 4 << 10
NUM_BLOCKS = 64  # Even a disk that must seek for each of them reads them in a second.


def sample_sha256(path: str | os.PathLike[str]) -> str:
    """The SHA-256 of 64 blocks of a file, the first and the last among them, as hexadecimal digits.

    The blocks have 4 KiB and lie at equal distances. A file that is not larger than they are is
    read as a whole.

    Raises:
        OSError: the file can't be read.

    Example:
        >>> before = sample_sha256("nasbench_full.tfrecord")
    """
    digest = hashlib.sha256()
    with open(path, "rb", opener=open_regular) as file:
        for offset in block_offsets(os.fstat(file.fileno()).st_size):
            file.seek(offset)
            digest.update(file.read(BLOCK_BYTES))
    return digest.hexdigest()


def block_offsets(num_bytes: int) -> Iterable[int]:
    """Where the blocks of a file of this size begin."""
    if num_bytes <= NUM_BLOCKS * BLOCK_BYTES:
        return range(0, num_bytes, BLOCK_BYTES)
    last = num_bytes - BLOCK_BYTES
    return (last * number // (NUM_BLOCKS - 1) for number in range(NUM_BLOCKS))
