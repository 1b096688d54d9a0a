"""The cells of a sweep: all up to a size, or a list in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import nb101fast
from nb101fast import Cell, FormatError, OutOfDomainError
from nb101train.cells import cells_up_to, checked_cells, read_cells
from nb101train.request import Request
from nb101train.work import cell_work, units_of

# A cell of 7 vertices, whose official hash is published.
INCEPTION = "28cfc7874f6d200472e1a9dcd8650aa0"
UNITS = units_of((4, 12), 2)


def hash_of(code: int) -> str:
    return Cell.from_code(code).hash


@pytest.mark.parametrize(("vertices", "count"), [(2, 1), (3, 7), (4, 91), (5, 2532)])
def test_cells_up_to_a_size_are_in_the_order_of_their_hashes(vertices: int, count: int) -> None:
    codes = cells_up_to(vertices)
    assert len(codes) == count
    matrices, _ = nb101fast.decode(nb101fast.cell_codes())
    few = (
        matrices.any(axis=2).sum(axis=1) < vertices
    )  # every vertex except the output has an outgoing edge
    assert set(codes.tolist()) == set(nb101fast.cell_codes()[few].tolist())
    hashes = [hash_of(code) for code in codes.tolist()]
    assert hashes == sorted(hashes)
    assert not codes.flags.writeable


@pytest.mark.slow
def test_all_cells_are_in_the_order_of_their_hashes() -> None:
    codes = cells_up_to(7)
    assert len(codes) == nb101fast.NUM_CELLS
    assert (
        hash_of(int(codes[0])) == "00005c142e6f48ac74fdcf73e3439874"
    )  # the first hash of the official file
    for place in np.random.default_rng(3).integers(1, len(codes), 200).tolist():
        assert hash_of(int(codes[place - 1])) < hash_of(int(codes[place]))


@pytest.mark.parametrize("vertices", [1, 8])
def test_numbers_of_vertices_that_are_refused(vertices: int) -> None:
    with pytest.raises(ValueError, match=rf"max_vertices={vertices} is not allowed; use 2 to 7"):
        cells_up_to(vertices)


def cells_file(folder: Path, *lines: str) -> Path:
    path = folder / "cells.txt"
    path.write_text("\n".join(lines))
    return path


def test_each_form_of_a_line_names_a_cell(tmp_path: Path) -> None:
    inception = Cell.from_hash(INCEPTION)
    given = Cell.from_id(300)
    # A vertex that leads nowhere is pruned.
    loose = {"matrix": [[0, 1, 1], [0, 0, 0], [0, 0, 0]], "ops": ["input", "maxpool3x3", "output"]}
    path = cells_file(
        tmp_path, INCEPTION, "", "  id:7 ", str(given.code), json.dumps(loose), "id:423623"
    )
    cells = read_cells(path)
    codes = cells.codes
    assert str(cells) == "5 cells: 1 by hash, 2 by id, 1 by code, 1 by graph"
    wanted = [inception.code, Cell.from_id(7).code, given.code, Cell.from_id(0).code]
    assert sorted(codes.tolist()) == sorted([*wanted, Cell.from_id(423623).code])
    hashes = [hash_of(code) for code in codes.tolist()]
    assert hashes == sorted(hashes)


def test_the_vertex_order_given_is_kept(tmp_path: Path) -> None:
    matrix = [[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]]
    orders = [["conv3x3-bn-relu", "maxpool3x3"], ["maxpool3x3", "conv3x3-bn-relu"]]
    cells = [Cell(matrix, ["input", *order, "output"]) for order in orders]
    assert cells[0] == cells[1]
    assert cells[0].code != cells[1].code
    for cell, order in zip(cells, orders, strict=True):
        text = json.dumps({"matrix": matrix, "ops": ["input", *order, "output"]})
        for line in (text, str(cell.code)):
            (code,) = read_cells(cells_file(tmp_path, line)).codes.tolist()
            work = cell_work(code, UNITS)
            assert work.matrix == tuple(map(tuple, matrix))
            assert list(work.ops[1:-1]) == order
            assert (work.code, work.module_hash, work.units) == (code, cell.hash, UNITS)
    (code,) = read_cells(cells_file(tmp_path, f"id:{cells[0].id}")).codes.tolist()
    assert code == nb101fast.cell_codes()[cells[0].id]


@pytest.mark.parametrize(
    ("line", "error", "pattern"),
    [
        (
            "hello",
            FormatError,
            "'hello' names no cell; use a module hash of 32 hex digits, id:NUMBER",
        ),
        ("id:423624", FormatError, "cell id 423624 does not exist; use 0 to 423623"),
        ("id:-1", FormatError, "'id:-1' names no cell; use a module hash"),
        ("-5", FormatError, "'-5' names no cell; use a module hash"),
        ("0" * 32, OutOfDomainError, "no cell has the module hash '0{32}'"),
        ("g" * 32, FormatError, "module hash 'g{32}' is not allowed; use 32 hex digits"),
        ("4294967296", FormatError, "code 4294967296 does not fit 32 bits"),
        ("4294967295", OutOfDomainError, "code 4294967295 has bit 31 set"),
        ("code:0", OutOfDomainError, "code:0 is outside the search space; use cells"),
        ("2097151", OutOfDomainError, "2097151 is outside the search space"),
        ("{", FormatError, "not JSON"),
        (
            '{"matrix": [[0, 1], [0, 0]]}',
            FormatError,
            "the key 'ops' is missing; add it",
        ),
        ('{"matrix": [[1]], "ops": []}', FormatError, "the matrix has 1 vertex; use 2 to 32"),
        ('{"matrix": [[0, 1], [0]], "ops": []}', FormatError, "line 2"),
        (
            '{"matrix": [[0, 1, 0], [0, 0, 1], [0, 0, 0]], "ops": ["input", "sum", "output"]}',
            FormatError,
            "unknown operation 'sum'",
        ),
        ("3", FormatError, "did you mean id:3[?] The code is code:3"),
        ("id:3", FormatError, "id:3 is the cell of line 1 again; list each cell once"),
    ],
)
def test_the_error_names_the_faulty_line(
    tmp_path: Path, line: str, error: type[Exception], pattern: str
) -> None:
    path = cells_file(tmp_path, "id:3", line)
    with pytest.raises(error, match=pattern) as caught:
        read_cells(path)
    assert str(caught.value).startswith(f"{path}: line 2: ")


def test_a_file_in_utf_8_may_begin_with_its_mark(tmp_path: Path) -> None:
    path = tmp_path / "cells.txt"
    path.write_bytes(b"\xef\xbb\xbfid:3\n")
    assert read_cells(path).codes.tolist() == [nb101fast.Cell.from_id(3).code]
    path.write_bytes(b"id:3\nid:\xe94\n")
    with pytest.raises(FormatError, match=f"^{path}: line 2: this is not UTF-8"):
        read_cells(path)


def test_a_file_without_cells_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no cells in the file; write one in each line"):
        read_cells(cells_file(tmp_path, "", " "))


def test_codes_of_the_search_space_are_accepted() -> None:
    codes = cells_up_to(4)
    assert checked_cells(codes).tolist() == codes.tolist()
    assert checked_cells(codes[:3].tolist()).dtype == np.uint32
    assert Request(codes=codes).codes is codes


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint64])
def test_ids_and_other_types_are_refused_as_codes(dtype: type) -> None:
    numbers: npt.NDArray[Any] = np.array([32, 1025], dtype)
    for take in (checked_cells, lambda codes: Request(codes=codes)):
        with pytest.raises(TypeError, match="but a code is uint32"):
            take(numbers)


def test_codes_outside_the_search_space_are_refused() -> None:
    codes = np.array([32, 0], np.uint32)
    with pytest.raises(OutOfDomainError, match=r"codes\[1\]=0 is outside the search space; use"):
        Request(codes=codes)


def test_a_cell_in_two_vertex_orders_is_refused() -> None:
    matrix = [[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]]
    codes = [32, *(nb101fast.encode(matrix, order) for order in ((0, 2), (2, 0)))]
    with pytest.raises(ValueError, match=r"codes\[2\]=\d+ is the cell of codes\[1\] again; give"):
        Request(codes=np.array(codes, np.uint32))
