"""Compute what a process computes once: the look-up tables and the hashes of all cells."""

from __future__ import annotations

import pytest

from .fresh import run_fresh
from .race import Race

SECOND = 1e9
FIRST_CELL_ID = 0
TABLES_FLOOR_NS = 0.15 * SECOND  # the plain way, as published with the project

TABLES = """
    import json, time
    import nb101fast

    began = time.perf_counter()
    first = nb101fast.cell_ids(1 << 5)  # the edge from input to output
    print(json.dumps([time.perf_counter() - began, first, len(nb101fast.cell_codes())]))
"""

HASHES = """
    import hashlib, json, time
    import numpy as np
    import nb101fast

    nb101fast.cell_codes()
    began = time.perf_counter()
    hashes = nb101fast.cell_hashes()
    seconds = time.perf_counter() - began
    lines = np.sort(hashes.view("S16"), axis=0).tobytes().hex("\\n", 16) + "\\n"
    print(json.dumps([seconds, hashlib.sha256(lines.encode()).hexdigest()]))
"""
SORTED_HASHES_SHA256 = "53e1438d11675d9eb3899166c29ca07fe0c4b81af9d99d5aec3ecd31bd5bca7f"


def seconds_and_answer(program: str) -> tuple[float, list[object]]:
    """Run a program in a fresh process; return the nanoseconds that it reports, and its answer."""
    seconds, *answer = run_fresh(program)
    return seconds * SECOND, answer


@pytest.mark.informational
def test_tables(race: Race) -> None:
    answer = race.reported(
        lambda: seconds_and_answer(TABLES),
        "all tables from nothing",
        stated_floor=TABLES_FLOOR_NS,
        rounds=5,
    )
    assert answer == [FIRST_CELL_ID, 423_624]


@pytest.mark.informational
def test_hashes(race: Race) -> None:
    answer = race.reported(lambda: seconds_and_answer(HASHES), "hashes of all cells from nothing")
    assert answer == [SORTED_HASHES_SHA256]
