"""Compile a file of the official format. The floor only reads the file."""

from __future__ import annotations

from pathlib import Path

import pytest

import nb101fast
from nb101fast.inputs import CHUNK_BYTES

from .race import Race

NUM_CELLS = 20_000
REPEATS = 3


@pytest.fixture(scope="module")
def tfrecord(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a file with 60,000 records of made-up runs."""
    path = tmp_path_factory.mktemp("records") / "synthetic.tfrecord"
    cells = nb101fast.cell_codes()[-NUM_CELLS:]
    nb101fast.synthetic.write_tfrecord(path, codes=cells, epochs=(108,), repeats=REPEATS)
    return path


def read_once(path: Path) -> int:
    """Read a file in chunks and return its size."""
    size = 0
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(CHUNK_BYTES):
            size += len(chunk)
    return size


@pytest.mark.informational
@pytest.mark.parametrize("threads", [1, 2])
def test_compile(race: Race, tfrecord: Path, tmp_path: Path, threads: int) -> None:
    size = tfrecord.stat().st_size
    report, read = race.against(
        lambda: read_once(tfrecord),
        lambda: nb101fast.compile(
            tfrecord, tmp_path / "out.nb101", threads=threads, synthetic=True
        ),
        f"compile 1 MB of records with {threads} parsing, against reading it",
        items=size // 1_000_000,
        rounds=3,
        by_wall=True,
    )
    assert read == size
    assert (report.cells, report.runs) == (NUM_CELLS, REPEATS * NUM_CELLS)
    assert len(nb101fast.open(report.output, verify="full")) == NUM_CELLS
