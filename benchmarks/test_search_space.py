"""Sample, mutate and encode 2^20 codes, and find the neighbours of all cells."""

from __future__ import annotations

import numpy as np
import pytest

import nb101fast
from nb101fast import search_space
from nb101fast.codes import Codes
from nb101fast.search_space import Encoding, Mutation

from .conftest import NUM_CODES
from .race import Race
from .report import Target
from .test_api import OFFICIAL_NS

A_CODE = Target(must=20, aim=5)  # The times are nanoseconds for a code.
ROUNDS = 40
NUM_WIDE_ROWS = 1 << 14  # 2^20 rows of 364 bytes would measure only the memory.
NUM_PAIRS = 1 << 14

SAMPLINGS = ["cells", "raw", "raw-9", "all", "vertices:7"]
MUTATIONS: list[Mutation] = ["parameter", "notebook", "naszilla", "naslib", "pruned"]
ENCODINGS: list[Encoding] = ["A", "B", "C", "one-hot"]


@pytest.mark.informational
@pytest.mark.parametrize("how", SAMPLINGS)
def test_sample(race: Race, how: str) -> None:
    count = NUM_CODES if race.is_timed else 1 << 17
    codes = race.alone(
        lambda: search_space.sample(count, how=how, seed=1),
        f"sample {how}",
        items=count,
        target=A_CODE,
        rounds=ROUNDS,
    )
    assert len(np.unique(codes)) > 0.3 * count
    assert how == "all" or nb101fast.is_valid(codes).all()


@pytest.mark.informational
def test_sample_against_numpy(race: Race) -> None:
    representatives = nb101fast.cell_codes()
    codes, plain_codes = race.against(
        lambda: representatives[np.random.default_rng(1).integers(0, 423_624, NUM_CODES)],
        lambda: search_space.sample(NUM_CODES, seed=1),
        "sample cells, against NumPy",
        items=NUM_CODES,
        rounds=ROUNDS,
    )
    assert np.isin(codes[:1000], representatives).all()
    assert len(codes) == len(plain_codes)


@pytest.mark.informational
@pytest.mark.parametrize("how", MUTATIONS)
@pytest.mark.parametrize("kind", ["raw", "cells"])
def test_mutate(race: Race, how: Mutation, kind: str) -> None:
    codes = search_space.sample(NUM_CODES, how=kind, seed=2)
    children = race.alone(
        lambda: search_space.mutate(codes, how=how, seed=1),
        f"mutate {how}, {kind}",
        items=len(codes),
        target=A_CODE,
        rounds=ROUNDS,
    )
    distances = search_space.edit_distance(codes, children)
    assert distances.mean() == pytest.approx(
        {"parameter": 1, "notebook": 3.8, "naszilla": 2, "naslib": 4.5, "pruned": 1}[how], rel=0.2
    )
    assert how == "parameter" or nb101fast.is_valid(children).all()


@pytest.mark.informational
@pytest.mark.parametrize("name", ENCODINGS)
def test_encode(race: Race, name: Encoding, cell_codes: Codes) -> None:
    out = search_space.encode_as(cell_codes, name)
    rows = race.alone(
        lambda: search_space.encode_as(cell_codes, name, out=out),
        f"encode as {name}",
        items=len(cell_codes),
        target=A_CODE,
        rounds=ROUNDS,
    )
    assert np.array_equal(search_space.decode_from(rows, name), cell_codes)


@pytest.mark.informational
def test_encode_paths(race: Race, cell_codes: Codes) -> None:
    """The floor is to fill the rows, of 364 bytes each, with zeros."""
    codes = cell_codes[:NUM_WIDE_ROWS]
    out = search_space.encode_as(codes, "path")
    zeros = np.empty_like(out)
    rows, _ = race.against(
        lambda: zeros.fill(0),
        lambda: search_space.encode_as(codes, "path", out=out),
        "encode as path, 16 Ki codes",
        items=len(codes),
        target=Target(must=4, aim=2),
        rounds=ROUNDS,
    )
    assert (rows.sum(axis=1) > 0).all()


@pytest.mark.informational
def test_encode_against_numpy(race: Race, cell_codes: Codes) -> None:
    edges = np.arange(21, dtype=np.uint32)
    labels = np.arange(21, 31, 2, dtype=np.uint32)

    def plain() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        column = cell_codes[:, np.newaxis]
        parts = (column >> edges & np.uint32(1), column >> labels & np.uint32(3))
        return np.hstack(parts).astype(np.uint8)

    rows, plain_rows = race.against(
        plain,
        lambda: search_space.encode_as(cell_codes, "A"),
        "encode as A, against NumPy",
        items=len(cell_codes),
        rounds=5,
    )
    assert np.array_equal(rows, plain_rows)


@pytest.mark.informational
def test_shapes(race: Race, raw_codes: Codes) -> None:
    depths = race.alone(
        lambda: search_space.depth(raw_codes),
        "depth",
        items=len(raw_codes),
        target=A_CODE,
        rounds=ROUNDS,
    )
    assert 1 <= depths.min() <= depths.max() <= 6


@pytest.mark.informational
def test_distances_of_cells(race: Race, cell_codes: Codes) -> None:
    codes, others = cell_codes[:NUM_PAIRS], cell_codes[NUM_PAIRS : 2 * NUM_PAIRS]
    distances = race.alone(
        lambda: search_space.edit_distance(codes, others, how="cell"),
        "edit distance of two cells",
        items=NUM_PAIRS,
        rounds=ROUNDS,
    )
    assert (distances <= search_space.edit_distance(codes, others)).all()


@pytest.mark.informational
def test_neighbor_table(race: Race) -> None:
    """Find all neighbours. The floor is an official query for each of 31 changes of each cell."""
    changed = 31 * nb101fast.NUM_CELLS
    official_seconds = changed * OFFICIAL_NS / 1e9
    table = race.alone(
        search_space.neighbor_table,
        "all neighbours of all cells, a changed code",
        items=changed,
        stated_floor=OFFICIAL_NS,
        target=Target(must=1 / official_seconds, aim=0.1 / official_seconds),
        rounds=10,
    )
    assert len(table.indices) == 7_653_143
