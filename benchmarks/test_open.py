"""Open an index of all cells, and measure the time and the memory of a fresh process."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import nb101fast

from .fresh import run_fresh
from .race import Race
from .report import Target

MS = 1e6
MOST_RESIDENT = 5_000_000
SMAPS = Path("/proc/self/smaps_rollup")

OPENING = """
    import json, re, sys
    import nb101fast

    def resident():
        with open("/proc/self/smaps_rollup") as file:
            return int(re.search(r"Rss: *([0-9]+) kB", file.read())[1]) * 1024

    resident()
    before = resident()
    index = nb101fast.open(sys.argv[1])
    print(json.dumps([resident() - before, len(index)]))
"""


def in_fresh_process(path: Path) -> tuple[float, tuple[int, int]]:
    """Return the bytes that opening adds to a new process, and a pair of them and the cells."""
    resident, cells = run_fresh(OPENING, str(path))
    return resident, (resident, cells)


@pytest.mark.informational
def test_open(race: Race, full_path: Path) -> None:
    index = race.alone(
        lambda: nb101fast.open(full_path),
        "open, header check",
        target=Target(must=0.5 * MS, aim=0.1 * MS),
        rounds=500,
    )
    assert len(index) == nb101fast.NUM_CELLS


@pytest.mark.gate
def test_resident(race: Race, full_path: Path) -> None:
    """Assert the limit too, because memory does not depend on the machine's load."""
    if not SMAPS.exists():
        pytest.skip(f"resident memory can't be measured: no {SMAPS} here")
    resident, cells = race.reported(
        lambda: in_fresh_process(full_path),
        "open, resident memory",
        unit="bytes",
        target=Target(must=MOST_RESIDENT, aim=MOST_RESIDENT),
    )
    assert cells == nb101fast.NUM_CELLS
    assert resident < MOST_RESIDENT


@pytest.mark.informational
@pytest.mark.parametrize("level", ["sections", "full"])
def test_verify(race: Race, full_path: Path, level: nb101fast.reader.Verify) -> None:
    index = race.alone(
        lambda: nb101fast.open(full_path, verify=level), f"open, verify={level!r}", rounds=3
    )
    assert len(index) == nb101fast.NUM_CELLS


@pytest.mark.informational
def test_first_answer(race: Race, full_path: Path, tmp_path: Path) -> None:
    """Open an index and make an objective, which reads its values from the file."""
    copy = shutil.copy(full_path, tmp_path / "copy.nb101")
    objective = race.alone(
        lambda: nb101fast.open(copy).objective(), "open and bind an objective", rounds=10
    )
    code = int(nb101fast.cell_codes()[7])
    assert objective(code) == nb101fast.open(full_path).objective()(code)
