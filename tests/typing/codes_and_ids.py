"""Codes, ids and hashes as type checkers see them. Nothing runs this file."""

from __future__ import annotations

from typing import assert_type

import numpy as np
import numpy.typing as npt

import nb101fast
from nb101fast import Cell


def packing(matrices: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64]) -> None:
    assert_type(nb101fast.encode([[0, 1], [0, 0]], ["input", "output"]), int)
    matrix_arrays = nb101fast.decode(np.zeros(3, np.uint32))
    assert_type(matrix_arrays, tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]])


def one_cell(cell: Cell, code: np.uint32, cell_id: np.int32) -> None:
    assert_type(nb101fast.cell_ids(cell), int)
    assert_type(nb101fast.cell_ids(code), int)
    assert_type(nb101fast.cell_ids(32), int)
    assert_type(nb101fast.is_valid(cell), bool)
    assert_type(Cell.from_id(cell_id), Cell)
    assert_type(Cell.from_code(code), Cell)
    assert_type(Cell.from_hash("28cfc7874f6d200472e1a9dcd8650aa0"), Cell)
    assert_type(cell.code, int)
    assert_type(cell.id, int)
    assert_type(cell.hash, str)
    assert_type(cell.matrix, npt.NDArray[np.uint8])
    assert_type(cell.ops, tuple[str, ...])
    assert_type(cell.labels, tuple[int, ...])
    assert_type(cell.is_valid, bool)
    assert_type(cell.trainable_parameters, int)
    assert_type((cell.macs, cell.flops, cell.depth, cell.width), tuple[int, int, int, int])
    assert_type(Cell.from_json(cell.to_json()), Cell)


def many_cells(cells: list[Cell], codes: npt.NDArray[np.uint32]) -> None:
    assert_type(nb101fast.cell_ids(codes), npt.NDArray[np.int32])
    assert_type(nb101fast.cell_ids(cells), npt.NDArray[np.int32])
    assert_type(nb101fast.cell_ids([32, 64]), npt.NDArray[np.int32])
    assert_type(nb101fast.is_valid(codes), npt.NDArray[np.bool_])


def tables() -> None:
    assert_type(nb101fast.cell_codes(), npt.NDArray[np.uint32])
    assert_type(nb101fast.cell_hashes(), npt.NDArray[np.uint8])
    assert_type(nb101fast.cell_parameters(), npt.NDArray[np.uint32])
    assert_type(nb101fast.ids_of_hashes(nb101fast.cell_hashes()), npt.NDArray[np.int32])
    assert_type(
        nb101fast.ids_of_hashes(["28cfc7874f6d200472e1a9dcd8650aa0"]), npt.NDArray[np.int32]
    )


def ids_are_no_codes(ids: npt.NDArray[np.int32], cell_id: np.int32) -> None:
    nb101fast.cell_ids(ids)  # type: ignore[arg-type]
    nb101fast.cell_ids(cell_id)  # type: ignore[call-overload]
    nb101fast.decode(ids)  # type: ignore[arg-type]
    Cell.from_code(cell_id)  # type: ignore[arg-type]


def codes_are_no_ids(code: np.uint32) -> None:
    Cell.from_id(code)  # type: ignore[arg-type]
