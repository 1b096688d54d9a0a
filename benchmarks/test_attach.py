"""Attach a column of all cells. The floor copies the index and syncs the copy to disk, too."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import nb101fast
from nb101fast import Index

from .race import Race


def copy(source: str, target: Path) -> int:
    """Copy a file and sync it; return its size."""
    with open(source, "rb") as old, target.open("wb") as new:
        shutil.copyfileobj(old, new, 1 << 20)
        new.flush()
        os.fsync(new.fileno())
    return target.stat().st_size


@pytest.mark.informational
def test_attach(race: Race, four_budgets: Index, tmp_path: Path, rng: np.random.Generator) -> None:
    latencies, out = rng.random(nb101fast.NUM_CELLS), tmp_path / "out.nb101"
    report, size = race.against(
        lambda: copy(four_budgets.path, tmp_path / "copy.nb101"),
        lambda: nb101fast.attach(four_budgets.path, {"latency_ms": latencies}, out),
        "attach a column of all cells, against copying the index",
        items=1,
        rounds=5,
        by_wall=True,
    )
    assert report.num_bytes > size
    attached = nb101fast.open(report.output, verify="sections")
    np.testing.assert_array_equal(attached.column("latency_ms"), latencies[attached.cells])
