"""Two threads on two cores against one thread. A ratio of 0.5 means twice as fast."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import nb101fast
from nb101fast.codes import Codes

from .floors.compiled import PlainLoops
from .race import Race
from .report import Target

NUM_CODES = 4 << 20
HALVES = (slice(0, NUM_CODES // 2), slice(NUM_CODES // 2, NUM_CODES))
TARGET = Target(must=1 / 1.7, aim=1 / 1.95)


@pytest.fixture
def many_codes(raw_codes: Codes) -> Codes:
    """Draw 4 Mi codes."""
    return np.tile(raw_codes, NUM_CODES // len(raw_codes))


def num_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


needs_two_cores = pytest.mark.skipif(num_cores() < 2, reason="this process may use only one core")


@needs_two_cores
@pytest.mark.informational
def test_threads_of_one_call(race: Race, many_codes: Codes) -> None:
    out, one_out = np.zeros((2, NUM_CODES), np.int32)
    ids, one_ids = race.against(
        lambda: nb101fast.cell_ids(many_codes, out=one_out),
        lambda: nb101fast.cell_ids(many_codes, out=out, threads=2),
        "codes to ids, two threads against one",
        items=NUM_CODES,
        target=TARGET,
        by_wall=True,
    )
    assert np.array_equal(ids, one_ids)


@needs_two_cores
@pytest.mark.informational
def test_python_threads(race: Race, full_index: nb101fast.Index, many_codes: Codes) -> None:
    """Give half of the codes to each of two Python threads. Batch calls release the GIL."""
    objective = full_index.objective()
    out, one_out = np.zeros((2, NUM_CODES), np.float32)

    def query(part: slice) -> None:
        objective(many_codes[part], out=out[part])

    with ThreadPoolExecutor(2) as pool:
        _, one_values = race.against(
            lambda: objective(many_codes, out=one_out),
            lambda: list(pool.map(query, HALVES)),
            "codes to one metric, two Python threads against one",
            items=NUM_CODES,
            target=TARGET,
            by_wall=True,
        )
    assert np.array_equal(out, one_values)


@needs_two_cores
@pytest.mark.informational
def test_plain_threads(race: Race, plain_loops: PlainLoops, many_codes: Codes) -> None:
    """Run the plain loop in two threads, to see what a second thread gains on this machine now."""
    out, one_out = np.zeros((2, NUM_CODES), np.int32)

    def look_up(part: slice) -> None:
        plain_loops.cell_ids(many_codes[part], out[part])

    with ThreadPoolExecutor(2) as pool:
        _, one_ids = race.against(
            lambda: plain_loops.cell_ids(many_codes, one_out),
            lambda: list(pool.map(look_up, HALVES)),
            "the plain loop, two threads against one",
            items=NUM_CODES,
            by_wall=True,
        )
    assert np.array_equal(out, one_ids)
