"""The sample of a file, which tells most changes of it."""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path

import pytest

from nb101fast.file_sample import BLOCK_BYTES, NUM_BLOCKS, block_offsets, sample_sha256

SAMPLE_BYTES = NUM_BLOCKS * BLOCK_BYTES


@pytest.mark.parametrize("num_bytes", [0, 1, BLOCK_BYTES, SAMPLE_BYTES - 1, SAMPLE_BYTES])
def test_a_small_file_is_read_as_a_whole(tmp_path: Path, num_bytes: int) -> None:
    contents = bytes(number % 251 for number in range(num_bytes))
    (tmp_path / "file").write_bytes(contents)
    assert sample_sha256(tmp_path / "file") == hashlib.sha256(contents).hexdigest()


@pytest.mark.parametrize("num_bytes", [SAMPLE_BYTES + 1, 10 * SAMPLE_BYTES + 12_345])
def test_the_blocks_of_a_large_file(num_bytes: int) -> None:
    offsets = list(block_offsets(num_bytes))
    assert (offsets[0], offsets[-1]) == (0, num_bytes - BLOCK_BYTES)
    distances = {after - before for before, after in itertools.pairwise(offsets)}
    assert len(offsets) == NUM_BLOCKS
    assert min(distances) >= BLOCK_BYTES
    assert max(distances) - min(distances) <= 1


def test_a_change_is_seen_where_a_block_lies_and_only_there(tmp_path: Path) -> None:
    path, num_bytes = tmp_path / "file", 2 * SAMPLE_BYTES
    path.write_bytes(bytes(num_bytes))
    before = sample_sha256(path)
    for offset in block_offsets(num_bytes):
        for place, is_covered in ((0, True), (BLOCK_BYTES - 1, True), (BLOCK_BYTES, False)):
            if offset + place < num_bytes:
                with path.open("r+b") as file:
                    file.seek(offset + place)
                    file.write(b"x")
                    file.flush()
                    assert (sample_sha256(path) != before) == is_covered
                    file.seek(offset + place)
                    file.write(b"\0")
    assert sample_sha256(path) == before
