"""The search space as type checkers see it. Nothing runs this file."""

from __future__ import annotations

from typing import assert_type

import numpy as np
import numpy.typing as npt

from nb101fast import Cell, search_space


def one_cell(cell: Cell) -> None:
    assert_type(search_space.mutate(cell, seed=1), int)
    assert_type(search_space.neighbors(cell), npt.NDArray[np.int32])
    assert_type(search_space.depth(cell), int)
    assert_type(search_space.width(32), int)
    assert_type(search_space.num_vertices(cell), int)
    assert_type(search_space.num_edges(cell), int)
    assert_type(search_space.parameters(cell), int)
    assert_type(search_space.macs(cell), int)
    assert_type(search_space.flops(cell), int)
    assert_type(search_space.edit_distance(cell, 32), int)


def many_cells(codes: npt.NDArray[np.uint32]) -> None:
    assert_type(search_space.sample(10, seed=0), npt.NDArray[np.uint32])
    assert_type(search_space.mutate(codes, seed=1), npt.NDArray[np.uint32])
    assert_type(search_space.depth(codes), npt.NDArray[np.int32])
    assert_type(search_space.width(codes), npt.NDArray[np.int32])
    assert_type(search_space.num_vertices(codes), npt.NDArray[np.int32])
    assert_type(search_space.num_edges(codes), npt.NDArray[np.int32])
    assert_type(search_space.parameters(codes), npt.NDArray[np.int32])
    assert_type(search_space.macs(codes), npt.NDArray[np.int64])
    assert_type(search_space.flops(codes), npt.NDArray[np.int64])
    assert_type(search_space.edit_distance(codes, 32), npt.NDArray[np.int32])


def neighbor_table() -> None:
    table = search_space.neighbor_table()
    assert_type(table.indptr, npt.NDArray[np.int64])
    assert_type(table.indices, npt.NDArray[np.int32])


def ids_are_no_codes(ids: npt.NDArray[np.int32], codes: npt.NDArray[np.uint32]) -> None:
    search_space.mutate(ids)  # type: ignore[arg-type]
    search_space.depth(ids)  # type: ignore[arg-type]
    search_space.edit_distance(codes, ids)  # type: ignore[arg-type]
    search_space.encode_as(ids, "A")  # type: ignore[arg-type]


def names_are_known(codes: npt.NDArray[np.uint32]) -> None:
    search_space.mutate(codes, how="edge")  # type: ignore[call-overload]
    search_space.encode_as(codes, "D")  # type: ignore[arg-type]
