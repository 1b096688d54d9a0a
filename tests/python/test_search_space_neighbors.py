"""Neighbours: one code's and the whole table, against changing and pruning one by one."""

from __future__ import annotations

import numpy as np
import pytest

import nb101fast
from nb101fast import OutOfDomainError, search_space
from nb101fast.search_space import NeighborTable
from reference.randomness import single_changes


def expected_neighbors(code: int) -> list[int]:
    ids = nb101fast.cell_ids(np.array([code, *single_changes(code)], np.uint32)).tolist()
    return sorted({*ids} - {-1, ids[0]})


@pytest.fixture(scope="module")
def table() -> NeighborTable:
    return search_space.neighbor_table()


def test_neighbors_of_cells_and_raw_codes() -> None:
    for how in ("cells", "raw", "all", "vertices:3"):
        for code in search_space.sample(300, how=how, seed=1).tolist():
            ids = search_space.neighbors(code)
            assert ids.tolist() == expected_neighbors(code)
            assert ids.dtype == np.int32


def test_of_nearly_nothing() -> None:
    assert search_space.neighbors(0).tolist() == [0]  # an edge from input to output
    assert search_space.neighbors(1 << 5).tolist() == []
    assert search_space.neighbors(1 << 0).tolist() == [0, 1]


def test_table(table: NeighborTable) -> None:
    indptr, indices = table
    assert (str(indptr.dtype), str(indices.dtype)) == ("int64", "int32")
    assert indptr.shape == (nb101fast.NUM_CELLS + 1,)
    assert indptr[0] == 0
    assert indptr[-1] == len(indices) == 7_653_143
    rows = np.repeat(np.arange(nb101fast.NUM_CELLS), np.diff(indptr))
    assert indices.min() >= 0
    assert indices.max() < nb101fast.NUM_CELLS
    assert (indices != rows).all()
    ascending = np.diff(rows.astype(np.int64) * nb101fast.NUM_CELLS + indices) > 0
    assert ascending.all()


def test_entries_without_their_transpose(table: NeighborTable) -> None:
    indptr, indices = table
    rows = np.repeat(np.arange(nb101fast.NUM_CELLS), np.diff(indptr))
    forwards = rows * nb101fast.NUM_CELLS + indices
    backwards = np.sort(indices.astype(np.int64) * nb101fast.NUM_CELLS + rows)
    places = np.searchsorted(backwards, forwards).clip(max=len(backwards) - 1)
    assert np.count_nonzero(backwards[places] != forwards) == 1_501_413


def test_all_over_the_table(table: NeighborTable) -> None:
    indptr, indices = table
    for cell, code in enumerate(nb101fast.cell_codes()[::101].tolist()):
        row = indices[indptr[101 * cell] : indptr[101 * cell + 1]]
        assert row.tolist() == expected_neighbors(code)


@pytest.mark.parametrize("threads", [2, 3, 1000])
def test_threads(table: NeighborTable, threads: int) -> None:
    other = search_space.neighbor_table(threads=threads)
    assert np.array_equal(table.indptr, other.indptr)
    assert np.array_equal(table.indices, other.indices)


def test_the_arrays_are_the_callers() -> None:
    indptr, indices = search_space.neighbor_table()
    indptr[0], indices[0] = -1, -1
    assert search_space.neighbor_table().indptr[0] == 0


def test_bad_arguments() -> None:
    with pytest.raises(OutOfDomainError, match=f"code {1 << 31} .*bit 31"):
        search_space.neighbors(1 << 31)
    with pytest.raises(OutOfDomainError, match="label 3"):
        search_space.neighbors(3 << 21)
    with pytest.raises(ValueError, match="-1 does not fit"):
        search_space.neighbors(-1)
    with pytest.raises(ValueError, match="threads=0 is not allowed; use 1 to 4096"):
        search_space.neighbor_table(threads=0)
