"""An index as type checkers see it. Nothing runs this file."""

from __future__ import annotations

from typing import assert_type

import numpy as np
import numpy.typing as npt

import nb101fast
from nb101fast import Cell, Index


def opening() -> None:
    assert_type(nb101fast.open(), Index)
    assert_type(nb101fast.open("nasbench_full.nb101", verify="full"), Index)
    nb101fast.open(verify="all")  # type: ignore[arg-type]


def contents(index: Index) -> None:
    assert_type(index.path, str)
    assert_type(index.epochs, tuple[int, ...])
    assert_type(index.repeats, tuple[int, ...])
    assert_type(index.cells, npt.NDArray[np.int32])
    assert_type(index.denominator, int | None)
    assert_type(len(index), int)


def objective_of_one_cell(index: Index, cell: Cell, code: np.uint32, cell_id: np.int32) -> None:
    accuracy = index.objective("test_accuracy")
    assert_type(accuracy(cell), float)
    assert_type(accuracy(32), float)
    assert_type(accuracy(code), float)
    assert_type(accuracy.by_id(cell_id), float)
    assert_type(accuracy.by_id(16), float)


def objective_of_many_cells(
    index: Index, codes: npt.NDArray[np.uint32], ids: npt.NDArray[np.int32]
) -> None:
    accuracy = index.objective("test_accuracy", repeat="random", seed=1)
    assert_type(accuracy(codes, threads=2), npt.NDArray[np.float32])
    assert_type(accuracy.by_id(ids), npt.NDArray[np.float32])


def query_of_one_cell(index: Index, cell: Cell, cell_id: np.int32) -> None:
    assert_type(index.query(cell), dict[str, float])
    assert_type(index.query(32, epochs=36, repeat=1), dict[str, float])
    assert_type(index.query(ids=cell_id), dict[str, float])
    assert_type(index.query(ids=16, repeat="random", seed=1), dict[str, float])
    assert_type(index.query(hashes="28cfc7874f6d200472e1a9dcd8650aa0"), dict[str, float])
    assert_type(index.query(cell, repeat="all"), dict[str, npt.NDArray[np.float64]])


def query_of_many_cells(
    index: Index, codes: npt.NDArray[np.uint32], ids: npt.NDArray[np.int32]
) -> None:
    assert_type(index.query(codes), npt.NDArray[np.void])
    assert_type(index.query(ids=ids, stage="halfway"), npt.NDArray[np.void])
    assert_type(index.query(ids=[1, 2], repeat="all"), npt.NDArray[np.void])
    assert_type(index.query(hashes=nb101fast.cell_hashes()), npt.NDArray[np.void])


def whole_space(index: Index) -> None:
    assert_type(index.find(["28cfc7874f6d200472e1a9dcd8650aa0"]), npt.NDArray[np.int32])
    assert_type(index.best("test_accuracy", where={"depth": (None, 3)}), Cell)
    assert_type(index.top_k("test_accuracy", 5), npt.NDArray[np.int32])
    assert_type(index.where(test_accuracy=(0.9, None)), npt.NDArray[np.int32])
    assert_type(index.ranks("test_accuracy"), npt.NDArray[np.int32])
    assert_type(index.pareto(), npt.NDArray[np.int32])


def ids_are_no_codes(index: Index, ids: npt.NDArray[np.int32], cell_id: np.int32) -> None:
    accuracy = index.objective()
    accuracy(index.top_k("test_accuracy", 5))  # type: ignore[arg-type]
    accuracy(cell_id)  # type: ignore[call-overload]
    index.query(ids)  # type: ignore[arg-type]


def codes_are_no_ids(index: Index, codes: npt.NDArray[np.uint32]) -> None:
    index.objective().by_id(codes)  # type: ignore[arg-type]
    index.query(ids=codes)  # type: ignore[arg-type]


def words_are_known(index: Index) -> None:
    index.objective(stage="middle")  # type: ignore[arg-type]
    index.objective(repeat="median")  # type: ignore[arg-type]
